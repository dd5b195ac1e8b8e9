//! Finds out what an uploaded file is.

use std::path::Path;

use dk_domain::{MediaFacts, Sha256};

use crate::{ErrorCode, StopToken, Thumbnail};

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

/// What whoever received or stored a file knows of its bytes, so that they need not be read again for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Content {
    /// Checksum of all bytes.
    pub sha256: Sha256,
    /// Number of bytes.
    pub bytes: u64,
}

/// Reads what a file is; blocks, so it is called on a thread of its own.
pub trait Inspector: Send + Sync {
    /// Checks type and limits, and reads the facts with the MIME type by content.
    fn inspect(
        &self,
        path: &Path,
        known: Content,
        stop: &StopToken,
    ) -> Result<(MediaFacts, String), InspectError>;

    /// A small JPEG of what is to be seen in a file; `None` when there is nothing to be seen.
    fn thumbnail(
        &self,
        path: &Path,
        known: Content,
        stop: &StopToken,
    ) -> Result<Option<Vec<u8>>, InspectError>;

    /// Small pictures of what is to be seen, for a report: of a video the frames that models look at where they want no
    /// more than most do, in order of time; of a picture itself; of a sound none.
    fn illustrate(
        &self,
        path: &Path,
        known: Content,
        stop: &StopToken,
    ) -> Result<Vec<Thumbnail>, InspectError>;
}
