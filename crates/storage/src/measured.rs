//! Measures how long a storage takes: `storage_seconds`, labelled with `op` and `kind`. A reading ends when the first
//! bytes can come.

use std::ops::Range;
use std::time::Instant;

use async_trait::async_trait;
use dk_app::ports::{
    ByteStream, Incoming, LocalFile, Mark, Staged, Storage, StorageError, Stored, StoredEntry,
};
use dk_domain::{MediaId, MediaKind};
use time::OffsetDateTime;
use uuid::Uuid;

/// A storage whose calls are measured.
pub(crate) struct Measured<S> {
    inner: S,
    kind: &'static str,
}

impl<S> Measured<S> {
    pub(crate) fn new(inner: S, kind: &'static str) -> Self {
        metrics::describe_histogram!(
            "storage_seconds",
            metrics::Unit::Seconds,
            "How long a call of the storage took"
        );
        Self { inner, kind }
    }

    async fn timed<T>(&self, op: &'static str, call: impl Future<Output = T> + Send) -> T {
        let started = Instant::now();
        let outcome = call.await;
        metrics::histogram!("storage_seconds", "op" => op, "kind" => self.kind).record(started.elapsed());
        outcome
    }
}

#[async_trait]
impl<S: Storage> Storage for Measured<S> {
    async fn receive(&self) -> Result<Box<dyn Incoming>, StorageError> {
        self.timed("receive", self.inner.receive()).await
    }

    async fn keep(&self, staged: Staged, kind: MediaKind, id: MediaId) -> Result<Stored, StorageError> {
        self.timed("keep", self.inner.keep(staged, kind, id)).await
    }

    async fn keep_thumbnail(&self, staged: Staged, of: &str) -> Result<(), StorageError> {
        self.timed("keep", self.inner.keep_thumbnail(staged, of)).await
    }

    async fn thumbnail(&self, of: &str) -> Result<Option<ByteStream>, StorageError> {
        self.timed("read", self.inner.thumbnail(of)).await
    }

    fn part_key(&self, id: Uuid) -> String {
        self.inner.part_key(id)
    }

    async fn keep_part(&self, staged: Staged, key: &str) -> Result<(), StorageError> {
        self.timed("keep", self.inner.keep_part(staged, key)).await
    }

    async fn read(&self, key: &str, range: Option<Range<u64>>) -> Result<Option<ByteStream>, StorageError> {
        self.timed("read", self.inner.read(key, range)).await
    }

    async fn local(&self, key: &str) -> Result<Option<LocalFile>, StorageError> {
        self.timed("local", self.inner.local(key)).await
    }

    async fn remove(&self, key: &str) -> Result<(), StorageError> {
        self.timed("remove", self.inner.remove(key)).await
    }

    async fn list(
        &self,
        before: OffsetDateTime,
        after: Option<&str>,
        limit: u16,
    ) -> Result<Vec<StoredEntry>, StorageError> {
        self.timed("list", self.inner.list(before, after, limit)).await
    }

    async fn mark(&self) -> Result<Option<Mark>, StorageError> {
        self.timed("mark", self.inner.mark()).await
    }

    async fn leave_mark(&self, mark: Mark) -> Result<(), StorageError> {
        self.timed("mark", self.inner.leave_mark(mark)).await
    }

    async fn ping(&self) -> Result<(), StorageError> {
        self.timed("ping", self.inner.ping()).await
    }
}
