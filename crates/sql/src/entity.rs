//! The rows as they lie in the tables. What they mean is read in [`crate::rows`]. The schema is not made from these:
//! see [`crate::migration`].
#![expect(
    unreachable_pub,
    reason = "the derived parts are public, and nobody outside this crate can name them"
)]

pub(crate) mod analysis_runs;
pub(crate) mod api_keys;
pub(crate) mod audit_log;
pub(crate) mod deepfake_analyses;
pub(crate) mod events;
pub(crate) mod idempotency_keys;
pub(crate) mod installation;
pub(crate) mod jobs;
pub(crate) mod media;
pub(crate) mod outbox;
pub(crate) mod server_health;
pub(crate) mod sessions;
pub(crate) mod upload_parts;
pub(crate) mod uploads;
pub(crate) mod users;
