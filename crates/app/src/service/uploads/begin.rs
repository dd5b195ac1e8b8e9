//! Begin an upload whose bytes come later.

use dk_domain::{ModelName, UploadId, Urgency, UserId};

use super::{KEPT_FOR, MAX_OPEN};
use crate::ports::{NewUpload, PartialUpload, StoreError, UploadState};
use crate::service::Ports;

/// What is said of a file before its bytes come.
#[derive(Debug, Clone)]
pub struct Announcement {
    /// The client's name of it, already made harmless.
    pub filename: String,
    /// What the owner says of it.
    pub description: Option<String>,
    /// Who waits.
    pub urgency: Urgency,
    /// Only these models; empty means every one that fits.
    pub models: Vec<ModelName>,
    /// Bytes of the whole file.
    pub length_bytes: u64,
}

/// Why an upload does not begin.
#[derive(Debug, thiserror::Error)]
pub enum BeginError {
    /// As many uploads as one may leave unfinished.
    #[error("at most {most} uploads may be unfinished at a time")]
    TooMany {
        /// How many.
        most: u32,
    },
    /// A model was asked for that no server has.
    #[error("there is no model {name}; available are {known}")]
    UnknownModel {
        /// What was asked for.
        name: ModelName,
        /// What there is, joined for people.
        known: String,
    },
    /// Its row could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Begins an upload. What its owner asks for is looked at now rather than after all the bytes.
pub async fn begin_upload(
    ports: &Ports,
    owner: UserId,
    announced: Announcement,
) -> Result<PartialUpload, BeginError> {
    if let Some((name, known)) = ports.unknown_model(&announced.models).await {
        return Err(BeginError::UnknownModel { name, known });
    }
    let now = ports.ambient.now();
    let asked = NewUpload {
        id: UploadId::from(ports.ambient.id()),
        user_id: owner,
        filename: announced.filename,
        description: announced.description,
        urgency: announced.urgency,
        models: announced.models,
        length_bytes: announced.length_bytes,
        expires_at: now + KEPT_FOR,
    };
    if !ports.uploads.begin(&asked, MAX_OPEN, now).await? {
        return Err(BeginError::TooMany { most: MAX_OPEN });
    }
    Ok(PartialUpload { asked, offset_bytes: 0, state: UploadState::Open })
}
