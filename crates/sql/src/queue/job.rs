//! Rows of jobs and what they mean.

use dk_app::ports::{FailedJob, Job, JobKind};
use dk_domain::{MediaId, ModelName, RunId};

use crate::database::word;
use crate::entity::jobs::Model;
use crate::fault::Fault;
use crate::rows::unsigned;

/// Names of jobs.
pub(super) const ANALYZE: &str = "run-single-analysis";
pub(super) const FINALIZE: &str = "finalize-analysis";

/// Words of the column `state`.
pub(super) const WAITING: &str = "waiting";
pub(super) const WAITING_CHILDREN: &str = "waiting-children";
pub(super) const ACTIVE: &str = "active";
pub(super) const DELAYED: &str = "delayed";
pub(super) const COMPLETED: &str = "completed";
pub(super) const FAILED: &str = "failed";

/// Id of a model's job: the same however often it is added.
pub(super) fn analyze_id(run: RunId, model: &ModelName) -> String {
    format!("{run}.{model}")
}

/// Id of the job that looks once more. No model can have this name: names start with a letter.
pub(super) fn finalize_id(run: RunId) -> String {
    format!("{run}.0-finalize")
}

fn kind(row: &Model) -> Result<JobKind, Fault> {
    Ok(match &row.model_name {
        Some(model) => JobKind::Analyze { model: word(model)? },
        None => JobKind::Finalize,
    })
}

/// `attempts` of the row already counts the one that begins.
pub(super) fn job(row: &Model, most: u32) -> Result<Job, Fault> {
    let attempt = unsigned(row.attempts)?;
    Ok(Job {
        kind: kind(row)?,
        media_id: MediaId::from(row.media_id),
        run_id: RunId::from(row.run_id),
        attempt,
        is_last: attempt >= most,
    })
}

pub(super) fn failed_job(row: Model) -> Result<FailedJob, Fault> {
    Ok(FailedJob {
        kind: kind(&row)?,
        media_id: MediaId::from(row.media_id),
        run_id: RunId::from(row.run_id),
        reason: row.error.unwrap_or_default(),
        attempts: unsigned(row.attempts)?,
        failed_at: row.ended_at,
        id: row.id,
    })
}
