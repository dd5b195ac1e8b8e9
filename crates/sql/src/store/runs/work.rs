//! While a model works: begin, progress, another attempt.

use dk_app::ports::{Assignment, Event, EventKind, ProgressMark, Start};
use dk_domain::{AnalysisStatus, ErrorCode, MediaId, ModelName, Prediction, RunId, RunStatus, UserId};
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};
use time::OffsetDateTime;

use super::UNFINISHED;
use super::lock::{Held, change_part, hold_part};
use crate::database::{Database, word};
use crate::entity::{analysis_runs, deepfake_analyses};
use crate::fault::Fault;
use crate::rows::{progress_json, unsigned};

pub(super) async fn start(
    db: &Database,
    run: RunId,
    model: &ModelName,
    now: OffsetDateTime,
) -> Result<Start, Fault> {
    // Lost with a crash of the database, it is said again by the next attempt.
    let tx = db.begin_hasty().await?;
    let (held, part) = match hold_part(&tx, run, model).await? {
        Some((held, part)) if !held.is_ended() && part.is_unfinished() => (held, part),
        _ => return Ok(Start::Over),
    };
    let changed = deepfake_analyses::ActiveModel {
        status: Set(AnalysisStatus::Processing.to_string()),
        attempts: Set(part.attempts + 1),
        progress: Set(None),
        updated_at: Set(now),
        ..deepfake_analyses::ActiveModel::default()
    };
    change_part(&tx, &held, part.id, changed).await?;
    // The first part begins the run.
    if held.run.started_at.is_none() || held.run.status != RunStatus::Processing.as_str() {
        held.change(&tx, RunStatus::Processing, None, held.begun(now), now).await?;
    }
    let assignment = assignment(&held, model)?;
    let ended = held.finish(tx, vec![EventKind::Started { model: model.clone() }], None, now).await?;
    Ok(Start::Go(Box::new(assignment), ended.events))
}

impl Held {
    /// The change of a run in which something has begun by now.
    pub(super) fn begun(&self, now: OffsetDateTime) -> analysis_runs::ActiveModel {
        analysis_runs::ActiveModel {
            started_at: Set(self.run.started_at.or(Some(now))),
            ..analysis_runs::ActiveModel::default()
        }
    }
}

fn assignment(held: &Held, model: &ModelName) -> Result<Assignment, Fault> {
    Ok(Assignment {
        user_id: UserId::from(held.media.user_id),
        media_id: MediaId::from(held.media.id),
        run_id: held.run_id(),
        model: model.clone(),
        key: held.media.public_id.clone(),
        sha256: word(&held.media.sha256)?,
        bytes: unsigned(held.media.size)?,
    })
}

pub(super) async fn progress(
    db: &Database,
    marks: &[(RunId, ModelName, Option<ProgressMark>)],
    now: OffsetDateTime,
) -> Result<(), Fault> {
    if db.is_postgres() {
        // Each by itself: together they could wait in a circle with a cancellation.
        for mark in marks {
            note(&db.read(), mark, now).await?;
        }
        return Ok(());
    }
    let tx = db.begin().await?;
    for mark in marks {
        note(&tx, mark, now).await?;
    }
    Ok(tx.commit().await?)
}

async fn note(
    connection: &impl ConnectionTrait,
    (run, model, mark): &(RunId, ModelName, Option<ProgressMark>),
    now: OffsetDateTime,
) -> Result<(), Fault> {
    use deepfake_analyses::Column;
    let mut changed =
        deepfake_analyses::ActiveModel { updated_at: Set(now), ..deepfake_analyses::ActiveModel::default() };
    if let Some(mark) = mark {
        changed.progress = Set(Some(progress_json(*mark)?));
    }
    deepfake_analyses::Entity::update_many()
        .set(changed)
        .filter(Column::AnalysisRunId.eq(run.get()))
        .filter(Column::ModelName.eq(model.as_str()))
        .filter(Column::Status.is_in(UNFINISHED))
        .exec(connection)
        .await?;
    if mark.is_none() {
        // Looked at: its turn comes again after those that were not.
        let looked_at =
            analysis_runs::ActiveModel { updated_at: Set(now), ..analysis_runs::ActiveModel::default() };
        analysis_runs::Entity::update_many()
            .set(looked_at)
            .filter(analysis_runs::Column::Id.eq(run.get()))
            .filter(analysis_runs::Column::EndedAt.is_null())
            .exec(connection)
            .await?;
    }
    Ok(())
}

pub(super) async fn will_retry(
    db: &Database,
    run: RunId,
    model: &ModelName,
    (code, message): (ErrorCode, &str),
    now: OffsetDateTime,
) -> Result<Vec<Event>, Fault> {
    let tx = db.begin().await?;
    let (held, part) = match hold_part(&tx, run, model).await? {
        Some((held, part)) if !held.is_ended() && part.is_unfinished() => (held, part),
        _ => return Ok(Vec::new()),
    };
    let changed = deepfake_analyses::ActiveModel {
        status: Set(AnalysisStatus::Pending.to_string()),
        error_code: Set(Some(code.as_str().to_owned())),
        error_message: Set(Some(message.to_owned())),
        progress: Set(None),
        updated_at: Set(now),
        ..deepfake_analyses::ActiveModel::default()
    };
    change_part(&tx, &held, part.id, changed).await?;
    let status: RunStatus = word(&held.run.status)?;
    held.change(&tx, status, None::<Prediction>, analysis_runs::ActiveModel::default(), now).await?;
    let failed =
        EventKind::Failed { model: model.clone(), code, message: message.to_owned(), will_retry: true };
    Ok(held.finish(tx, vec![failed], None, now).await?.events)
}
