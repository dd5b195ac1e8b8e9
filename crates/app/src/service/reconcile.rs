//! Mend what was lost: runs whose jobs are gone, rows that nobody needs any more.

use std::collections::HashSet;

use time::Duration;

use super::Ports;
use super::plan::plan;
use crate::ports::{Planned, QueueError, StalledRun, StorageError, StoreError};

const BATCH: u16 = 100;
/// One round of mending looks at this many batches; the next one goes on with those that waited longest.
const MAX_BATCHES: usize = 20;

/// Why a round of mending ended early; the next one begins anew.
#[derive(Debug, thiserror::Error)]
pub enum MendError {
    /// The rows.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The files.
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// How long rows are kept that tell of the past.
#[derive(Debug, Clone, Copy)]
pub struct Retention {
    /// Live events; a client that was away for longer reads the rows instead.
    pub events: Duration,
    /// Looks at ML servers.
    pub health: Duration,
}

/// Finds runs in which nothing has moved for `quiet` and puts back what is missing: the plan, the jobs, the end. Says
/// of how many runs jobs were queued again.
pub async fn reconcile(ports: &Ports, quiet: Duration) -> Result<usize, MendError> {
    let before = ports.ambient.now() - quiet;
    let mut mended = 0;
    for _ in 0..MAX_BATCHES {
        let runs = ports.runs.stalled(before, BATCH).await?;
        let are_all = runs.len() < usize::from(BATCH);
        for run in runs {
            mended += usize::from(mend(ports, run).await?);
        }
        if are_all {
            break;
        }
    }
    Ok(mended)
}

/// Says whether jobs were queued again.
async fn mend(ports: &Ports, run: StalledRun) -> Result<bool, MendError> {
    if run.models.is_empty() {
        plan(ports, run.id).await?;
        let ended = ports.runs.conclude(run.id, ports.ambient.now()).await?;
        ports.publish(ended.events).await;
        return Ok(false);
    }
    let alive: HashSet<_> = ports.queue.alive(run.id, &run.models).await?.into_iter().collect();
    let lost: Vec<_> = run.models.iter().filter(|model| !alive.contains(model)).cloned().collect();
    let is_mended = !lost.is_empty();
    if is_mended {
        tracing::warn!(run.id = %run.id, jobs = lost.len(), "jobs of a run were lost and are queued again");
        let planned = Planned { media_id: run.media_id, run_id: run.id, models: lost, place: run.place };
        ports.queue.enqueue(&planned).await?;
    }
    // Waiting in a long queue is no fault: this run is looked at again after all others had their turn.
    let seen: Vec<_> = run.models.into_iter().map(|model| (run.id, model, None)).collect();
    ports.runs.progress(&seen, ports.ambient.now()).await?;
    Ok(is_mended)
}

/// Removes rows that are older than they are kept for.
pub async fn forget_old(ports: &Ports, keep: Retention) -> Result<u64, StoreError> {
    let now = ports.ambient.now();
    let events = ports.runs.forget_events(now - keep.events).await?;
    let looks = ports.health.forget(now - keep.health).await?;
    let ended = ports.accounts.forget_ended(now).await?;
    Ok(events + looks + ended)
}
