//! Give a dead letter another chance.

use dk_domain::ModelName;

use super::Ports;
use crate::ports::{JobKind, Planned, QueueError, StoreError};

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryOutcome {
    /// Its analysis is pending again and its job is queued.
    Retried,
    /// There is no such dead letter.
    NotFound,
    /// There is nothing left to do: the medium was deleted, or the analysis has ended otherwise. The dead letter
    /// has been removed.
    Gone,
}

/// Why it did not work.
#[derive(Debug, thiserror::Error)]
pub enum RetryError {
    /// The queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The rows.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Retries a dead letter by its id within the queue.
pub async fn retry_failed_job(ports: &Ports, id: &str) -> Result<RetryOutcome, RetryError> {
    let Some(job) = ports.queue.take_failed(id).await? else {
        return Ok(RetryOutcome::NotFound);
    };
    let models: Vec<ModelName> = match &job.kind {
        JobKind::Analyze { model } => {
            if !ports.runs.reopen(job.run_id, model, ports.ambient.now()).await? {
                return Ok(RetryOutcome::Gone);
            }
            vec![model.clone()]
        }
        // Nothing to judge; the new finaliser looks once more.
        JobKind::Finalize => Vec::new(),
    };
    // Where the process dies here, the reconciler finds a pending analysis without a job.
    ports.queue.enqueue(&Planned { media_id: job.media_id, run_id: job.run_id, models, place: 1 }).await?;
    Ok(RetryOutcome::Retried)
}
