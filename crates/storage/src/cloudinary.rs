//! Files at Cloudinary, as authenticated assets that only a signed address delivers. Sound goes under `video`, as
//! Cloudinary wants it, and parts of uploads under `raw`. Files come in through a folder on this machine and leave it in chunks.

mod calls;
mod download;
mod listing;
mod signing;
mod upload;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use dk_app::ports::{
    Ambient, ByteStream, Incoming, LocalFile, Mark, Staged, Storage, StorageError, Stored, StoredEntry,
};
use dk_domain::{MediaId, MediaKind};
use futures_util::{StreamExt, stream};
use serde::Deserialize;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::fault::failed;
use crate::key::Key;
use crate::mark;
use crate::options::CloudinaryOptions;
use crate::staging::Staging;
use calls::{Account, Refusal};
use download::Download;

/// Longest time to find out whether the service answers.
const PING: Duration = Duration::from_secs(5);
const KEEP: &str = "store a file at Cloudinary";
const READ: &str = "read a file at Cloudinary";

/// A product environment of Cloudinary.
pub(crate) struct Cloudinary {
    account: Arc<Account>,
    staging: Staging,
    ambient: Arc<dyn Ambient>,
}

impl Cloudinary {
    pub(crate) async fn open(
        options: CloudinaryOptions,
        ambient: Arc<dyn Ambient>,
    ) -> Result<Self, StorageError> {
        let staging = Staging::open(options.staging.clone(), Arc::clone(&ambient)).await?;
        let account = Arc::new(Account::new(options).map_err(failed("set up Cloudinary"))?);
        Ok(Self { account, staging, ambient })
    }

    async fn put(&self, staged: &Staged, key: Key) -> Result<(), StorageError> {
        upload::upload(&self.account, &*self.ambient, staged, key).await.map_err(failed(KEEP))
    }

    async fn destroy(&self, key: Key) -> Result<(), StorageError> {
        let tried = "remove a file at Cloudinary";
        let destroy = async || {
            let now = self.ambient.now().unix_timestamp().to_string();
            let id = key.to_string();
            let named = [
                ("invalidate", "true"),
                ("public_id", &*id),
                ("timestamp", &*now),
                ("type", "authenticated"),
            ];
            let url = self.account.api(&format!("{}/destroy", resource_type(key)));
            let request = self.account.http().post(url).multipart(self.account.signed(&named));
            self.account.answer::<Destroyed>(request).await
        };
        let destroyed = self.account.insist(destroy).await.map_err(failed(tried))?;
        if matches!(&*destroyed.result, "ok" | "not found") {
            Ok(())
        } else {
            Err(failed(tried)(Refusal::Strange(format!("it said {:?}", destroyed.result))))
        }
    }

    async fn open_download(
        &self,
        key: Key,
        range: Option<Range<u64>>,
    ) -> Result<Option<ByteStream>, StorageError> {
        let download = Download::new(Arc::clone(&self.account), key, range.as_ref());
        download.begin().await.map_err(failed(READ))
    }
}

#[async_trait]
impl Storage for Cloudinary {
    async fn receive(&self) -> Result<Box<dyn Incoming>, StorageError> {
        Ok(Box::new(self.staging.receive().await?))
    }

    async fn keep(&self, staged: Staged, kind: MediaKind, id: MediaId) -> Result<Stored, StorageError> {
        let key = Key::medium(kind, staged.sha256, id);
        self.put(&staged, key).await?;
        Ok(Stored { url: self.account.plain_address(key), key: key.to_string() })
    }

    async fn keep_thumbnail(&self, staged: Staged, of: &str) -> Result<(), StorageError> {
        self.put(&staged, Key::require_thumbnail(of, KEEP)?).await
    }

    async fn thumbnail(&self, of: &str) -> Result<Option<ByteStream>, StorageError> {
        self.open_download(Key::require_thumbnail(of, READ)?, None).await
    }

    fn part_key(&self, id: Uuid) -> String {
        Key::Part(id).to_string()
    }

    async fn keep_part(&self, staged: Staged, key: &str) -> Result<(), StorageError> {
        self.put(&staged, Key::require_part(key, KEEP)?).await
    }

    async fn read(&self, key: &str, range: Option<Range<u64>>) -> Result<Option<ByteStream>, StorageError> {
        let key = Key::require(key, READ)?;
        match range {
            // HTTP has no word for an empty range.
            Some(range) if range.is_empty() => {
                let found = self.open_download(key, None).await?;
                Ok(found.map(|_| stream::empty().boxed()))
            }
            range => self.open_download(key, range).await,
        }
    }

    async fn local(&self, key: &str) -> Result<Option<LocalFile>, StorageError> {
        let expected = Key::require_medium(key, READ)?;
        let Some(bytes) = self.read(key, None).await? else { return Ok(None) };
        self.staging.copy(bytes, expected).await.map(Some)
    }

    async fn remove(&self, key: &str) -> Result<(), StorageError> {
        let key = Key::require(key, "remove a file at Cloudinary")?;
        // The small picture first: as long as the file is there, whoever failed comes again.
        for key in key.thumbnail().into_iter().chain([key]) {
            self.destroy(key).await?;
        }
        Ok(())
    }

    async fn list(
        &self,
        before: OffsetDateTime,
        after: Option<&str>,
        limit: u16,
    ) -> Result<Vec<StoredEntry>, StorageError> {
        let listed = listing::list(&self.account, before, after.unwrap_or_default(), limit).await;
        listed.map_err(failed("list the files at Cloudinary"))
    }

    async fn mark(&self) -> Result<Option<Mark>, StorageError> {
        mark::read(self.open_download(Key::Mark, None).await?).await
    }

    async fn leave_mark(&self, mark: Mark) -> Result<(), StorageError> {
        let staged = mark::staged(self, mark).await?;
        self.put(&staged, Key::Mark).await
    }

    async fn ping(&self) -> Result<(), StorageError> {
        let tried = "reach Cloudinary";
        let asked = self.account.answer::<Pong>(self.account.administer("ping"));
        tokio::time::timeout(PING, asked).await.map_err(failed(tried))?.map_err(failed(tried))?;
        self.staging.ping().await
    }
}

/// Answer to `destroy`.
#[derive(Deserialize)]
struct Destroyed {
    result: String,
}

/// Answer to `ping`; that it came is all there is to know.
#[derive(Deserialize)]
struct Pong {}

/// Cloudinary's name for a kind of file.
fn resource_type(key: Key) -> &'static str {
    match key {
        Key::Medium { kind: MediaKind::Image, .. } | Key::Thumbnail { .. } => "image",
        Key::Medium { kind: MediaKind::Video | MediaKind::Audio, .. } => "video",
        Key::Part(_) | Key::Mark => "raw",
    }
}
