//! How often somebody may do something, counted together by all servers.

use std::time::Duration;

use async_trait::async_trait;

/// So many times within so long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Times.
    pub limit: u32,
    /// Length of the window.
    pub window: Duration,
}

/// What came of asking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Allowance {
    /// Whether it may be done now.
    pub allowed: bool,
    /// How often it may still be done in this window.
    pub remaining: u32,
    /// When the window ends.
    pub reset_after: Duration,
}

/// Counts.
#[async_trait]
pub trait Limiter: Send + Sync {
    /// Counts one time under `key` and says whether it is within the quota. A counter that cannot be reached allows:
    /// it guards against abuse, and must not take the service down with it.
    async fn take(&self, key: &str, quota: Quota) -> Allowance;
    /// Forgets what was counted, for instance failed sign-ins after a good one.
    async fn forget(&self, key: &str);
}
