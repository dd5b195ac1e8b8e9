//! Errands that were written in the same transaction as their cause and are run after it, at least once.

use async_trait::async_trait;
use dk_domain::RunId;
use time::{Duration, OffsetDateTime};

use super::StoreError;

/// So long an errand belongs to the process that wrote it, which runs it at once. After that it is due for everybody.
pub const HEAD_START: Duration = Duration::seconds(10);

/// Something to do outside the database.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Errand {
    /// Number of the row.
    pub id: i64,
    /// What to do.
    pub kind: ErrandKind,
    /// How often it was tried before.
    pub attempts: u32,
}

/// Kinds of errand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ErrandKind {
    /// Choose models for a run.
    Plan(RunId),
    /// Put the jobs of a planned run into the queue.
    Enqueue(super::Planned),
    /// Remove a file from the storage.
    RemoveFile(String),
}

/// The outbox.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Leases at most `limit` errands that are due, oldest first; nobody else gets them before `until`.
    async fn take(
        &self,
        limit: u16,
        now: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Vec<Errand>, StoreError>;
    /// They are done.
    async fn done(&self, ids: &[i64]) -> Result<(), StoreError>;
    /// Try one again at `at`.
    async fn later(&self, id: i64, at: OffsetDateTime) -> Result<(), StoreError>;
}
