//! Delete a medium: rows and an errand for the file in one transaction, then its jobs.

use dk_domain::{MediaId, UserId};

use super::Ports;
use super::cancel::stop_jobs;
use crate::ports::StoreError;

/// Deletes a medium of this owner; false when there is none.
pub async fn remove_media(ports: &Ports, owner: UserId, id: MediaId) -> Result<bool, StoreError> {
    let Some(removed) = ports.library.remove(owner, id, ports.ambient.now()).await? else {
        return Ok(false);
    };
    for (run, models) in &removed.runs {
        stop_jobs(ports, *run, models).await;
    }
    Ok(true)
}
