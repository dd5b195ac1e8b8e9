//! How ML servers were over time.

use async_trait::async_trait;
use time::OffsetDateTime;

use super::{ServerStatus, StoreError};

/// One look at one server.
#[derive(Debug, Clone, PartialEq)]
pub struct HealthRecord {
    /// Id.
    pub id: uuid::Uuid,
    /// What was seen.
    pub status: ServerStatus,
}

/// The table `server_health`.
#[async_trait]
pub trait HealthLog: Send + Sync {
    /// Keeps one look.
    async fn record(&self, record: &HealthRecord) -> Result<(), StoreError>;
    /// Looks since `since`, newest first, at most `limit`; of one server where one is named.
    async fn history(
        &self,
        server: Option<&str>,
        since: OffsetDateTime,
        limit: u16,
    ) -> Result<Vec<HealthRecord>, StoreError>;
    /// Removes looks older than `before`; says how many rows went.
    async fn forget(&self, before: OffsetDateTime) -> Result<u64, StoreError>;
}
