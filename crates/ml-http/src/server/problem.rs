//! The one place where errors become HTTP: RFC 9457 problem details with a closed code.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dk_app::ports::AskError;
use dk_domain::ErrorCode;
use serde::{Deserialize, Serialize};

/// The media type of a problem.
pub(crate) const PROBLEM_TYPE: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Codes beside those of [`ErrorCode`].
pub(crate) mod code {
    pub(crate) const INVALID_REQUEST: &str = "invalid_request";
    pub(crate) const UNAUTHORIZED: &str = "unauthorized";
    pub(crate) const NOT_FOUND: &str = "not_found";
    pub(crate) const METHOD_NOT_ALLOWED: &str = "method_not_allowed";
    pub(crate) const BLOB_MISSING: &str = "blob_missing";
    pub(crate) const HASH_MISMATCH: &str = "hash_mismatch";
    pub(crate) const UPLOAD_STALLED: &str = "upload_stalled";
    pub(crate) const NOT_READY: &str = "not_ready";
    pub(crate) const OVERLOADED: &str = "overloaded";
    pub(crate) const NO_ROOM: &str = "no_room";
    pub(crate) const INTERNAL: &str = "internal";
}

/// What went wrong, as it is sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct ProblemMessage {
    /// Names the kind of problem.
    pub(crate) r#type: String,
    /// The same for every problem of the kind.
    pub(crate) title: String,
    /// The HTTP status.
    pub(crate) status: u16,
    /// What went wrong this time.
    pub(crate) detail: String,
    /// Closed code.
    pub(crate) code: String,
    /// Names the request in the log.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) request_id: Option<String>,
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Problem {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) detail: String,
    pub(crate) retry_after_secs: Option<u64>,
}

impl Problem {
    pub(crate) fn new(status: StatusCode, code: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, detail: detail.into(), retry_after_secs: None }
    }

    pub(crate) fn invalid(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code::INVALID_REQUEST, detail)
    }

    pub(crate) fn not_found() -> Self {
        Self::new(StatusCode::NOT_FOUND, code::NOT_FOUND, "there is nothing at this address")
    }

    pub(crate) fn blob_missing() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            code::BLOB_MISSING,
            "no file with this SHA-256 is held here; send it",
        )
    }

    pub(crate) fn too_large(limit_bytes: u64) -> Self {
        let detail = format!("the file has more bytes than the limit of {limit_bytes}");
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, ErrorCode::FileTooLarge.as_str(), detail)
    }

    pub(crate) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            code::INTERNAL,
            "something went wrong here; the log says what",
        )
    }

    pub(crate) fn unavailable(code: &'static str, detail: &str, retry_after_secs: u64) -> Self {
        let problem = Self::new(StatusCode::SERVICE_UNAVAILABLE, code, detail);
        Self { retry_after_secs: Some(retry_after_secs), ..problem }
    }

    /// The message, with the id of the request where it is known.
    pub(crate) fn message(&self, request_id: Option<&str>) -> ProblemMessage {
        ProblemMessage {
            r#type: format!("urn:drishtiksha:problem:{}", self.code),
            title: self.status.canonical_reason().unwrap_or("Error").to_owned(),
            status: self.status.as_u16(),
            detail: self.detail.clone(),
            code: self.code.to_owned(),
            request_id: request_id.map(ToOwned::to_owned),
        }
    }

    /// The response, with the id of the request where it is known.
    pub(crate) fn response(&self, request_id: Option<&str>) -> Response {
        let body = serde_json::to_vec(&self.message(request_id)).unwrap_or_default();
        let mut response = (self.status, [(header::CONTENT_TYPE, PROBLEM_TYPE)], body).into_response();
        if let Some(secs) = self.retry_after_secs {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(secs));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            let scheme = HeaderValue::from_static("ApiKey");
            response.headers_mut().insert(HeaderName::from_static("www-authenticate"), scheme);
        }
        response
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = self.response(None);
        // The layer that knows the id of the request writes the body again with it.
        response.extensions_mut().insert(self);
        response
    }
}

impl From<&AskError> for Problem {
    fn from(error: &AskError) -> Self {
        let problem = Self::new(status_of(error.code), error.code.as_str(), error.message.clone());
        let passes = problem.status == StatusCode::SERVICE_UNAVAILABLE;
        Self { retry_after_secs: passes.then_some(5), ..problem }
    }
}

/// What a kind of error is in HTTP.
fn status_of(code: ErrorCode) -> StatusCode {
    match code {
        ErrorCode::UnsupportedMedia | ErrorCode::RefusedFormat => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        ErrorCode::FileTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        ErrorCode::EmptyFile
        | ErrorCode::UnreadableMedia
        | ErrorCode::TooManyPixels
        | ErrorCode::TooLong
        | ErrorCode::NoDuration
        | ErrorCode::TooManyStreams
        | ErrorCode::NoStreams => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorCode::ModelUnavailable | ErrorCode::FileMissing => StatusCode::NOT_FOUND,
        ErrorCode::Stopped | ErrorCode::ServerUnavailable => StatusCode::SERVICE_UNAVAILABLE,
        ErrorCode::ToolMissing
        | ErrorCode::TimedOut
        | ErrorCode::LimitReached
        | ErrorCode::Io
        | ErrorCode::ModelFailed
        | ErrorCode::WorkerLost => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
