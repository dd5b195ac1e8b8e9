//! Between acceptance and the first job: what planning needs to know, and what it decided.

use dk_app::ports::{Errand, ErrandKind, Planned, Run};
use dk_domain::{AnalysisId, AnalysisStatus, MediaId, MediaKind, ModelName, RunId, UserId, Waiting};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, IntoActiveModel, JoinType, PaginatorTrait, QueryFilter,
    QuerySelect, RelationTrait,
};
use time::OffsetDateTime;

use super::lock::hold;
use crate::database::{Database, word};
use crate::entity::{analysis_runs, deepfake_analyses, media};
use crate::fault::Fault;
use crate::rows;
use crate::store::outbox;

pub(super) async fn to_plan(
    db: &Database,
    id: RunId,
) -> Result<Option<(Run, MediaKind, UserId, u32)>, Fault> {
    use analysis_runs::Column;
    let Some(row) = analysis_runs::Entity::find_by_id(id.get())
        .filter(Column::EndedAt.is_null())
        .filter(Column::PlannedAt.is_null())
        .one(&db.read())
        .await?
    else {
        return Ok(None);
    };
    let Some(media) = media::Entity::find_by_id(row.media_id).one(&db.read()).await? else {
        return Ok(None);
    };
    let backlog = analysis_runs::Entity::find()
        .join(JoinType::InnerJoin, analysis_runs::Relation::Media.def())
        .filter(media::Column::UserId.eq(media.user_id))
        .filter(Column::EndedAt.is_null())
        .filter(Column::Id.ne(row.id))
        .count(&db.read())
        .await?;
    let backlog = u32::try_from(backlog).unwrap_or(u32::MAX);
    Ok(Some((rows::run(row)?, word(&media.media_type)?, UserId::from(media.user_id), backlog)))
}

pub(super) async fn plan(
    db: &Database,
    id: RunId,
    analyses: &[(AnalysisId, ModelName)],
    place: u32,
    now: OffsetDateTime,
) -> Result<Option<Errand>, Fault> {
    // Forgotten with a crash of the database, the run is planned again by its errand, which is there.
    let tx = db.begin_hasty().await?;
    let held = match hold(&tx, id).await? {
        Some(held) if !held.is_ended() && held.run.planned_at.is_none() => held,
        _ => return Ok(None),
    };
    // Without any part it would never end.
    if analyses.is_empty() {
        return Ok(None);
    }
    let parts = analyses.iter().map(|(part, model)| pending(*part, id, model, &held.media.media_type, now));
    deepfake_analyses::Entity::insert_many(parts).exec_without_returning(&tx).await?;
    let changed = analysis_runs::ActiveModel {
        planned_at: Set(Some(now)),
        remaining: Set(i32::try_from(analyses.len())?),
        place: Set(i32::try_from(place).unwrap_or(i32::MAX)),
        waiting_for: Set(None),
        updated_at: Set(now),
        ..analysis_runs::ActiveModel::default()
    };
    analysis_runs::Entity::update_many()
        .set(changed)
        .filter(analysis_runs::Column::Id.eq(id.get()))
        .exec(&tx)
        .await?;
    let planned = Planned {
        media_id: MediaId::from(held.media.id),
        run_id: id,
        models: analyses.iter().map(|(_, model)| model.clone()).collect(),
        place,
    };
    let errand = outbox::write(&tx, ErrandKind::Enqueue(planned), now).await?;
    tx.commit().await?;
    Ok(Some(errand))
}

fn pending(
    id: AnalysisId,
    run: RunId,
    model: &ModelName,
    media_type: &str,
    now: OffsetDateTime,
) -> deepfake_analyses::ActiveModel {
    deepfake_analyses::Model {
        id: id.get(),
        analysis_run_id: run.get(),
        model_name: model.to_string(),
        model_version: None,
        status: AnalysisStatus::Pending.to_string(),
        prediction: None,
        confidence: None,
        probability: None,
        processing_time: None,
        media_type: media_type.to_owned(),
        error_code: None,
        error_message: None,
        progress: None,
        vote: None,
        result_payload: None,
        attempts: 0,
        created_at: now,
        updated_at: now,
    }
    .into_active_model()
}

pub(super) async fn wait(
    db: &Database,
    id: RunId,
    reason: &Waiting,
    now: OffsetDateTime,
) -> Result<(), Fault> {
    use analysis_runs::Column;
    let tx = db.begin().await?;
    let changed = analysis_runs::ActiveModel {
        waiting_for: Set(Some(reason.to_string())),
        updated_at: Set(now),
        ..analysis_runs::ActiveModel::default()
    };
    analysis_runs::Entity::update_many()
        .set(changed)
        .filter(Column::Id.eq(id.get()))
        .filter(Column::EndedAt.is_null())
        .filter(Column::PlannedAt.is_null())
        .exec(&tx)
        .await?;
    Ok(tx.commit().await?)
}
