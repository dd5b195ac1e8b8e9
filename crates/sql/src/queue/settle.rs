//! What becomes of a job after an attempt. Everything asks whether the lease is still the worker's own: a job that
//! another worker has taken meanwhile is left to it.

use std::time::Duration;

use dk_app::ports::JobFailure;
use dk_domain::RunId;
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, Statement};
use time::OffsetDateTime;
use uuid::Uuid;

use super::QueueOptions;
use super::job::{ACTIVE, COMPLETED, DELAYED, FAILED, WAITING};
use super::table::{hold_finaliser, release_finaliser};
use crate::database::Database;
use crate::entity::jobs::{ActiveModel, Column, Entity};
use crate::fault::Fault;

/// Completed jobs are kept for people who look; failed ones until somebody retries them.
const KEEP_COMPLETED: i64 = 1_000;
const KEEP_FAILED: i64 = 5_000;

/// One attempt that has ended.
pub(super) struct Attempt<'a> {
    pub(super) id: &'a str,
    pub(super) run: RunId,
    pub(super) worker: Uuid,
    /// 1 for the first.
    pub(super) number: u32,
}

/// Writes the outcome of an attempt; says whether the job has failed for good.
pub(super) async fn settle(
    db: &Database,
    options: &QueueOptions,
    attempt: &Attempt<'_>,
    outcome: &Result<(), JobFailure>,
    now: OffsetDateTime,
) -> Result<bool, Fault> {
    let tx = db.begin().await?;
    hold_finaliser(&tx, attempt.run).await?;
    let (row, failed) = changed(options, attempt, outcome, now)?;
    let written = Entity::update_many()
        .set(row)
        .filter(Column::Id.eq(attempt.id))
        .filter(Column::LockedBy.eq(attempt.worker))
        .filter(Column::State.eq(ACTIVE))
        .exec(&tx)
        .await?;
    release_finaliser(&tx, attempt.run).await?;
    tx.commit().await?;
    if written.rows_affected == 0 {
        tracing::warn!(job.id = attempt.id, "a job ended here after another worker had taken it");
        return Ok(false);
    }
    Ok(failed)
}

fn changed(
    options: &QueueOptions,
    attempt: &Attempt<'_>,
    outcome: &Result<(), JobFailure>,
    now: OffsetDateTime,
) -> Result<(ActiveModel, bool), Fault> {
    let free = ActiveModel { locked_by: Set(None), locked_until: Set(None), ..Default::default() };
    let ended = |state: &str, error: Option<&String>| ActiveModel {
        state: Set(state.to_owned()),
        error: Set(error.cloned()),
        ended_at: Set(Some(now)),
        ..free.clone()
    };
    Ok(match outcome {
        Ok(()) => (ended(COMPLETED, None), false),
        Err(JobFailure::GiveUp(why)) => (ended(FAILED, Some(why)), true),
        Err(JobFailure::Retry(why)) if attempt.number >= options.attempts => (ended(FAILED, Some(why)), true),
        Err(JobFailure::Retry(why)) => {
            let pause = pause(options.backoff, attempt.number);
            let again = ActiveModel {
                state: Set(DELAYED.to_owned()),
                error: Set(Some(why.clone())),
                run_at: Set(Some(now + pause)),
                ..free
            };
            (again, false)
        }
        Err(JobFailure::GiveBack) => {
            let back = ActiveModel {
                state: Set(WAITING.to_owned()),
                attempts: Set(i32::try_from(attempt.number)? - 1),
                ..free
            };
            (back, false)
        }
    })
}

/// 1, 2, 4 … times the base.
fn pause(base: Duration, attempt: u32) -> Duration {
    base.saturating_mul(1 << attempt.saturating_sub(1).min(16))
}

/// Renews a lease; false when it is not the worker's any more.
pub(super) async fn renew(
    connection: &impl ConnectionTrait,
    id: &str,
    worker: Uuid,
    until: OffsetDateTime,
) -> Result<bool, Fault> {
    let renewed = ActiveModel { locked_until: Set(Some(until)), ..Default::default() };
    let written = Entity::update_many()
        .set(renewed)
        .filter(Column::Id.eq(id))
        .filter(Column::LockedBy.eq(worker))
        .filter(Column::State.eq(ACTIVE))
        .exec(connection)
        .await?;
    Ok(written.rows_affected > 0)
}

/// Gives back whatever a worker still holds; it was no attempt.
pub(super) async fn give_back_all(db: &Database, worker: Uuid) -> Result<u64, Fault> {
    let back = Statement::from_sql_and_values(
        db.backend(),
        "update jobs set state = 'waiting', attempts = attempts - 1, locked_by = null, locked_until = null
            where locked_by = $1 and state = 'active'",
        [worker.into()],
    );
    let tx = db.begin().await?;
    let written = tx.execute_raw(back).await?;
    tx.commit().await?;
    Ok(written.rows_affected())
}

/// Gives back what this worker holds without knowing: a claim whose commit broke off may have been made. It was no
/// attempt, and nobody died over it.
pub(super) async fn give_back_others(
    db: &Database,
    worker: Uuid,
    known: impl Iterator<Item = &String> + Send,
) -> Result<u64, Fault> {
    let back = ActiveModel {
        state: Set(WAITING.to_owned()),
        locked_by: Set(None),
        locked_until: Set(None),
        ..ActiveModel::default()
    };
    let known: Vec<String> = known.cloned().collect();
    let tx = db.begin().await?;
    let written = Entity::update_many()
        .set(back)
        .col_expr(Column::Attempts, Expr::cust("attempts - 1"))
        .filter(Column::LockedBy.eq(worker))
        .filter(Column::State.eq(ACTIVE))
        .filter(Column::Id.is_not_in(known))
        .exec(&tx)
        .await?;
    tx.commit().await?;
    Ok(written.rows_affected)
}

/// Forgets the oldest of what has ended.
pub(super) async fn trim(db: &Database) -> Result<(), Fault> {
    let tx = db.begin().await?;
    for (state, keep) in [(COMPLETED, KEEP_COMPLETED), (FAILED, KEEP_FAILED)] {
        let trim = Statement::from_sql_and_values(
            db.backend(),
            "delete from jobs where state = $1 and ended_at <
                (select ended_at from jobs where state = $1 order by ended_at desc limit 1 offset $2)",
            [state.into(), (keep - 1).into()],
        );
        tx.execute_raw(trim).await?;
    }
    Ok(tx.commit().await?)
}
