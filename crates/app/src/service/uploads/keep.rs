//! Keep a part that has come in whole.

use super::{KEPT_FOR, MAX_PARTS};
use crate::ports::{AddPart, PartPlace, PartialUpload, Staged, StorageError, StoreError, UploadPart};
use crate::service::Ports;

/// What came of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeepPart {
    /// It is stored and counts.
    Kept(Box<PartialUpload>),
    /// Other bytes came to this place first.
    Moved(Box<PartialUpload>),
    /// The upload is over or no more.
    Gone,
}

/// Why a part was not kept.
#[derive(Debug, thiserror::Error)]
pub enum KeepPartError {
    /// The upload is in too many pieces.
    #[error("an upload has at most {most} parts")]
    TooMany {
        /// How many.
        most: u32,
    },
    /// It could not be stored.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// It could not be counted.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Stores the bytes that follow on those that `upload` has, and counts them. Durable when this returns. The key is
/// remembered before anything lies under it: what is stored goes away with its upload, whoever dies in between.
pub async fn keep_part(
    ports: &Ports,
    upload: &PartialUpload,
    staged: Staged,
) -> Result<KeepPart, KeepPartError> {
    let id = upload.asked.id;
    let key = ports.storage.part_key(ports.ambient.id());
    match ports.uploads.place_part(id, &key, MAX_PARTS, ports.ambient.now()).await? {
        PartPlace::Kept => {}
        PartPlace::TooMany => return Err(KeepPartError::TooMany { most: MAX_PARTS }),
        PartPlace::Gone => return Ok(KeepPart::Gone),
    }
    let part = UploadPart { key: key.clone(), start_byte: upload.offset_bytes, bytes: staged.bytes };
    ports.storage.keep_part(staged, &key).await?;
    let now = ports.ambient.now();
    match ports.uploads.add_part(id, &part, now, now + KEPT_FOR).await? {
        AddPart::Added(upload) => Ok(KeepPart::Kept(upload)),
        AddPart::Moved(upload) => Ok(KeepPart::Moved(upload)),
        AddPart::Gone => {
            // Its upload ended while it was stored, so that nobody else knows of it.
            ports.storage.remove(&key).await?;
            Ok(KeepPart::Gone)
        }
    }
}
