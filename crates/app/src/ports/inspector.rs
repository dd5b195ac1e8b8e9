//! Finds out what an uploaded file is.

use std::path::Path;

use dk_domain::MediaFacts;

use crate::{ErrorCode, StopToken};

/// Why a file is not accepted.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct InspectError {
    /// Kind of error.
    pub code: ErrorCode,
    /// One line for the person who sent the file: no path.
    pub message: String,
    /// The way out, where there is one.
    pub hint: Option<String>,
}

/// Reads what a file is; blocks, so it is called on a thread of its own.
pub trait Inspector: Send + Sync {
    /// Checks type and limits, and reads the facts with the MIME type by content.
    fn inspect(&self, path: &Path, stop: &StopToken) -> Result<(MediaFacts, String), InspectError>;
}
