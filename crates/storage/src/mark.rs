//! The mark of an installation as a small file of text.

use bytes::Bytes;
use dk_app::ports::{ByteStream, Mark, NoMark, Staged, Storage, StorageError};
use futures_util::TryStreamExt;

use crate::fault::failed;

const READ: &str = "read the mark of the installation";
/// An id and a number are shorter.
const MAX_BYTES: usize = 100;

/// The mark as a file that can be stored.
pub(crate) async fn staged(storage: &impl Storage, mark: Mark) -> Result<Staged, StorageError> {
    let mut incoming = storage.receive().await?;
    incoming.write(Bytes::from(format!("{mark}\n"))).await?;
    incoming.finish().await
}

/// The mark in a file, where there is a file.
pub(crate) async fn read(stored: Option<ByteStream>) -> Result<Option<Mark>, StorageError> {
    let Some(mut pieces) = stored else { return Ok(None) };
    let mut bytes = Vec::new();
    while let Some(piece) = pieces.try_next().await? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > MAX_BYTES {
            return Err(failed(READ)(NoMark));
        }
    }
    let text = std::str::from_utf8(&bytes).map_err(failed(READ))?;
    text.parse().map(Some).map_err(failed(READ))
}
