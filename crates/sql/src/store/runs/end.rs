//! The end: of one model's part, and of the run when it was the last. All of it in one transaction, so that a run
//! ends exactly once whoever comes last and however often a job is delivered.

use dk_app::ports::{Answer, EndOfAnalysis, Ended, EventKind};
use dk_domain::{
    AnalysisStatus, ErrorCode, ModelName, Prediction, Probability, RunId, RunStatus, Verdict, conclude_votes,
};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use time::OffsetDateTime;
use uuid::Uuid;

use super::lock::{Held, change_part, hold, hold_part, nothing};
use crate::connection::Transaction;
use crate::database::{Database, word};
use crate::entity::{analysis_runs, deepfake_analyses};
use crate::fault::Fault;
use crate::rows;

pub(super) async fn end(
    db: &Database,
    run: RunId,
    model: &ModelName,
    how: &EndOfAnalysis,
    now: OffsetDateTime,
) -> Result<Ended, Fault> {
    let tx = db.begin().await?;
    let (held, part) = match hold_part(&tx, run, model).await? {
        Some((held, part)) if !held.is_ended() && part.is_unfinished() => (held, part),
        _ => return Ok(nothing()),
    };
    let (changed, event) = match how {
        EndOfAnalysis::Answered(answer) => (answered(answer)?, completed(model, answer)),
        EndOfAnalysis::Failed { code, message } => {
            (failed(*code, message), failed_for_good(model, *code, message))
        }
    };
    let changed = deepfake_analyses::ActiveModel { updated_at: Set(now), ..changed };
    change_part(&tx, &held, part.id, changed).await?;
    let mut events = vec![event];
    let remaining = held.run.remaining - 1;
    let mut ended = None;
    if remaining > 0 {
        // The end of the run makes it durable too; forgotten before that, it is judged again.
        tx.hasten().await?;
        let changed = analysis_runs::ActiveModel { remaining: Set(remaining), ..held.begun(now) };
        held.change(&tx, RunStatus::Processing, None, changed, now).await?;
    } else {
        let (status, event) = conclude_by_votes(&tx, &held, now).await?;
        ended = Some(status);
        events.push(event);
    }
    held.finish(tx, events, ended, now).await
}

fn answered(answer: &Answer) -> Result<deepfake_analyses::ActiveModel, Fault> {
    Ok(deepfake_analyses::ActiveModel {
        status: Set(AnalysisStatus::Completed.to_string()),
        model_version: Set(Some(answer.model_version.clone())),
        prediction: Set(Some(answer.prediction.to_string())),
        confidence: Set(answer.confidence),
        probability: Set(answer.probability.map(Probability::get)),
        processing_time: Set(Some(answer.processing_secs)),
        media_type: Set(answer.kind.to_string()),
        error_code: Set(None),
        error_message: Set(None),
        vote: Set(Some(rows::vote_json(&answer.vote)?)),
        result_payload: Set(Some(serde_json::from_str(&answer.payload)?)),
        ..deepfake_analyses::ActiveModel::default()
    })
}

fn failed(code: ErrorCode, message: &str) -> deepfake_analyses::ActiveModel {
    deepfake_analyses::ActiveModel {
        status: Set(AnalysisStatus::Failed.to_string()),
        error_code: Set(Some(code.as_str().to_owned())),
        error_message: Set(Some(message.to_owned())),
        ..deepfake_analyses::ActiveModel::default()
    }
}

fn completed(model: &ModelName, answer: &Answer) -> EventKind {
    EventKind::Completed {
        model: model.clone(),
        prediction: answer.prediction,
        probability: answer.probability,
    }
}

fn failed_for_good(model: &ModelName, code: ErrorCode, message: &str) -> EventKind {
    EventKind::Failed { model: model.clone(), code, message: message.to_owned(), will_retry: false }
}

/// The safety net: ends a run whose parts have all ended.
pub(super) async fn conclude(db: &Database, run: RunId, now: OffsetDateTime) -> Result<Ended, Fault> {
    // Nearly always it has ended, and what has ended is not opened again without an errand of its own.
    let open = analysis_runs::Entity::find_by_id(run.get())
        .select_only()
        .column(analysis_runs::Column::Id)
        .filter(analysis_runs::Column::EndedAt.is_null());
    if open.into_tuple::<Uuid>().one(&db.read()).await?.is_none() {
        return Ok(nothing());
    }
    let tx = db.begin().await?;
    let held = match hold(&tx, run).await? {
        Some(held) if !held.is_ended() && held.run.planned_at.is_some() => held,
        _ => return Ok(nothing()),
    };
    if votes(&tx, &held).await?.unfinished > 0 {
        return Ok(nothing());
    }
    let (status, event) = conclude_by_votes(&tx, &held, now).await?;
    held.finish(tx, vec![event], Some(status), now).await
}

pub(super) async fn end_without_models(
    db: &Database,
    id: RunId,
    now: OffsetDateTime,
) -> Result<Ended, Fault> {
    let tx = db.begin().await?;
    let held = match hold(&tx, id).await? {
        Some(held) if !held.is_ended() && held.run.planned_at.is_none() => held,
        _ => return Ok(nothing()),
    };
    let verdict = Some(conclude_votes(&[], 0));
    let event = close(&tx, &held, RunStatus::Failed, verdict.as_ref(), 0, now).await?;
    held.finish(tx, vec![event], Some(RunStatus::Failed), now).await
}

/// How the parts of a run ended.
#[derive(Default)]
struct Votes {
    given: Vec<dk_domain::Vote>,
    failed: usize,
    unfinished: usize,
}

async fn votes(tx: &Transaction, held: &Held) -> Result<Votes, Fault> {
    use deepfake_analyses::Column;
    let parts = deepfake_analyses::Entity::find()
        .select_only()
        .columns([Column::Status, Column::Vote])
        .filter(Column::AnalysisRunId.eq(held.run.id))
        .order_by_asc(Column::ModelName)
        .into_tuple::<(String, Option<sea_orm::JsonValue>)>()
        .all(tx)
        .await?;
    let mut all = Votes::default();
    for (status, vote) in parts {
        match (word::<AnalysisStatus>(&status)?, vote) {
            (AnalysisStatus::Completed, Some(vote)) => all.given.push(rows::vote(vote)?),
            (AnalysisStatus::Pending | AnalysisStatus::Processing, _) => all.unfinished += 1,
            _ => all.failed += 1,
        }
    }
    Ok(all)
}

async fn conclude_by_votes(
    tx: &Transaction,
    held: &Held,
    now: OffsetDateTime,
) -> Result<(RunStatus, EventKind), Fault> {
    let Votes { given: votes, failed, .. } = votes(tx, held).await?;
    let status = RunStatus::of_ended(votes.len(), failed);
    // Where nobody answered there is nothing to say of the file.
    let verdict = (!votes.is_empty()).then(|| conclude_votes(&votes, failed));
    let event = close(tx, held, status, verdict.as_ref(), votes.len(), now).await?;
    Ok((status, event))
}

/// Writes the end of a run. What has not ended by then is none of this function's business.
pub(super) async fn close(
    tx: &Transaction,
    held: &Held,
    status: RunStatus,
    verdict: Option<&Verdict>,
    answered: usize,
    now: OffsetDateTime,
) -> Result<EventKind, Fault> {
    let prediction: Option<Prediction> = verdict.map(|verdict| verdict.prediction);
    let changed = analysis_runs::ActiveModel {
        remaining: Set(0),
        waiting_for: Set(None),
        verdict: Set(verdict.map(rows::exact_verdict).transpose()?),
        ended_at: Set(Some(now)),
        ..analysis_runs::ActiveModel::default()
    };
    held.change(tx, status, prediction, changed, now).await?;
    Ok(EventKind::Ended { status, verdict: prediction, answered: u32::try_from(answered)? })
}
