//! The port [`Library`]. Every query names the owner, so what belongs to somebody else is not found.

use async_trait::async_trait;
use dk_app::ports::{
    Analysis, Event, Library, Media, MediaDetail, MediaFilter, Page, Paged, RemovedMedia, Run, RunDetail,
    StoreError,
};
use dk_domain::{AnalysisId, MediaId, RunId, UserId};
use sea_orm::sea_query::LikeExpr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, JoinType, QueryFilter, QueryOrder,
    QuerySelect, RelationTrait, Select,
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::lists::{paged, rows_to_read};
use super::{Store, events, removal};
use crate::database::Database;
use crate::entity::{analysis_runs, deepfake_analyses, media};
use crate::fault::Fault;
use crate::rows::{self, AnalysisRow};

async fn list(
    db: &Database,
    owner: UserId,
    filter: &MediaFilter,
    page: &Page,
) -> Result<Paged<Media>, Fault> {
    use media::Column;
    let mut query = media::Entity::find()
        .filter(Column::UserId.eq(owner.get()))
        .order_by_desc(Column::Id)
        .limit(rows_to_read(page));
    if let Some(before) = page.before {
        query = query.filter(Column::Id.lt(before));
    }
    if let Some(status) = filter.status {
        query = query.filter(Column::Status.eq(status.as_str()));
    }
    if let Some(kind) = filter.kind {
        query = query.filter(Column::MediaType.eq(kind.as_str()));
    }
    if let Some(verdict) = filter.verdict {
        query = query.filter(Column::Verdict.eq(verdict.as_str()));
    }
    if let Some(text) = &filter.text {
        query = query.filter(Column::Search.like(LikeExpr::new(rows::pattern(text)).escape('\\')));
    }
    paged(query.all(&db.read()).await?, page, |row| row.id, rows::media)
}

/// The row of a medium, if it is this owner's.
pub(super) fn owned(owner: UserId, id: MediaId) -> Select<media::Entity> {
    media::Entity::find_by_id(id.get()).filter(media::Column::UserId.eq(owner.get()))
}

async fn medium(db: &Database, owner: UserId, id: MediaId) -> Result<Option<MediaDetail>, Fault> {
    let tx = db.snapshot().await?;
    let Some(row) = owned(owner, id).one(&tx).await? else {
        return Ok(None);
    };
    let runs = analysis_runs::Entity::find()
        .filter(analysis_runs::Column::MediaId.eq(row.id))
        .order_by_desc(analysis_runs::Column::RunNumber)
        .all(&tx)
        .await?;
    let analyses = analyses_of(&tx, runs.iter().map(|run| run.id).collect()).await?;
    tx.commit().await?;
    let detail = |run: analysis_runs::Model| {
        let own = analyses.iter().filter(|analysis| analysis.analysis_run_id == run.id).cloned().collect();
        rows::run_detail(run, own)
    };
    let runs = runs.into_iter().map(detail).collect::<Result<_, Fault>>()?;
    Ok(Some(MediaDetail { media: rows::media(row)?, runs }))
}

/// Analyses of runs in order of name, without payloads.
pub(super) async fn analyses_of(
    connection: &impl ConnectionTrait,
    runs: Vec<Uuid>,
) -> Result<Vec<AnalysisRow>, Fault> {
    let query = small_analyses().filter(deepfake_analyses::Column::AnalysisRunId.is_in(runs));
    Ok(query.into_model::<AnalysisRow>().all(connection).await?)
}

fn small_analyses() -> Select<deepfake_analyses::Entity> {
    use deepfake_analyses::Column;
    let columns = [
        Column::Id,
        Column::AnalysisRunId,
        Column::ModelName,
        Column::ModelVersion,
        Column::Status,
        Column::Prediction,
        Column::Confidence,
        Column::Probability,
        Column::ProcessingTime,
        Column::MediaType,
        Column::ErrorCode,
        Column::ErrorMessage,
        Column::Progress,
        Column::Attempts,
        Column::CreatedAt,
        Column::UpdatedAt,
    ];
    deepfake_analyses::Entity::find().select_only().columns(columns).order_by_asc(Column::ModelName)
}

async fn describe(
    db: &Database,
    owner: UserId,
    id: MediaId,
    description: Option<&str>,
    now: OffsetDateTime,
) -> Result<Option<Media>, Fault> {
    let tx = db.begin().await?;
    let Some(row) = owned(owner, id).lock_exclusive().one(&tx).await? else {
        return Ok(None);
    };
    let description = description.map(ToOwned::to_owned);
    let search = rows::searched(&[&row.filename, description.as_deref().unwrap_or_default()]);
    let changed = media::ActiveModel {
        description: Set(description.clone()),
        search: Set(search),
        updated_at: Set(now),
        ..media::ActiveModel::default()
    };
    media::Entity::update_many().set(changed).filter(media::Column::Id.eq(row.id)).exec(&tx).await?;
    tx.commit().await?;
    rows::media(media::Model { description, updated_at: now, ..row }).map(Some)
}

/// The row of a run, if its medium is this owner's.
fn owned_run(owner: UserId, id: RunId) -> Select<analysis_runs::Entity> {
    analysis_runs::Entity::find_by_id(id.get())
        .join(JoinType::InnerJoin, analysis_runs::Relation::Media.def())
        .filter(media::Column::UserId.eq(owner.get()))
}

async fn run(db: &Database, owner: UserId, id: RunId) -> Result<Option<RunDetail>, Fault> {
    let tx = db.snapshot().await?;
    let Some(row) = owned_run(owner, id).one(&tx).await? else {
        return Ok(None);
    };
    let analyses = analyses_of(&tx, vec![row.id]).await?;
    tx.commit().await?;
    rows::run_detail(row, analyses).map(Some)
}

async fn analysis(
    db: &Database,
    owner: UserId,
    id: AnalysisId,
) -> Result<Option<(Run, Analysis, Option<String>)>, Fault> {
    use deepfake_analyses::Column;
    let tx = db.snapshot().await?;
    let query = small_analyses().filter(Column::Id.eq(id.get()));
    let Some(row) = query.into_model::<AnalysisRow>().one(&tx).await? else {
        return Ok(None);
    };
    let Some(run) = owned_run(owner, RunId::from(row.analysis_run_id)).one(&tx).await? else {
        return Ok(None);
    };
    let payload = deepfake_analyses::Entity::find_by_id(id.get())
        .select_only()
        .column(Column::ResultPayload)
        .into_tuple::<Option<sea_orm::JsonValue>>()
        .one(&tx)
        .await?;
    tx.commit().await?;
    let payload = payload.flatten().map(|json| json.to_string());
    Ok(Some((rows::run(run)?, rows::analysis(row)?, payload)))
}

async fn payloads(db: &Database, owner: UserId, run: RunId) -> Result<Vec<String>, Fault> {
    use deepfake_analyses::{Column, Relation};
    let found = deepfake_analyses::Entity::find()
        .select_only()
        .column(Column::ResultPayload)
        .join(JoinType::InnerJoin, Relation::Run.def())
        .join(JoinType::InnerJoin, analysis_runs::Relation::Media.def())
        .filter(media::Column::UserId.eq(owner.get()))
        .filter(Column::AnalysisRunId.eq(run.get()))
        .filter(Column::ResultPayload.is_not_null())
        .order_by_asc(Column::ModelName)
        .into_tuple::<sea_orm::JsonValue>()
        .all(&db.read())
        .await?;
    Ok(found.into_iter().map(|json| json.to_string()).collect())
}

async fn existing(db: &Database, ids: &[MediaId]) -> Result<Vec<MediaId>, Fault> {
    let found = media::Entity::find()
        .select_only()
        .column(media::Column::Id)
        .filter(media::Column::Id.is_in(ids.iter().map(|id| id.get())))
        .into_tuple::<Uuid>()
        .all(&db.read())
        .await?;
    Ok(found.into_iter().map(MediaId::from).collect())
}

#[async_trait]
impl Library for Store {
    async fn media(
        &self,
        owner: UserId,
        filter: &MediaFilter,
        page: &Page,
    ) -> Result<Paged<Media>, StoreError> {
        self.db.timed("list media", list(&self.db, owner, filter, page)).await
    }

    async fn medium(&self, owner: UserId, id: MediaId) -> Result<Option<MediaDetail>, StoreError> {
        self.db.timed("read a medium with its runs", medium(&self.db, owner, id)).await
    }

    async fn medium_row(&self, owner: UserId, id: MediaId) -> Result<Option<Media>, StoreError> {
        let read = async { owned(owner, id).one(&self.db.read()).await?.map(rows::media).transpose() };
        self.db.timed("read a medium", read).await
    }

    async fn describe(
        &self,
        owner: UserId,
        id: MediaId,
        description: Option<&str>,
        now: OffsetDateTime,
    ) -> Result<Option<Media>, StoreError> {
        self.db.timed("describe a medium", describe(&self.db, owner, id, description, now)).await
    }

    async fn remove(
        &self,
        owner: UserId,
        id: MediaId,
        now: OffsetDateTime,
    ) -> Result<Option<RemovedMedia>, StoreError> {
        self.db.timed("remove a medium", removal::remove(&self.db, owner, id, now)).await
    }

    async fn run(&self, owner: UserId, id: RunId) -> Result<Option<RunDetail>, StoreError> {
        self.db.timed("read a run", run(&self.db, owner, id)).await
    }

    async fn analysis(
        &self,
        owner: UserId,
        id: AnalysisId,
    ) -> Result<Option<(Run, Analysis, Option<String>)>, StoreError> {
        self.db.timed("read an analysis", analysis(&self.db, owner, id)).await
    }

    async fn payloads(&self, owner: UserId, run: RunId) -> Result<Vec<String>, StoreError> {
        self.db.timed("read the payloads of a run", payloads(&self.db, owner, run)).await
    }

    async fn events_after(&self, owner: UserId, number: u64, limit: u16) -> Result<Vec<Event>, StoreError> {
        self.db.timed("read events", events::after(&self.db, owner, number, limit)).await
    }

    async fn last_event(&self, owner: UserId) -> Result<u64, StoreError> {
        self.db.timed("read the number of the newest event", events::last(&self.db, owner)).await
    }

    async fn existing(&self, ids: &[MediaId]) -> Result<Vec<MediaId>, StoreError> {
        self.db.timed("look which media exist", existing(&self.db, ids)).await
    }
}
