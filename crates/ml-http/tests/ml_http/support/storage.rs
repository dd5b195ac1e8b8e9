//! Files in memory, with counts of how often they were read.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use dk_app::ports::{
    ByteStream, Incoming, LocalFile, Mark, Staged, Storage, StorageError, Stored, StoredEntry,
};
use dk_domain::{MediaId, MediaKind};
use futures_util::StreamExt;
use tempfile::TempDir;
use time::OffsetDateTime;

use super::sha_of;

/// Pieces in which a file is read.
const PIECE: usize = 64 << 10;

/// The storage; keys are checksums.
pub(crate) struct MemoryStorage {
    files: Mutex<BTreeMap<String, Bytes>>,
    pub(crate) reads: AtomicUsize,
    pub(crate) copies: AtomicUsize,
    breaks: bool,
    folder: TempDir,
}

impl MemoryStorage {
    pub(crate) fn with(files: &[&[u8]]) -> Arc<Self> {
        Arc::new(Self::holding(files, false))
    }

    /// One that breaks off in the middle of each file.
    pub(crate) fn breaking(files: &[&[u8]]) -> Arc<Self> {
        Arc::new(Self::holding(files, true))
    }

    fn holding(files: &[&[u8]], breaks: bool) -> Self {
        let files =
            files.iter().map(|bytes| (sha_of(bytes).to_string(), Bytes::copy_from_slice(bytes))).collect();
        let folder = tempfile::tempdir().unwrap();
        Self {
            files: Mutex::new(files),
            reads: AtomicUsize::new(0),
            copies: AtomicUsize::new(0),
            breaks,
            folder,
        }
    }

    /// Puts other content under the key of this file.
    pub(crate) fn change(&self, file: &[u8], content: &'static [u8]) {
        self.files.lock().unwrap().insert(sha_of(file).to_string(), Bytes::from_static(content));
    }

    fn get(&self, key: &str) -> Option<Bytes> {
        self.files.lock().unwrap().get(key).cloned()
    }
}

fn never<T>(tried: &'static str) -> Result<T, StorageError> {
    Err(StorageError::Failed { tried, source: "nobody needs it here".into() })
}

#[async_trait]
impl Storage for MemoryStorage {
    async fn receive(&self) -> Result<Box<dyn Incoming>, StorageError> {
        never("receive")
    }

    async fn keep(&self, _: Staged, _: MediaKind, _: MediaId) -> Result<Stored, StorageError> {
        never("keep")
    }

    async fn keep_thumbnail(&self, _: Staged, _: &str) -> Result<(), StorageError> {
        never("keep_thumbnail")
    }

    async fn thumbnail(&self, _: &str) -> Result<Option<ByteStream>, StorageError> {
        never("thumbnail")
    }

    fn part_key(&self, id: uuid::Uuid) -> String {
        id.to_string()
    }

    async fn keep_part(&self, _: Staged, _: &str) -> Result<(), StorageError> {
        never("keep_part")
    }

    async fn read(&self, key: &str, _: Option<Range<u64>>) -> Result<Option<ByteStream>, StorageError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        let Some(bytes) = self.get(key) else { return Ok(None) };
        let mut pieces: Vec<Result<Bytes, StorageError>> =
            bytes.chunks(PIECE).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
        if self.breaks {
            pieces.truncate(1);
            pieces.push(never("read"));
        }
        Ok(Some(futures_util::stream::iter(pieces).boxed()))
    }

    async fn local(&self, key: &str) -> Result<Option<LocalFile>, StorageError> {
        let number = self.copies.fetch_add(1, Ordering::SeqCst);
        let Some(bytes) = self.get(key) else { return Ok(None) };
        let path = self.folder.path().join(number.to_string());
        std::fs::write(&path, &bytes).unwrap();
        Ok(Some(LocalFile::copy(path)))
    }

    async fn remove(&self, _: &str) -> Result<(), StorageError> {
        never("remove")
    }

    async fn list(
        &self,
        _: OffsetDateTime,
        _: Option<&str>,
        _: u16,
    ) -> Result<Vec<StoredEntry>, StorageError> {
        never("list")
    }

    async fn mark(&self) -> Result<Option<Mark>, StorageError> {
        never("mark")
    }

    async fn leave_mark(&self, _: Mark) -> Result<(), StorageError> {
        never("leave_mark")
    }

    async fn ping(&self) -> Result<(), StorageError> {
        Ok(())
    }
}
