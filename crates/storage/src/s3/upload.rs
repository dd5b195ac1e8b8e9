//! Uploads in parts. An upload that is given up before its end takes back what was sent.

use std::sync::Arc;

use dk_app::ports::{Staged, StorageError};
use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::PutPayload;
use object_store::aws::AmazonS3;
use object_store::multipart::{MultipartStore, PartId};
use object_store::path::Path;

use super::buffers::Buffers;
use super::{KEEP, absent_is_none};
use crate::fault::failed;

/// Smallest part that S3 takes, other than the last.
pub(super) const PART: u64 = 5 * 1024 * 1024;
/// Most parts that S3 takes.
const PARTS: u64 = 10_000;
/// Parts of one upload under way at once; each is in memory as a whole.
const PARTS_AT_ONCE: usize = 2;
/// How often it is tried to take back the parts of an upload that was given up.
const TAKE_BACK_ATTEMPTS: u32 = 3;

/// An upload under way.
pub(super) struct Upload {
    store: Arc<AmazonS3>,
    target: Path,
    /// `None` once it has ended.
    id: Option<String>,
}

impl Upload {
    /// Goes on by itself when nobody waits any more: between the bucket's note of the upload and the answer with its
    /// id nobody could take it back.
    pub(super) async fn begin(store: Arc<AmazonS3>, target: Path) -> object_store::Result<Self> {
        let begun = tokio::spawn(async move {
            let id = Some(store.create_multipart(&target).await?);
            Ok(Self { store, target, id })
        });
        begun.await.map_err(|cause| object_store::Error::Generic { store: "S3", source: cause.into() })?
    }

    /// Sends the whole file, which is there under its key only when this has succeeded.
    pub(super) async fn carry(mut self, staged: &Staged, buffers: &Arc<Buffers>) -> Result<(), StorageError> {
        let Some(id) = self.id.clone() else { return Ok(()) };
        let outcome = match self.send_parts(&id, staged, buffers).await {
            Ok(parts) => self.store.complete_multipart(&self.target, &id, parts).await.map_err(failed(KEEP)),
            Err(cause) => Err(cause),
        };
        self.id = None;
        match outcome {
            Ok(_) => Ok(()),
            Err(cause) => {
                take_back(&self.store, &self.target, &id).await;
                Err(cause)
            }
        }
    }

    async fn send_parts(
        &self,
        id: &str,
        staged: &Staged,
        buffers: &Arc<Buffers>,
    ) -> Result<Vec<PartId>, StorageError> {
        let part = PART.max(staged.bytes.div_ceil(PARTS));
        let sending = (0..staged.bytes.div_ceil(part)).map(|index| {
            let (store, target, id) = (Arc::clone(&self.store), self.target.clone(), id.to_owned());
            let (path, buffers) = (staged.path().to_owned(), Arc::clone(buffers));
            let range = index * part..staged.bytes.min((index + 1) * part);
            async move {
                let bytes = buffers.read(path, range).await?;
                let sent = store.put_part(&target, &id, index as usize, PutPayload::from(bytes)).await;
                sent.map_err(failed(KEEP))
            }
        });
        stream::iter(sending).buffered(PARTS_AT_ONCE).try_collect().await
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        let (Some(id), Ok(runtime)) = (self.id.take(), tokio::runtime::Handle::try_current()) else { return };
        let (store, target) = (Arc::clone(&self.store), self.target.clone());
        runtime.spawn(async move { take_back(&store, &target, &id).await });
    }
}

/// The client does not send this call again when its connection is cut. Parts that cannot be taken back cost money
/// until a rule of the bucket removes them: worth a line.
async fn take_back(store: &AmazonS3, target: &Path, id: &String) {
    for attempt in 1..=TAKE_BACK_ATTEMPTS {
        match absent_is_none(store.abort_multipart(target, id).await) {
            Ok(_) => return,
            Err(cause) => {
                tracing::warn!(key = %target, %cause, attempt, "parts of an upload that was given up stay in the bucket");
            }
        }
    }
}
