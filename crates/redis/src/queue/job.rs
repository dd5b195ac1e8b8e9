//! Jobs as BullMQ keeps them, and as the ports know them.

use bullmq::FlowJob;
use dk_app::ports::{FailedJob, Job, JobKind, told};
use dk_domain::{ErrorCode, MediaId, ModelName, RunId};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::QUEUE;
use super::options::QueueOptions;
use super::work::LOST;

const ANALYZE: &str = "run-single-analysis";
const FINALIZE: &str = "finalize-analysis";

/// What a job carries, in the words of the contract.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    media_id: String,
    run_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    model_name: Option<String>,
}

/// Id of the job of one model: the same run and model, the same job.
pub(super) fn analyze_id(run: RunId, model: &ModelName) -> String {
    // BullMQ allows no colon. A run's id holds no dot, a model's name neither.
    format!("{run}.{model}")
}

/// Id of the finaliser. No model's job can have it.
pub(super) fn finalize_id(run: RunId) -> String {
    run.to_string()
}

/// The job of one model.
pub(super) fn analyze(
    media: MediaId,
    run: RunId,
    model: &ModelName,
    place: u32,
    options: &QueueOptions,
) -> Result<FlowJob, bullmq::Error> {
    let model_name = Some(model.to_string());
    let data = Data { media_id: media.to_string(), run_id: run.to_string(), model_name };
    Ok(FlowJob::new(ANALYZE, QUEUE, data)?.options(options.child(analyze_id(run, model), place)))
}

/// The finaliser. It has no place: it costs nothing and goes as soon as it may.
pub(super) fn finalize(media: MediaId, run: RunId, options: &QueueOptions) -> Result<FlowJob, bullmq::Error> {
    let data = Data { media_id: media.to_string(), run_id: run.to_string(), model_name: None };
    Ok(FlowJob::new(FINALIZE, QUEUE, data)?.options(options.job(finalize_id(run))))
}

/// Reads what a job is to do; `None` when it is no job of ours.
fn read(job: &bullmq::Job) -> Option<(JobKind, MediaId, RunId)> {
    let data: Data = serde_json::from_value(job.data().clone()).ok()?;
    let kind = match job.name() {
        ANALYZE => JobKind::Analyze { model: data.model_name?.parse().ok()? },
        FINALIZE => JobKind::Finalize,
        _ => return None,
    };
    Some((kind, data.media_id.parse().ok()?, data.run_id.parse().ok()?))
}

/// A job that has just been claimed.
pub(super) fn claimed(job: &bullmq::Job) -> Option<Job> {
    let (kind, media_id, run_id) = read(job)?;
    let attempt = job.attempts_made() + 1;
    let is_last = attempt >= job.opts().attempts.unwrap_or(1);
    Some(Job { kind, media_id, run_id, attempt, is_last })
}

/// A job that has failed for good.
pub(super) fn ended(job: &bullmq::Job) -> Option<Job> {
    let (kind, media_id, run_id) = read(job)?;
    Some(Job { kind, media_id, run_id, attempt: job.attempts_made().max(1), is_last: true })
}

/// A dead letter.
pub(super) fn failed(job: &bullmq::Job) -> Option<FailedJob> {
    let (kind, media_id, run_id) = read(job)?;
    let failed_at = job
        .finished_on()
        .and_then(|ms| OffsetDateTime::from_unix_timestamp_nanos(i128::from(ms) * 1_000_000).ok());
    Some(FailedJob {
        id: job.id().to_owned(),
        kind,
        media_id,
        run_id,
        reason: match job.failed_reason() {
            LOST => told(ErrorCode::WorkerLost, LOST),
            reason => reason.to_owned(),
        },
        attempts: job.attempts_made(),
        failed_at,
    })
}
