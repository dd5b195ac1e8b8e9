//! The port [`Library`]. Every query names the owner, so what belongs to somebody else is not found.

use async_trait::async_trait;
use dk_app::ports::{
    Analysis, Event, Library, Mark, Media, MediaDetail, MediaFilter, MediaPage, MediaPart, MediaPlace,
    MediaSort, RemovedMedia, Run, RunDetail, StoreError,
};
use dk_domain::{AnalysisId, MediaId, RunId, UserId};
use sea_orm::sea_query::{Expr, ExprTrait, LikeExpr};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, JoinType, QueryFilter,
    QueryOrder, QuerySelect, RelationTrait, Select,
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Store, events, marks, removal};
use crate::connection::View;
use crate::database::Database;
use crate::entity::{analysis_runs, deepfake_analyses, media};
use crate::fault::Fault;
use crate::look::Sight;
use crate::rows::{self, AnalysisRow};

async fn list(
    view: &View<'_>,
    owner: UserId,
    filter: &MediaFilter,
    page: &MediaPage,
) -> Result<MediaPart, Fault> {
    use media::Column;
    let query = media::Entity::find().filter(Column::UserId.eq(owner.get()));
    let mut query = sorted(view.get_database_backend(), query, page)?.limit(u64::from(page.limit) + 1);
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
    // One more row than is shown tells whether more follow.
    let mut found = query.all(view).await?;
    let more = found.len() > usize::from(page.limit);
    found.truncate(usize::from(page.limit));
    let items = found.into_iter().map(rows::media).collect::<Result<Vec<_>, _>>()?;
    let next = items.last().filter(|_| more).map(MediaPlace::from);
    Ok(MediaPart { items, next })
}

/// Puts media in order and leaves out those before the part that is wanted.
fn sorted(
    backend: DbBackend,
    query: Select<media::Entity>,
    page: &MediaPage,
) -> Result<Select<media::Entity>, Fault> {
    use media::Column;
    let id = || Expr::col((media::Entity, Column::Id));
    // Bytes decide on both databases, whatever the language of the server.
    let postgres = backend == DbBackend::Postgres;
    let text = || Expr::cust(if postgres { r#""media"."search" collate "C""# } else { "search" });
    let size = || Expr::col((media::Entity, Column::Size));
    let after = page.after.as_ref();
    let (query, later) = match page.sort {
        MediaSort::Newest => (query.order_by_desc(Column::Id), after.map(|after| id().lt(after.id))),
        MediaSort::Oldest => (query.order_by_asc(Column::Id), after.map(|after| id().gt(after.id))),
        MediaSort::Name => {
            let later = after.map(|after| {
                let same = text().eq(after.text.as_str()).and(id().gt(after.id));
                text().gt(after.text.as_str()).or(same)
            });
            (query.order_by_asc(text()).order_by_asc(Column::Id), later)
        }
        MediaSort::Largest => {
            let bytes = after.map(|after| i64::try_from(after.bytes)).transpose()?;
            let later = after
                .zip(bytes)
                .map(|(after, bytes)| size().lt(bytes).or(size().eq(bytes).and(id().lt(after.id))));
            (query.order_by_desc(Column::Size).order_by_desc(Column::Id), later)
        }
    };
    Ok(match later {
        Some(later) => query.filter(later),
        None => query,
    })
}

/// The row of a medium, if it is this owner's.
pub(super) fn owned(owner: UserId, id: MediaId) -> Select<media::Entity> {
    media::Entity::find_by_id(id.get()).filter(media::Column::UserId.eq(owner.get()))
}

async fn medium(view: &View<'_>, owner: UserId, id: MediaId) -> Result<Option<MediaDetail>, Fault> {
    let Some(row) = owned(owner, id).one(view).await? else {
        return Ok(None);
    };
    let runs = analysis_runs::Entity::find()
        .filter(analysis_runs::Column::MediaId.eq(row.id))
        .order_by_desc(analysis_runs::Column::RunNumber)
        .all(view)
        .await?;
    let analyses = analyses_of(view, runs.iter().map(|run| run.id).collect()).await?;
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

async fn run(view: &View<'_>, owner: UserId, id: RunId) -> Result<Option<RunDetail>, Fault> {
    let Some(row) = owned_run(owner, id).one(view).await? else {
        return Ok(None);
    };
    let analyses = analyses_of(view, vec![row.id]).await?;
    rows::run_detail(row, analyses).map(Some)
}

async fn analysis(
    view: &View<'_>,
    owner: UserId,
    id: AnalysisId,
) -> Result<Option<(Run, Analysis, Option<String>)>, Fault> {
    use deepfake_analyses::Column;
    let query = small_analyses().filter(Column::Id.eq(id.get()));
    let Some(row) = query.into_model::<AnalysisRow>().one(view).await? else {
        return Ok(None);
    };
    let Some(run) = owned_run(owner, RunId::from(row.analysis_run_id)).one(view).await? else {
        return Ok(None);
    };
    let payload = deepfake_analyses::Entity::find_by_id(id.get())
        .filter(Column::AnalysisRunId.eq(row.analysis_run_id))
        .select_only()
        .column(Column::ResultPayload)
        .into_tuple::<Option<sea_orm::JsonValue>>()
        .one(view)
        .await?;
    let payload = payload.flatten().map(|json| json.to_string());
    Ok(Some((rows::run(run)?, rows::analysis(row)?, payload)))
}

/// Payloads of a run, and when it ended.
type Payloads = Vec<(sea_orm::JsonValue, Option<OffsetDateTime>)>;

async fn payloads(view: &View<'_>, owner: UserId, run: RunId) -> Result<Payloads, Fault> {
    use deepfake_analyses::{Column, Relation};
    let found = deepfake_analyses::Entity::find()
        .select_only()
        .column(Column::ResultPayload)
        .column(analysis_runs::Column::EndedAt)
        .join(JoinType::InnerJoin, Relation::Run.def())
        .join(JoinType::InnerJoin, analysis_runs::Relation::Media.def())
        .filter(media::Column::UserId.eq(owner.get()))
        .filter(Column::AnalysisRunId.eq(run.get()))
        .filter(Column::ResultPayload.is_not_null())
        .order_by_asc(Column::ModelName)
        .into_tuple()
        .all(view)
        .await?;
    Ok(found)
}

/// Whether nothing is under way in a run.
fn settled(run: &Run) -> bool {
    run.status.is_ended()
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
        page: &MediaPage,
    ) -> Result<MediaPart, StoreError> {
        let open = filter.status.is_some_and(|status| !status.is_ended());
        let settled = move |part: &MediaPart| !open && part.items.iter().all(|item| item.status.is_ended());
        let ask = self
            .db
            .look("list media", Sight::Each, settled, move |view| Box::pin(list(view, owner, filter, page)));
        ask.await
    }

    async fn medium(&self, owner: UserId, id: MediaId) -> Result<Option<MediaDetail>, StoreError> {
        let all = |found: &Option<MediaDetail>| {
            found.as_ref().is_some_and(|medium| medium.runs.iter().all(|detail| settled(&detail.run)))
        };
        let ask = self.db.look("read a medium with its runs", Sight::Moment, all, move |view| {
            Box::pin(medium(view, owner, id))
        });
        ask.await
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
        let ended = |found: &Option<RunDetail>| found.as_ref().is_some_and(|detail| settled(&detail.run));
        let ask =
            self.db.look("read a run", Sight::Moment, ended, move |view| Box::pin(run(view, owner, id)));
        ask.await
    }

    async fn analysis(
        &self,
        owner: UserId,
        id: AnalysisId,
    ) -> Result<Option<(Run, Analysis, Option<String>)>, StoreError> {
        let ended = |found: &Option<(Run, Analysis, Option<String>)>| {
            found.as_ref().is_some_and(|(run, ..)| settled(run))
        };
        let ask = self
            .db
            .look("read an analysis", Sight::Moment, ended, move |view| Box::pin(analysis(view, owner, id)));
        ask.await
    }

    async fn payloads(&self, owner: UserId, run: RunId) -> Result<Vec<String>, StoreError> {
        let ended = |found: &Payloads| found.first().is_some_and(|(_, ended_at)| ended_at.is_some());
        let ask = self.db.look("read the payloads of a run", Sight::Each, ended, move |view| {
            Box::pin(payloads(view, owner, run))
        });
        Ok(ask.await?.into_iter().map(|(json, _)| json.to_string()).collect())
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

    async fn mark(&self) -> Result<Mark, StoreError> {
        self.db.timed("read the mark of the installation", marks::mark(&self.db)).await
    }

    async fn begin_sweep(&self) -> Result<Mark, StoreError> {
        self.db.timed("count a sweep of files", marks::begin_sweep(&self.db)).await
    }
}
