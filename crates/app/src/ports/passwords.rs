//! Passwords are turned into hashes and compared with them.

use std::time::Duration;

use async_trait::async_trait;

use super::PasswordHash;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum PasswordError {
    /// As many wait for their turn as may wait.
    #[error("too many passwords wait to be hashed")]
    Busy {
        /// When there may be room.
        retry_after: Duration,
    },
    /// Hashing failed: no memory, or a stored hash that nobody understands.
    #[error("cannot {tried} a password")]
    Failed {
        /// `hash` or `check`.
        tried: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Slow on purpose, so it runs on threads of its own and only a few at a time.
#[async_trait]
pub trait Passwords: Send + Sync {
    /// A new hash of the newest kind.
    async fn hash(&self, password: &str) -> Result<PasswordHash, PasswordError>;
    /// Whether the password is the one. Without a stored hash it takes as long as with one and is false.
    async fn check(&self, password: &str, stored: Option<&PasswordHash>) -> Result<bool, PasswordError>;
    /// Whether a hash is of an older kind and should be replaced at the next sign-in.
    fn is_outdated(&self, stored: &PasswordHash) -> bool;
}
