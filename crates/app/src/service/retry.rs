//! Give a dead letter another chance. It stays in the queue until its analysis was reopened, so that nothing is lost
//! where that is refused or this process dies.

use dk_domain::ModelName;

use super::Ports;
use crate::ports::{JobKind, Planned, QueueError, Reopened, StoreError};

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryOutcome {
    /// Its analysis is pending again and its job is queued.
    Retried,
    /// There is no such dead letter.
    NotFound,
    /// Another run of the medium is under way. The dead letter stays, and can be retried when that run has ended.
    Busy,
    /// There is nothing left to do: the medium was deleted, or the analysis has ended otherwise. The dead letter
    /// has been removed.
    Gone,
}

/// Why it did not work. The dead letter stays.
#[derive(Debug, thiserror::Error)]
pub enum RetryError {
    /// The queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The rows.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Retries a dead letter by its id within the queue. Twice is harmless.
pub async fn retry_failed_job(ports: &Ports, id: &str) -> Result<RetryOutcome, RetryError> {
    let Some(job) = ports.queue.failed_job(id).await? else {
        return Ok(RetryOutcome::NotFound);
    };
    let models: Vec<ModelName> = match &job.kind {
        JobKind::Analyze { model } => {
            match ports.runs.reopen(job.run_id, model, ports.ambient.now()).await? {
                Reopened::Open => vec![model.clone()],
                Reopened::Busy => return Ok(RetryOutcome::Busy),
                Reopened::Over => {
                    ports.queue.forget_failed(id).await?;
                    return Ok(RetryOutcome::Gone);
                }
            }
        }
        // Nothing to judge; the new finaliser looks once more.
        JobKind::Finalize => Vec::new(),
    };
    // This is what takes the dead letter out. Where the process dies here, the reconciler finds a pending analysis
    // whose job is not alive.
    ports.queue.enqueue(&Planned { media_id: job.media_id, run_id: job.run_id, models, place: 1 }).await?;
    Ok(RetryOutcome::Retried)
}
