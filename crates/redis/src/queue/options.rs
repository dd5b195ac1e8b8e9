//! How jobs are tried, locked and kept.

use std::time::Duration;

use bullmq::types::{BackoffStrategy, KeepJobs, RemoveOnFinish};
use bullmq::{JobOptions, WorkerOptions};

/// The lowest place that BullMQ knows.
const LAST_PLACE: u32 = 2_097_152;

/// Settings of the queue. The defaults are what the service runs with; tests shorten the times.
#[derive(Debug, Clone)]
pub struct QueueOptions {
    /// How often a job is tried before it is a dead letter.
    pub attempts: u32,
    /// Wait before the second attempt; doubles with each further one.
    pub backoff: Duration,
    /// A worker that is silent for this long has lost its job.
    pub lock: Duration,
    /// How often lost jobs are looked for. Every other look may come too early for BullMQ, so a job comes back after
    /// at most `lock` and two of these.
    pub stalled_check: Duration,
    /// How often a job may lose its worker and be tried again; the next time it is a dead letter. An outage of the
    /// server that is longer than `lock` counts too.
    pub max_lost: u32,
    /// Jobs that are done are forgotten when this many others were done after them, or after an hour.
    pub keep_completed: usize,
    /// The oldest dead letter is forgotten when there are more.
    pub keep_failed: usize,
    /// A job that was asked to stop has this long to do so; then it is given back while it still runs.
    pub stop_patience: Duration,
}

impl Default for QueueOptions {
    fn default() -> Self {
        Self {
            attempts: 3,
            backoff: Duration::from_secs(1),
            lock: Duration::from_secs(10),
            stalled_check: Duration::from_millis(2500),
            max_lost: 2,
            keep_completed: 1000,
            keep_failed: 5000,
            stop_patience: Duration::from_secs(10),
        }
    }
}

impl QueueOptions {
    /// Options of the job `id`.
    pub(super) fn job(&self, id: String) -> JobOptions {
        let backoff_ms = u64::try_from(self.backoff.as_millis()).unwrap_or(u64::MAX);
        // BullMQ's scripts read the age in seconds.
        let completed = KeepJobs { age: Some(3600), count: Some(self.keep_completed), limit: None };
        let failed = KeepJobs { age: None, count: Some(self.keep_failed), limit: None };
        JobOptions::new()
            .job_id(id)
            .attempts(self.attempts)
            .backoff(BackoffStrategy::Exponential(backoff_ms))
            .remove_on_complete(RemoveOnFinish::Options(completed))
            .remove_on_fail(RemoveOnFinish::Options(failed))
    }

    /// Options of the job `id` that stands at `place` and whose failure does not hold up the finaliser.
    pub(super) fn child(&self, id: String, place: u32) -> JobOptions {
        self.job(id).priority(place.clamp(1, LAST_PLACE)).ignore_dependency_on_failure()
    }

    /// Options of a worker.
    pub(super) fn worker(&self, concurrency: u16) -> WorkerOptions {
        WorkerOptions::new()
            .concurrency(usize::from(concurrency.max(1)))
            .lock_duration(self.lock)
            .stalled_interval(self.stalled_check)
            .max_stalled_count(self.max_lost)
            // A worker that waits for jobs does not hear that it should stop before this has passed.
            .drain_delay(Duration::from_secs(1))
            .run_retry_delay(Duration::from_secs(1))
    }
}
