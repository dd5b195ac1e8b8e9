//! Taking jobs: what waits, what is due again, and what a dead worker left behind.

use dk_app::ports::Job;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, QueryFilter, QueryResult,
    Statement,
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::QueueOptions;
use super::job::{FAILED, job};
use crate::connection::Transaction;
use crate::database::Database;
use crate::entity::jobs::{ActiveModel, Column, Entity, Model};
use crate::fault::Fault;

/// What a worker was given.
#[derive(Debug, Default)]
pub(super) struct Claimed {
    /// Jobs to run, with their ids, in order of place.
    pub(super) jobs: Vec<(String, Job)>,
    /// Jobs whose workers died too often; they have failed, and their finalisers do not know it yet.
    pub(super) lost: Vec<Job>,
}

/// Leases at most `limit` jobs to `worker`. Nothing fails after the commit: whoever got an error holds nothing, unless
/// the error is that of the commit (see [`super::settle::give_back_others`]).
pub(super) async fn claim(
    db: &Database,
    options: &QueueOptions,
    worker: Uuid,
    limit: usize,
    now: OffsetDateTime,
) -> Result<Claimed, Fault> {
    // Most rounds find nothing: reading is cheaper than taking the turn to write.
    if !is_anything_due(db, now).await? {
        return Ok(Claimed::default());
    }
    let tx = db.begin().await?;
    let lost = recover(db, &tx, options, now).await?;
    let rows = lease(db, &tx, worker, limit, now + options.lease, now).await?;
    let mut leased = readable(&tx, rows, options, now).await?;
    tx.commit().await?;
    leased.sort_by(|(a, _), (b, _)| (a.place, a.created_at, &a.id).cmp(&(b.place, b.created_at, &b.id)));
    Ok(Claimed { jobs: leased.into_iter().map(|(row, job)| (row.id, job)).collect(), lost })
}

async fn is_anything_due(db: &Database, now: OffsetDateTime) -> Result<bool, Fault> {
    let look = Statement::from_sql_and_values(
        db.backend(),
        "select 1 where exists (select 1 from jobs where state in ('waiting', 'delayed')
                and (state = 'waiting' or run_at <= $1))
            or exists (select 1 from jobs where state = 'active' and locked_until < $1)",
        [now.into()],
    );
    Ok(db.read().query_one_raw(look).await?.is_some())
}

/// Puts back jobs whose lease is over. One that this happened to too often has failed.
async fn recover(
    db: &Database,
    tx: &Transaction,
    options: &QueueOptions,
    now: OffsetDateTime,
) -> Result<Vec<Job>, Fault> {
    let back = Statement::from_sql_and_values(
        db.backend(),
        format!(
            "update jobs set stalls = stalls + 1, attempts = attempts - 1, locked_by = null, locked_until = null,
                state = case when stalls >= $1 then 'failed' else 'waiting' end,
                error = 'worker_lost: the process that worked on it ended in the middle',
                ended_at = case when stalls >= $1 then $2 else null end
            where id in (select id from jobs where state = 'active' and locked_until < $2 {}) returning *",
            skip_locked(db)
        ),
        [i64::from(options.stalls).into(), now.into()],
    );
    let rows = tx.query_all_raw(back).await?;
    let mut lost = Vec::new();
    for (row, job) in readable(tx, rows, options, now).await? {
        let failed = row.state == FAILED;
        metrics::counter!("queue_jobs_stalled_total").increment(1);
        tracing::warn!(job.id = row.id, stalls = row.stalls, failed, "the worker of a job was lost");
        if failed {
            lost.push(Job { is_last: true, ..job });
        }
    }
    Ok(lost)
}

async fn lease(
    db: &Database,
    tx: &Transaction,
    worker: Uuid,
    limit: usize,
    until: OffsetDateTime,
    now: OffsetDateTime,
) -> Result<Vec<QueryResult>, Fault> {
    let lease = Statement::from_sql_and_values(
        db.backend(),
        format!(
            "update jobs set state = 'active', attempts = attempts + 1, locked_by = $1, locked_until = $2,
                run_at = null
            where id in (select id from jobs where state in ('waiting', 'delayed')
                and (state = 'waiting' or run_at <= $3)
                order by place, created_at, id limit $4 {}) returning *",
            skip_locked(db)
        ),
        [worker.into(), until.into(), now.into(), i64::try_from(limit)?.into()],
    );
    Ok(tx.query_all_raw(lease).await?)
}

/// Reads rows as jobs. One that cannot be read is put away as failed, so that it holds up no other.
async fn readable(
    tx: &Transaction,
    rows: Vec<QueryResult>,
    options: &QueueOptions,
    now: OffsetDateTime,
) -> Result<Vec<(Model, Job)>, Fault> {
    let mut readable = Vec::new();
    for row in rows {
        match read(&row, options.attempts) {
            Ok(job) => readable.push(job),
            Err(fault) => put_away(tx, &row, fault, now).await?,
        }
    }
    Ok(readable)
}

fn read(row: &QueryResult, most: u32) -> Result<(Model, Job), Fault> {
    let row = Model::from_query_result(row, "")?;
    let job = job(&row, most)?;
    Ok((row, job))
}

async fn put_away(
    tx: &Transaction,
    row: &QueryResult,
    fault: Fault,
    now: OffsetDateTime,
) -> Result<(), Fault> {
    let id: String = row.try_get("", "id")?;
    let error = fault.in_queue("read a job");
    tracing::error!(job.id = id, error = &error as &dyn std::error::Error, "a job is put away as failed");
    let failed = ActiveModel {
        state: Set(FAILED.to_owned()),
        error: Set(Some("its row cannot be read".to_owned())),
        locked_by: Set(None),
        locked_until: Set(None),
        ended_at: Set(Some(now)),
        ..ActiveModel::default()
    };
    Entity::update_many().set(failed).filter(Column::Id.eq(id)).exec(tx).await?;
    Ok(())
}

fn skip_locked(db: &Database) -> &'static str {
    if db.is_postgres() { "for update skip locked" } else { "" }
}
