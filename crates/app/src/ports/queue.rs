//! Jobs: one per model of a run, and one that looks once more when all have ended.

use std::sync::Arc;

use async_trait::async_trait;
use dk_domain::{ErrorCode, MediaId, ModelName, RunId};
use time::OffsetDateTime;

use crate::StopToken;

/// The jobs of a planned run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Planned {
    /// Of which medium.
    pub media_id: MediaId,
    /// Of which run.
    pub run_id: RunId,
    /// One job `run-single-analysis` each; one `finalize-analysis` follows.
    pub models: Vec<ModelName>,
    /// Lower goes first.
    pub place: u32,
}

/// What a job does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobKind {
    /// `run-single-analysis`
    Analyze {
        /// Which model.
        model: ModelName,
    },
    /// `finalize-analysis`
    Finalize,
}

/// A job as its handler sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// What to do.
    pub kind: JobKind,
    /// Of which medium.
    pub media_id: MediaId,
    /// Of which run.
    pub run_id: RunId,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// Whether a failure of this attempt is final.
    pub is_last: bool,
}

/// Why an attempt failed, and whether another one may help.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JobFailure {
    /// Another attempt cannot help.
    GiveUp(String),
    /// Another attempt may help.
    Retry(String),
    /// The worker stops: give the job back, this was no attempt.
    GiveBack,
}

/// Runs jobs.
#[async_trait]
pub trait JobHandler: Send + Sync {
    /// Runs one attempt. `stop` is stopped when the job is cancelled or the worker must go.
    async fn handle(&self, job: Job, stop: StopToken) -> Result<(), JobFailure>;
    /// A job failed for good without its handler knowing: its worker died again and again.
    async fn lost(&self, job: Job);
}

/// How a worker takes jobs.
#[derive(Debug, Clone)]
pub struct WorkOptions {
    /// Jobs at the same time.
    pub concurrency: u16,
    /// When asked to stop, running jobs may still finish within this time; then they are stopped and given back.
    pub grace: std::time::Duration,
}

/// How many jobs stand where.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct QueueCounts {
    /// Waiting for a worker, by whatever order.
    pub waiting: u64,
    /// Under way.
    pub active: u64,
    /// Waiting for their next attempt.
    pub delayed: u64,
    /// Finalisers that wait for their models.
    pub waiting_children: u64,
    /// Done and not yet forgotten.
    pub completed: u64,
    /// Failed for good and not yet forgotten.
    pub failed: u64,
}

/// A dead letter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedJob {
    /// Id within the queue.
    pub id: String,
    /// What it was to do.
    pub kind: JobKind,
    /// Of which medium.
    pub media_id: MediaId,
    /// Of which run.
    pub run_id: RunId,
    /// Why it failed: a code and a line for people, as [`told`] joins them, where a code is known.
    pub reason: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it failed for good.
    pub failed_at: Option<OffsetDateTime>,
}

impl FailedJob {
    /// Why it failed: the kind of error, where the reason names one, and the line for people.
    pub fn why(&self) -> (Option<ErrorCode>, &str) {
        let known = self.reason.split_once(": ").and_then(|(code, rest)| Some((code.parse().ok()?, rest)));
        known.map_or((None, &self.reason), |(code, rest)| (Some(code), rest))
    }
}

/// Why a job failed, as one text: queues keep nothing else.
pub fn told(code: ErrorCode, message: &str) -> String {
    format!("{}: {message}", code.as_str())
}

/// Why a queue could not answer.
#[derive(Debug, thiserror::Error)]
#[error("the job queue failed to {tried}")]
pub struct QueueError {
    /// What was tried.
    pub tried: &'static str,
    /// Why.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// The queue `media-processing`.
#[async_trait]
pub trait JobQueue: Send + Sync {
    /// Adds the jobs of a run. Adding what is there already changes nothing; what had ended and is planned again
    /// (see [`super::Runs::reopen`]) begins anew.
    async fn enqueue(&self, run: &Planned) -> Result<(), QueueError>;
    /// Removes jobs that wait; running ones hear [`super::Signal::Cancel`].
    async fn remove(&self, run: RunId, models: &[ModelName]) -> Result<(), QueueError>;
    /// How many jobs stand where.
    async fn counts(&self) -> Result<QueueCounts, QueueError>;
    /// Dead letters, newest first.
    async fn failed(&self, offset: u32, limit: u16) -> Result<Vec<FailedJob>, QueueError>;
    /// One dead letter, which stays until [`JobQueue::enqueue`] begins it anew; `None` when there is no such one.
    async fn failed_job(&self, id: &str) -> Result<Option<FailedJob>, QueueError>;
    /// Removes a dead letter without a purpose; one that is not there, or is none any more, is fine.
    async fn forget_failed(&self, id: &str) -> Result<(), QueueError>;
    /// Which of these models' jobs the queue still knows as waiting, delayed or under way; the reconciler enqueues
    /// the others again.
    async fn alive(&self, run: RunId, models: &[ModelName]) -> Result<Vec<ModelName>, QueueError>;
    /// Whether the queue answers.
    async fn ping(&self) -> Result<(), QueueError>;
    /// Takes jobs until `stop` and hands them to `handler`. A panic in the handler is a failed attempt. Returns when
    /// every running job has ended or was given back.
    async fn work(
        &self,
        handler: Arc<dyn JobHandler>,
        options: WorkOptions,
        stop: StopToken,
    ) -> Result<(), QueueError>;
}
