//! Where uploaded files are kept. Keys are made from the content and the medium's id; the client's file name never
//! reaches a path.

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use async_trait::async_trait;
use bytes::Bytes;
use dk_domain::{MediaId, MediaKind, Sha256};
use futures_util::stream::BoxStream;
use time::OffsetDateTime;
use uuid::Uuid;

/// Bytes as they come.
pub type ByteStream = BoxStream<'static, Result<Bytes, StorageError>>;

/// Why a storage could not do something.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// There is no room left.
    #[error("there is no room left to store a file")]
    Full,
    /// It failed otherwise.
    #[error("the storage failed to {tried}")]
    Failed {
        /// What was tried.
        tried: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// A file that is being received, on this machine. Dropping it removes what came so far.
#[async_trait]
pub trait Incoming: Send {
    /// Adds bytes, hashing and counting them.
    async fn write(&mut self, bytes: Bytes) -> Result<(), StorageError>;
    /// Bytes so far.
    fn len(&self) -> u64;
    /// Whether none came yet.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
    /// All bytes have come.
    async fn finish(self: Box<Self>) -> Result<Staged, StorageError>;
}

/// A whole file on this machine that is not stored yet. Dropping it removes it.
#[derive(Debug)]
pub struct Staged {
    path: PathBuf,
    /// Checksum of all bytes.
    pub sha256: Sha256,
    /// Number of bytes.
    pub bytes: u64,
    moved: bool,
}

impl Staged {
    /// Takes responsibility for a file.
    pub fn new(path: PathBuf, sha256: Sha256, bytes: u64) -> Self {
        Self { path, sha256, bytes, moved: false }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// It was moved elsewhere: nothing is left to remove.
    pub fn was_moved(&mut self) {
        self.moved = true;
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.moved {
            // Nothing can be done about a file that cannot be removed here; the sweep at the next start tries again.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// A file that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Key within the storage.
    pub key: String,
    /// Where the storage says it is, without a secret.
    pub url: String,
}

/// A file as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredEntry {
    /// Key within the storage.
    pub key: String,
    /// The medium it belongs to, read from the key; `None` for a foreign file, which is left alone.
    pub media_id: Option<MediaId>,
    /// When it was stored.
    pub modified_at: OffsetDateTime,
}

/// Whose files these are: told from the files of another installation, and of an older state of this one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// The installation that the rows are of.
    pub installation: Uuid,
    /// How many sweeps of files its rows have seen. Rows that have seen fewer than the files are older than these.
    pub sweeps: u64,
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.installation, self.sweeps)
    }
}

/// A text that is no mark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a mark is the id of an installation and a number")]
pub struct NoMark;

impl FromStr for Mark {
    type Err = NoMark;

    fn from_str(text: &str) -> Result<Self, NoMark> {
        let (installation, sweeps) = text.trim_end().split_once(' ').ok_or(NoMark)?;
        Ok(Self {
            installation: installation.parse().map_err(|_| NoMark)?,
            sweeps: sweeps.parse().map_err(|_| NoMark)?,
        })
    }
}

/// A stored file on this machine: the file itself, or a copy that is removed when this is dropped.
#[derive(Debug)]
pub struct LocalFile {
    path: PathBuf,
    is_copy: bool,
}

impl LocalFile {
    /// The stored file itself.
    pub fn original(path: PathBuf) -> Self {
        Self { path, is_copy: false }
    }

    /// A copy that goes away with this value.
    pub fn copy(path: PathBuf) -> Self {
        Self { path, is_copy: true }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for LocalFile {
    fn drop(&mut self) {
        if self.is_copy {
            // As with [`Staged`].
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// A place for files.
#[async_trait]
pub trait Storage: Send + Sync {
    /// Begins to receive a file.
    async fn receive(&self) -> Result<Box<dyn Incoming>, StorageError>;
    /// Stores a whole file; durable when this returns.
    async fn keep(&self, staged: Staged, kind: MediaKind, id: MediaId) -> Result<Stored, StorageError>;
    /// Stores a small picture of the stored file `of`, in the place of an earlier one. It is listed with the medium
    /// and goes away with the file.
    async fn keep_thumbnail(&self, staged: Staged, of: &str) -> Result<(), StorageError>;
    /// The small picture of the stored file `of`; `None` when there is none.
    async fn thumbnail(&self, of: &str) -> Result<Option<ByteStream>, StorageError>;
    /// Key of a part of an upload that goes on later; `id` is that part's own.
    fn part_key(&self, id: Uuid) -> String;
    /// Stores such a part under its key. Parts are not listed: whoever stores one remembers its key and removes it.
    async fn keep_part(&self, staged: Staged, key: &str) -> Result<(), StorageError>;
    /// The bytes, or those of a range that lies within the file; `None` when there is no such file.
    async fn read(&self, key: &str, range: Option<Range<u64>>) -> Result<Option<ByteStream>, StorageError>;
    /// The file on this machine; `None` when there is no such file.
    async fn local(&self, key: &str) -> Result<Option<LocalFile>, StorageError>;
    /// Removes a file, with the small picture of it; one that is not there is fine.
    async fn remove(&self, key: &str) -> Result<(), StorageError>;
    /// Files of media and small pictures of them, stored before `before`, at most `limit`, for the sweep of orphans;
    /// after the key `after`.
    async fn list(
        &self,
        before: OffsetDateTime,
        after: Option<&str>,
        limit: u16,
    ) -> Result<Vec<StoredEntry>, StorageError>;
    /// The mark that was left here, which is no file of a medium; `None` where there is none.
    async fn mark(&self) -> Result<Option<Mark>, StorageError>;
    /// Leaves a mark in the place of an earlier one.
    async fn leave_mark(&self, mark: Mark) -> Result<(), StorageError>;
    /// Whether files can be stored now.
    async fn ping(&self) -> Result<(), StorageError>;
}
