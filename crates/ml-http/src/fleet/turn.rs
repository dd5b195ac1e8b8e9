//! What one server's answer means: the end, or that another server is to be asked.

use dk_app::ports::AskError;
use dk_domain::ErrorCode;
use reqwest::{Response, StatusCode};

use crate::server::problem::{ProblemMessage, code};

/// Longest problem that is read.
const MAX_BYTES: usize = 64 << 10;

/// Why a server gave no answer.
#[derive(Debug)]
pub(super) enum Turn {
    /// No other server would say anything else.
    Final(AskError),
    /// It is not there, or broke off.
    Lost(String),
    /// It is there and cannot do it now; another one may.
    Busy(String),
    /// It no longer holds the file.
    BlobMissing,
}

/// An error for the owner of the file.
pub(super) fn says(code: ErrorCode, message: &str) -> AskError {
    AskError { code, message: message.to_owned() }
}

impl Turn {
    /// A connection that could not be made or broke.
    pub(super) fn broken(error: &reqwest::Error) -> Self {
        if error.is_builder() {
            return Self::Final(says(ErrorCode::ServerUnavailable, "the ML server cannot be asked"));
        }
        // Without the address, which belongs into the field that names the server.
        let mut words = String::from(if error.is_timeout() { "timed out" } else { "broke off" });
        let mut cause = std::error::Error::source(error);
        while let Some(error) = cause {
            words = format!("{words}: {error}");
            cause = error.source();
        }
        Self::Lost(words)
    }

    /// An answer that is no success.
    pub(super) async fn refused(response: Response) -> Self {
        let status = response.status();
        let text = super::line::text(response, MAX_BYTES).await.unwrap_or_default();
        match serde_json::from_str::<ProblemMessage>(&text) {
            Ok(problem) => Self::problem(&problem),
            Err(_) => Self::Busy(format!("answered {status}")),
        }
    }

    /// A problem in the words of the ML server.
    pub(super) fn problem(problem: &ProblemMessage) -> Self {
        if problem.code == code::BLOB_MISSING {
            return Self::BlobMissing;
        }
        if problem.code == code::HASH_MISMATCH {
            let changed = "the stored file was changed, or came to the ML server in another form";
            return Self::Final(says(ErrorCode::FileMissing, changed));
        }
        match problem.code.parse::<ErrorCode>() {
            Ok(code) if belongs_to_file(code) => Self::Final(says(code, &problem.detail)),
            _ => {
                let status = StatusCode::from_u16(problem.status).unwrap_or_default();
                Self::Busy(format!("{status}: {}: {}", problem.code, problem.detail))
            }
        }
    }
}

/// Errors that lie in the file, or in the model together with it: another server would say the same, or would spend
/// the same time and memory once more.
fn belongs_to_file(code: ErrorCode) -> bool {
    match code {
        ErrorCode::EmptyFile
        | ErrorCode::UnsupportedMedia
        | ErrorCode::RefusedFormat
        | ErrorCode::UnreadableMedia
        | ErrorCode::FileTooLarge
        | ErrorCode::TooManyPixels
        | ErrorCode::TooLong
        | ErrorCode::NoDuration
        | ErrorCode::TooManyStreams
        | ErrorCode::NoStreams
        | ErrorCode::TimedOut
        | ErrorCode::LimitReached
        | ErrorCode::ModelFailed => true,
        ErrorCode::ToolMissing
        | ErrorCode::Stopped
        | ErrorCode::Io
        | ErrorCode::ModelUnavailable
        | ErrorCode::WorkerLost
        | ErrorCode::FileMissing
        | ErrorCode::ServerUnavailable => false,
    }
}
