//! The table `jobs`, asked and changed by those who add jobs and look at them.
//!
//! Rows of one run are locked in one order, its finaliser first; so two models that end at once cannot both think
//! that the other one is still under way.

use dk_app::ports::{FailedJob, Planned, QueueCounts};
use dk_domain::{ModelName, RunId};
use sea_orm::sea_query::OnConflict;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, Statement, TryInsertResult,
};
use time::OffsetDateTime;

use super::job::{
    ACTIVE, ANALYZE, COMPLETED, DELAYED, FAILED, FINALIZE, WAITING, WAITING_CHILDREN, analyze_id, failed_job,
    finalize_id,
};
use crate::connection::Transaction;
use crate::database::{Database, word};
use crate::entity::jobs::{ActiveModel, Column, Entity, Model};
use crate::fault::Fault;
use crate::rows::unsigned;

/// States in which a job still has a future.
const ALIVE: [&str; 3] = [WAITING, DELAYED, ACTIVE];

pub(super) async fn enqueue(db: &Database, run: &Planned, now: OffsetDateTime) -> Result<(), Fault> {
    let tx = db.begin().await?;
    let finaliser = new_job(finalize_id(run.run_id), FINALIZE, None, run, now);
    add(&tx, ActiveModel { state: Set(WAITING_CHILDREN.to_owned()), ..finaliser }, now).await?;
    hold_finaliser(&tx, run.run_id).await?;
    for model in &run.models {
        add(&tx, new_job(analyze_id(run.run_id, model), ANALYZE, Some(model), run, now), now).await?;
    }
    release_finaliser(&tx, run.run_id).await?;
    Ok(tx.commit().await?)
}

fn new_job(
    id: String,
    name: &str,
    model: Option<&ModelName>,
    run: &Planned,
    now: OffsetDateTime,
) -> ActiveModel {
    ActiveModel {
        id: Set(id),
        name: Set(name.to_owned()),
        media_id: Set(run.media_id.get()),
        run_id: Set(run.run_id.get()),
        model_name: Set(model.map(ToString::to_string)),
        place: Set(i32::try_from(run.place).unwrap_or(i32::MAX)),
        state: Set(WAITING.to_owned()),
        attempts: Set(0),
        stalls: Set(0),
        locked_by: Set(None),
        locked_until: Set(None),
        run_at: Set(None),
        error: Set(None),
        created_at: Set(now),
        ended_at: Set(None),
    }
}

/// Adds a job, or begins one anew that has ended. One that is alive stays as it is.
async fn add(tx: &Transaction, job: ActiveModel, now: OffsetDateTime) -> Result<(), Fault> {
    let there = OnConflict::column(Column::Id).do_nothing().to_owned();
    let added =
        Entity::insert(job.clone()).on_conflict(there).try_insert().exec_without_returning(tx).await?;
    if matches!(added, TryInsertResult::Inserted(1..)) {
        return Ok(());
    }
    let id = job.id.clone().take().unwrap_or_default();
    let anew = ActiveModel { id: sea_orm::ActiveValue::NotSet, created_at: Set(now), ..job };
    Entity::update_many()
        .set(anew)
        .filter(Column::Id.eq(id))
        .filter(Column::State.is_in([COMPLETED, FAILED]))
        .exec(tx)
        .await?;
    Ok(())
}

/// Locks the finaliser of a run, so that nobody else counts its models meanwhile.
pub(super) async fn hold_finaliser(tx: &Transaction, run: RunId) -> Result<(), Fault> {
    Entity::find_by_id(finalize_id(run))
        .select_only()
        .column(Column::Id)
        .lock_exclusive()
        .into_tuple::<String>()
        .one(tx)
        .await?;
    Ok(())
}

/// Makes the finaliser of a run due if none of its models has a job with a future.
pub(super) async fn release_finaliser(tx: &Transaction, run: RunId) -> Result<(), Fault> {
    let release = Statement::from_sql_and_values(
        tx.get_database_backend(),
        "update jobs set state = 'waiting' where id = $1 and state = 'waiting-children' and not exists
            (select 1 from jobs child where child.run_id = $2 and child.name = 'run-single-analysis'
                and child.state in ('waiting', 'delayed', 'active'))",
        [finalize_id(run).into(), run.get().into()],
    );
    tx.execute_raw(release).await?;
    Ok(())
}

/// As [`release_finaliser`], by itself.
pub(super) async fn look_at_finaliser(db: &Database, run: RunId) -> Result<(), Fault> {
    let tx = db.begin().await?;
    hold_finaliser(&tx, run).await?;
    release_finaliser(&tx, run).await?;
    Ok(tx.commit().await?)
}

pub(super) async fn remove(db: &Database, run: RunId, models: &[ModelName]) -> Result<(), Fault> {
    let tx = db.begin().await?;
    hold_finaliser(&tx, run).await?;
    let ids = models.iter().map(|model| analyze_id(run, model));
    Entity::delete_many()
        .filter(Column::Id.is_in(ids))
        .filter(Column::State.is_in([WAITING, DELAYED]))
        .exec(&tx)
        .await?;
    remove_lonely_finaliser(&tx, run).await?;
    release_finaliser(&tx, run).await?;
    Ok(tx.commit().await?)
}

/// Where no job of any model is left, there is nothing to look at.
async fn remove_lonely_finaliser(tx: &Transaction, run: RunId) -> Result<(), Fault> {
    let remove = Statement::from_sql_and_values(
        tx.get_database_backend(),
        "delete from jobs where id = $1 and state = 'waiting-children' and not exists
            (select 1 from jobs child where child.run_id = $2 and child.name = 'run-single-analysis')",
        [finalize_id(run).into(), run.get().into()],
    );
    tx.execute_raw(remove).await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct InState {
    state: String,
    jobs: i64,
}

pub(super) async fn counts(db: &Database) -> Result<QueueCounts, Fault> {
    let count =
        Statement::from_string(db.backend(), "select state, count(*) as jobs from jobs group by state");
    let mut counts = QueueCounts::default();
    for row in InState::find_by_statement(count).all(&db.read()).await? {
        let jobs = unsigned(row.jobs)?;
        match row.state.as_str() {
            WAITING => counts.waiting = jobs,
            ACTIVE => counts.active = jobs,
            DELAYED => counts.delayed = jobs,
            WAITING_CHILDREN => counts.waiting_children = jobs,
            COMPLETED => counts.completed = jobs,
            FAILED => counts.failed = jobs,
            _ => {}
        }
    }
    Ok(counts)
}

pub(super) async fn failed(db: &Database, offset: u32, limit: u16) -> Result<Vec<FailedJob>, Fault> {
    let query = Entity::find()
        .filter(Column::State.eq(FAILED))
        .order_by_desc(Column::EndedAt)
        .order_by_desc(Column::Id)
        .offset(u64::from(offset))
        .limit(u64::from(limit));
    let rows = db.read().query_all_raw(query.build(db.backend())).await?;
    // One that cannot be read is shown to nobody, and keeps none from being shown.
    let read = |row| failed_job(Model::from_query_result(row, "")?);
    Ok(rows.iter().filter_map(|row| read(row).ok()).collect())
}

pub(super) async fn failed_one(db: &Database, id: &str) -> Result<Option<FailedJob>, Fault> {
    let query = Entity::find_by_id(id).filter(Column::State.eq(FAILED));
    query.one(&db.read()).await?.map(failed_job).transpose()
}

pub(super) async fn forget_failed(db: &Database, id: &str) -> Result<(), Fault> {
    let tx = db.begin().await?;
    Entity::delete_many().filter(Column::Id.eq(id)).filter(Column::State.eq(FAILED)).exec(&tx).await?;
    Ok(tx.commit().await?)
}

pub(super) async fn alive(db: &Database, run: RunId, models: &[ModelName]) -> Result<Vec<ModelName>, Fault> {
    let found = Entity::find()
        .select_only()
        .column(Column::ModelName)
        .filter(Column::Id.is_in(models.iter().map(|model| analyze_id(run, model))))
        .filter(Column::State.is_in(ALIVE))
        .order_by_asc(Column::Id)
        .into_tuple::<Option<String>>()
        .all(&db.read())
        .await?;
    found.iter().flatten().map(|name| word(name)).collect()
}

pub(super) async fn ping(db: &Database) -> Result<(), Fault> {
    let ask = Statement::from_string(db.backend(), "select 1");
    db.read().query_one_raw(ask).await?;
    Ok(())
}
