//! Mend what was lost: runs whose jobs are gone, files without a row, rows that nobody needs any more.

use std::collections::HashSet;

use dk_domain::MediaId;
use time::Duration;

use super::Ports;
use super::plan::plan;
use crate::ports::{Planned, QueueError, StalledRun, StorageError, StoreError, StoredEntry};

const BATCH: u16 = 100;
/// One round of mending looks at this many batches; the next one goes on with those that waited longest.
const MAX_BATCHES: usize = 20;
/// So many files without rows are nothing unusual, however few files there are.
const FEW_ORPHANS: usize = 10;

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

/// Removes stored files that are older than `age` and belong to no medium: their upload was cut between file and
/// rows, or their removal failed. Says how many were removed.
pub async fn sweep_orphans(ports: &Ports, age: Duration) -> Result<usize, MendError> {
    let before = ports.ambient.now() - age;
    let mut after: Option<String> = None;
    let (mut listed, mut orphans) = (0, Vec::new());
    loop {
        let entries = ports.storage.list(before, after.as_deref(), BATCH).await?;
        let Some(last) = entries.last() else { break };
        after = Some(last.key.clone());
        let ids: Vec<MediaId> = entries.iter().filter_map(|entry| entry.media_id).collect();
        listed += ids.len();
        let known: HashSet<MediaId> = ports.library.existing(&ids).await?.into_iter().collect();
        let is_orphan = |entry: &StoredEntry| entry.media_id.is_some_and(|id| !known.contains(&id));
        orphans.extend(entries.into_iter().filter(is_orphan).map(|entry| entry.key));
    }
    if orphans.len() > FEW_ORPHANS.max(listed / 10) || (!orphans.is_empty() && orphans.len() == listed) {
        // Uploads that were cut leave a few; so many mean that rows and files are not of one installation.
        tracing::error!(
            listed,
            orphans = orphans.len(),
            "stored files without rows are left alone: the database may be a new, an older or another one"
        );
        return Ok(0);
    }
    for key in &orphans {
        ports.storage.remove(key).await?;
    }
    if !orphans.is_empty() {
        tracing::info!(files = orphans.len(), "orphaned files removed");
    }
    Ok(orphans.len())
}

/// Removes rows that are older than they are kept for.
pub async fn forget_old(ports: &Ports, keep: Retention) -> Result<u64, StoreError> {
    let now = ports.ambient.now();
    let events = ports.runs.forget_events(now - keep.events).await?;
    let looks = ports.health.forget(now - keep.health).await?;
    let ended = ports.accounts.forget_ended(now).await?;
    Ok(events + looks + ended)
}
