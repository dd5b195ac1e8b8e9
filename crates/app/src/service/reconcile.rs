//! Mend what was lost: runs whose jobs are gone, files without a row, rows that nobody needs any more.

use std::collections::HashSet;

use dk_domain::MediaId;
use time::Duration;

use super::Ports;
use super::plan::plan;
use crate::ports::{Planned, QueueError, StorageError, StoreError};

const BATCH: u16 = 100;

/// What was mended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Mended {
    /// Runs that were planned or enqueued again, or ended.
    pub runs: usize,
    /// Files that were removed.
    pub files: usize,
}

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

/// Finds runs in which nothing has moved for `quiet` and puts back what is missing: the plan, the jobs, the end.
pub async fn reconcile(ports: &Ports, quiet: Duration) -> Result<Mended, MendError> {
    let before = ports.ambient.now() - quiet;
    let mut mended = Mended::default();
    for run in ports.runs.stalled(before, BATCH).await? {
        if run.models.is_empty() {
            plan(ports, run.id).await?;
            let ended = ports.runs.conclude(run.id, ports.ambient.now()).await?;
            ports.publish(ended.events).await;
            continue;
        }
        let alive: HashSet<_> = ports.queue.alive(run.id, &run.models).await?.into_iter().collect();
        let (queued, models): (Vec<_>, Vec<_>) =
            run.models.into_iter().partition(|model| alive.contains(model));
        // Waiting in a long queue is no fault: look again later, after others had their turn.
        let seen: Vec<_> = queued.into_iter().map(|model| (run.id, model, None)).collect();
        ports.runs.progress(&seen, ports.ambient.now()).await?;
        if models.is_empty() {
            continue;
        }
        tracing::warn!(run.id = %run.id, jobs = models.len(), "jobs of a run were lost and are queued again");
        ports
            .queue
            .enqueue(&Planned { media_id: run.media_id, run_id: run.id, models, place: run.place })
            .await?;
        mended.runs += 1;
    }
    Ok(mended)
}

/// Removes stored files that are older than `age` and belong to no medium: their upload was cut between file and
/// rows, or their removal failed.
pub async fn sweep_orphans(ports: &Ports, age: Duration) -> Result<Mended, MendError> {
    let before = ports.ambient.now() - age;
    let mut after: Option<String> = None;
    let mut files = 0;
    loop {
        let entries = ports.storage.list(before, after.as_deref(), BATCH).await?;
        let Some(last) = entries.last() else { break };
        after = Some(last.key.clone());
        let ids: Vec<MediaId> = entries.iter().filter_map(|entry| entry.media_id).collect();
        let known: HashSet<MediaId> = ports.library.existing(&ids).await?.into_iter().collect();
        for entry in &entries {
            if entry.media_id.is_some_and(|id| !known.contains(&id)) {
                ports.storage.remove(&entry.key).await?;
                files += 1;
            }
        }
    }
    if files > 0 {
        tracing::info!(files, "orphaned files removed");
    }
    Ok(Mended { runs: 0, files })
}

/// Removes rows that are older than they are kept for.
pub async fn forget_old(ports: &Ports, keep: Retention) -> Result<u64, StoreError> {
    let now = ports.ambient.now();
    let events = ports.runs.forget_events(now - keep.events).await?;
    let looks = ports.health.forget(now - keep.health).await?;
    let ended = ports.accounts.forget_ended(now).await?;
    Ok(events + looks + ended)
}
