//! What anyone may know of an installation, and its first set-up.

use std::fmt;

use garde::Validate;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::account::{check_address, check_name, check_password};
use super::words;
use crate::config::Accepted;

/// An installation, as anyone sees it.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = About)]
pub struct AboutBody {
    /// Of the program.
    pub version: String,
    /// Whether anyone may make an account.
    pub sign_up_open: bool,
    /// Whether there is no account yet.
    pub set_up_needed: bool,
    /// How large things may be.
    pub limits: LimitsBody,
    /// What kinds of file are taken.
    pub accepted: Vec<AcceptedBody>,
}

/// How large things may be.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Limits)]
pub struct LimitsBody {
    /// Most bytes of a file.
    pub upload_bytes: u64,
    /// Longest video or sound, in seconds.
    pub duration_secs: u64,
    /// Most pixels of a picture or of one frame.
    pub pixels: u64,
    /// Most bytes of one part of a resumable upload.
    pub part_bytes: u64,
}

/// A kind of media that is taken. The content decides; the names help to choose files.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Accepted)]
pub struct AcceptedBody {
    /// The kind.
    #[schema(schema_with = words::media_type)]
    pub media_type: String,
    /// Types of files of this kind.
    pub mimetypes: Vec<String>,
}

impl From<&Accepted> for AcceptedBody {
    fn from(accepted: &Accepted) -> Self {
        Self { media_type: accepted.kind.to_string(), mimetypes: accepted.mimetypes.clone() }
    }
}

/// The first administrator.
#[derive(Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SetUpBody {
    /// The secret that the server printed at its start.
    #[garde(length(chars, min = 1, max = 200))]
    #[schema(format = Password, min_length = 1, max_length = 200)]
    pub secret: String,
    /// E-mail address; upper and lower case are the same.
    #[garde(custom(check_address))]
    #[schema(format = Email, max_length = 254)]
    pub email: String,
    /// 12 to 128 characters.
    #[garde(custom(check_password))]
    #[schema(format = Password, min_length = 12, max_length = 128)]
    pub password: String,
    /// First name.
    #[garde(custom(check_name))]
    #[schema(min_length = 1, max_length = 100)]
    pub first_name: String,
    /// Last name.
    #[garde(custom(check_name))]
    #[schema(min_length = 1, max_length = 100)]
    pub last_name: String,
}

impl fmt::Debug for SetUpBody {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SetUpBody(…)")
    }
}
