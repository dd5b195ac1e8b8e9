//! Files in a bucket of S3, or of a server that speaks its protocol. Files come in through a folder on this machine
//! and leave it in parts. Calls that may pass are tried again by the client itself, and a download
//! that is cut off goes on where it ended.

mod buffers;
mod upload;

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use dk_app::ports::{
    Ambient, ByteStream, Incoming, LocalFile, Mark, Staged, Storage, StorageError, Stored, StoredEntry,
};
use dk_domain::{MediaId, MediaKind};
use futures_util::{StreamExt, TryStreamExt, stream};
use object_store::aws::{AmazonS3, AmazonS3Builder};
use object_store::list::{PaginatedListOptions, PaginatedListStore};
use object_store::path::Path;
use object_store::{
    BackoffConfig, ClientOptions, GetOptions, GetRange, ObjectStore, ObjectStoreExt, PutPayload, RetryConfig,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::fault::failed;
use crate::key::{Key, MEDIA};
use crate::mark;
use crate::options::{Patience, S3Options};
use crate::staging::Staging;
use buffers::Buffers;
use upload::{PART, Upload};

/// Longest time for all attempts of one call, since a signature ages.
const LONGEST: Duration = Duration::from_mins(3);
/// Longest time to find out whether the bucket is there.
const PING: Duration = Duration::from_secs(5);
const KEEP: &str = "store a file in the bucket";
const READ: &str = "read a file of the bucket";
const LIST: &str = "list the files of the bucket";

/// A bucket.
pub(crate) struct S3 {
    bucket: String,
    store: Arc<AmazonS3>,
    staging: Staging,
    buffers: Arc<Buffers>,
}

impl S3 {
    pub(crate) async fn open(options: S3Options, ambient: Arc<dyn Ambient>) -> Result<Self, StorageError> {
        let store = client(&options).map_err(failed("set up the bucket"))?;
        let staging = Staging::open(options.staging, ambient).await?;
        Ok(Self { bucket: options.bucket, store: Arc::new(store), staging, buffers: Arc::default() })
    }

    /// Stores a file and looks whether all of it is there.
    async fn put(&self, staged: &Staged, key: Key) -> Result<(), StorageError> {
        let target = Path::from(key.to_string());
        self.send(staged, &target).await?;
        let found = self.size(&target).await?;
        if found == Some(staged.bytes) {
            Ok(())
        } else {
            Err(failed(KEEP)(WrongSize { sent: staged.bytes, found }))
        }
    }

    async fn send(&self, staged: &Staged, target: &Path) -> Result<(), StorageError> {
        if staged.bytes <= PART {
            let bytes = self.buffers.read(staged.path().to_owned(), 0..staged.bytes).await?;
            self.store.put(target, PutPayload::from(bytes)).await.map(drop).map_err(failed(KEEP))
        } else {
            let upload =
                Upload::begin(Arc::clone(&self.store), target.clone()).await.map_err(failed(KEEP))?;
            upload.carry(staged, &self.buffers).await
        }
    }

    /// Number of bytes of a file; `None` when there is no such file.
    async fn size(&self, key: &Path) -> Result<Option<u64>, StorageError> {
        let about = absent_is_none(self.store.head(key).await).map_err(failed(READ))?;
        Ok(about.map(|about| about.size))
    }
}

fn client(options: &S3Options) -> object_store::Result<AmazonS3> {
    let Patience { attempts, first_pause, connect, stall } = options.patience;
    let retry = RetryConfig {
        // The client draws pauses from a range, which must not be empty.
        backoff: BackoffConfig {
            init_backoff: first_pause.max(Duration::from_millis(1)),
            max_backoff: Patience::LONGEST_PAUSE,
            base: 2.0,
        },
        max_retries: attempts.saturating_sub(1) as usize,
        retry_timeout: LONGEST,
    };
    // A long file takes as long as it takes: what is bounded is the time in which nothing comes.
    let http = ClientOptions::new()
        .with_allow_http(options.allow_http)
        .with_connect_timeout(connect)
        .with_read_timeout(stall)
        .with_timeout_disabled();
    let mut builder = match &options.keys {
        Some(keys) => {
            AmazonS3Builder::new().with_access_key_id(&keys.id).with_secret_access_key(keys.secret.reveal())
        }
        None => AmazonS3Builder::from_env(),
    };
    if let Some(endpoint) = &options.endpoint {
        builder = builder.with_endpoint(endpoint);
    }
    builder
        .with_bucket_name(&options.bucket)
        .with_region(&options.region)
        .with_virtual_hosted_style_request(!options.path_style)
        .with_client_options(http)
        .with_retry(retry)
        // Not every server knows how to delete many at once, and one at a time is all that is needed.
        .with_disable_bulk_delete(true)
        .build()
}

#[async_trait]
impl Storage for S3 {
    async fn receive(&self) -> Result<Box<dyn Incoming>, StorageError> {
        Ok(Box::new(self.staging.receive().await?))
    }

    async fn keep(&self, staged: Staged, kind: MediaKind, id: MediaId) -> Result<Stored, StorageError> {
        let key = Key::medium(kind, staged.sha256, id);
        self.put(&staged, key).await?;
        let key = key.to_string();
        Ok(Stored { url: format!("s3://{}/{key}", self.bucket), key })
    }

    async fn keep_thumbnail(&self, staged: Staged, of: &str) -> Result<(), StorageError> {
        self.put(&staged, Key::require_thumbnail(of, KEEP)?).await
    }

    async fn thumbnail(&self, of: &str) -> Result<Option<ByteStream>, StorageError> {
        self.read(&Key::require_thumbnail(of, READ)?.to_string(), None).await
    }

    fn part_key(&self, id: Uuid) -> String {
        Key::Part(id).to_string()
    }

    async fn keep_part(&self, staged: Staged, key: &str) -> Result<(), StorageError> {
        self.put(&staged, Key::require_part(key, KEEP)?).await
    }

    async fn read(&self, key: &str, range: Option<Range<u64>>) -> Result<Option<ByteStream>, StorageError> {
        let key = Path::from(Key::require(key, READ)?.to_string());
        if range.as_ref().is_some_and(Range::is_empty) {
            // S3 has no word for an empty range.
            return Ok(self.size(&key).await?.map(|_| stream::empty().boxed()));
        }
        let options = GetOptions { range: range.clone().map(GetRange::Bounded), ..GetOptions::default() };
        let Some(found) = absent_is_none(self.store.get_opts(&key, options).await).map_err(failed(READ))?
        else {
            return Ok(None);
        };
        if range.is_some_and(|range| range != found.range) {
            return Err(failed(READ)("the range does not lie within the file"));
        }
        Ok(Some(found.into_stream().map_err(failed(READ)).boxed()))
    }

    async fn local(&self, key: &str) -> Result<Option<LocalFile>, StorageError> {
        let expected = Key::require_medium(key, READ)?;
        let Some(bytes) = self.read(key, None).await? else { return Ok(None) };
        self.staging.copy(bytes, expected).await.map(Some)
    }

    async fn remove(&self, key: &str) -> Result<(), StorageError> {
        let tried = "remove a file of the bucket";
        let key = Key::require(key, tried)?;
        // The small picture first: as long as the file is there, whoever failed comes again.
        for key in key.thumbnail().into_iter().chain([key]) {
            let path = Path::from(key.to_string());
            absent_is_none(self.store.delete(&path).await).map_err(failed(tried))?;
        }
        Ok(())
    }

    async fn list(
        &self,
        before: OffsetDateTime,
        after: Option<&str>,
        limit: u16,
    ) -> Result<Vec<StoredEntry>, StorageError> {
        let limit = usize::from(limit);
        let (mut entries, mut page_token) = (Vec::new(), None);
        while entries.len() < limit {
            let options =
                PaginatedListOptions { offset: after.map(str::to_owned), page_token, ..Default::default() };
            let page = self.store.list_paginated(Some(&format!("{MEDIA}/")), options).await;
            let page = page.map_err(failed(LIST))?;
            for object in page.result.objects {
                let modified_at = OffsetDateTime::from_unix_timestamp(object.last_modified.timestamp());
                let modified_at = modified_at.map_err(failed(LIST))?;
                if modified_at < before {
                    let key = object.location.to_string();
                    entries.push(StoredEntry {
                        media_id: Key::read(&key).and_then(Key::media_id),
                        key,
                        modified_at,
                    });
                }
            }
            page_token = page.page_token;
            if page_token.is_none() {
                break;
            }
        }
        entries.truncate(limit);
        Ok(entries)
    }

    async fn mark(&self) -> Result<Option<Mark>, StorageError> {
        let found = self.store.get(&Path::from(Key::Mark.to_string())).await;
        let found = absent_is_none(found).map_err(failed(READ))?;
        mark::read(found.map(|found| found.into_stream().map_err(failed(READ)).boxed())).await
    }

    async fn leave_mark(&self, mark: Mark) -> Result<(), StorageError> {
        let staged = mark::staged(self, mark).await?;
        self.put(&staged, Key::Mark).await
    }

    async fn ping(&self) -> Result<(), StorageError> {
        let tried = "reach the bucket";
        let options = PaginatedListOptions { max_keys: Some(1), ..Default::default() };
        let asked = self.store.list_paginated(Some(MEDIA), options);
        tokio::time::timeout(PING, asked).await.map_err(failed(tried))?.map_err(failed(tried))?;
        self.staging.ping().await
    }
}

/// The bucket holds something else than what was sent.
#[derive(Debug, thiserror::Error)]
#[error("{sent} bytes were sent, and the bucket holds {found:?}")]
struct WrongSize {
    sent: u64,
    found: Option<u64>,
}

fn absent_is_none<T>(result: object_store::Result<T>) -> object_store::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(object_store::Error::NotFound { .. }) => Ok(None),
        Err(cause) => Err(cause),
    }
}
