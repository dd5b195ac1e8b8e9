//! What an error looks like: RFC 9457.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why a request is not answered as wished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// Where this kind of problem is described.
    pub r#type: String,
    /// The same short sentence whenever this happens.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// What is particular this time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Closed code for programs.
    #[schema(schema_with = crate::openapi::problem_codes)]
    pub code: String,
    /// Names this request in the logs.
    pub request_id: String,
    /// Wrong fields.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldProblem>,
}

/// A field that is missing, unknown or wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldProblem {
    /// Which; empty for the body as a whole.
    pub field: String,
    /// `missing`, `unknown` or `invalid`.
    pub code: String,
    /// One line for people.
    pub message: String,
}

impl FieldProblem {
    pub(crate) fn new(field: &str, code: &str, message: impl Into<String>) -> Self {
        Self { field: field.to_owned(), code: code.to_owned(), message: message.into() }
    }
}
