//! Stop a run: rows first, then the jobs that wait and the work that is under way.

use dk_domain::{ModelName, RunId, UserId};

use super::Ports;
use crate::ports::{RunDetail, Signal, StoreError};

/// Stops a run of this owner; one that has ended stays as it is. `None` when there is no such run.
pub async fn cancel_run(ports: &Ports, owner: UserId, run: RunId) -> Result<Option<RunDetail>, StoreError> {
    let Some((detail, models, events)) = ports.runs.cancel(owner, run, ports.ambient.now()).await? else {
        return Ok(None);
    };
    if !events.is_empty() {
        stop_jobs(ports, run, &models).await;
        ports.publish(events).await;
    }
    Ok(Some(detail))
}

/// Jobs of a run that is over. One that is missed finds its row ended and does nothing.
pub(super) async fn stop_jobs(ports: &Ports, run: RunId, models: &[ModelName]) {
    ports.tell(&Signal::Cancel(run)).await;
    if let Err(error) = ports.queue.remove(run, models).await {
        tracing::warn!(run.id = %run, error = &error as &dyn std::error::Error, "jobs of a run that is over stay queued");
    }
}
