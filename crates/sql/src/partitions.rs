//! `deepfake_analyses` as one table, or as one per month (PostgreSQL only).
//!
//! A partition holds the analyses of the runs that began in its month. Its key is the id of the run, whose first
//! bits are the time at which it was made: so `(analysis_run_id, model_name)` stays unique in the whole table, and every
//! query that names a run looks into one partition. What fits into no month lies in that of the rest; nothing is refused.

mod month;
mod rebuild;

use dk_app::ports::StoreError;
use sea_orm::{ConnectionTrait, DbBackend, DbErr, FromQueryResult, Statement};
use time::OffsetDateTime;

use crate::connection::Transaction;
use crate::database::{Database, lock_schema};
use crate::fault::Fault;
use month::Month;

/// Months that are made ahead of the present one.
const AHEAD: usize = 3;
/// The partition for what fits into no month.
const REST: &str = "deepfake_analyses_rest";
/// Whoever makes room waits this long for those who read and write, and tries again another time.
const PATIENCE: &str = "set local lock_timeout = '5s'";

/// How the analyses lie.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Layout {
    /// In one table.
    Whole,
    /// In one table per month, of which these are there, such as `2027_01`, in order.
    ByMonth(Vec<String>),
}

/// A partition.
#[derive(FromQueryResult)]
struct Partition {
    name: String,
}

impl Database {
    /// How the analyses lie now.
    pub async fn layout(&self) -> Result<Layout, StoreError> {
        self.timed("look how analyses lie", async {
            Ok(match months(&self.read()).await? {
                None => Layout::Whole,
                Some(months) => Layout::ByMonth(months.into_iter().map(Month::suffix).collect()),
            })
        })
        .await
    }

    /// Lays the analyses into one table per month, or back into one, all or nothing. Nobody reads or writes them
    /// meanwhile, and the disk needs room for them twice. `false` when they lie so already. SQLite knows only one table.
    pub async fn lay_out(&self, by_month: bool, now: OffsetDateTime) -> Result<bool, StoreError> {
        self.timed("lay out the analyses", async {
            if !self.is_postgres() && by_month {
                return Err(Fault::from(DbErr::Custom("SQLite has no partitions".to_owned())));
            }
            let transaction = self.begin().await?;
            if self.is_postgres() {
                lock_schema(&transaction).await?;
            }
            if months(&transaction).await?.is_some() == by_month {
                return Ok(false);
            }
            rebuild::rebuild(&transaction, by_month, now).await?;
            transaction.commit().await?;
            Ok(true)
        })
        .await
    }

    /// Makes the tables of this month and the next ones where analyses lie by month; says how many it made.
    pub async fn make_room(&self, now: OffsetDateTime) -> Result<usize, StoreError> {
        self.timed("make room for analyses", async {
            // Nearly always there is nothing to do, and nothing is locked for it.
            if !self.is_postgres() || missing(&self.read(), now).await?.is_empty() {
                return Ok(0);
            }
            let transaction = self.begin().await?;
            transaction.execute_unprepared(PATIENCE).await?;
            lock_schema(&transaction).await?;
            let missing = missing(&transaction, now).await?;
            if !missing.is_empty() {
                // In the order in which everybody takes them.
                transaction
                    .execute_unprepared("lock table analysis_runs in share row exclusive mode")
                    .await?;
            }
            for month in &missing {
                add(&transaction, *month).await?;
            }
            transaction.commit().await?;
            Ok(missing.len())
        })
        .await
    }
}

/// This month and those made ahead.
fn coming(now: OffsetDateTime) -> Vec<Month> {
    std::iter::successors(Some(Month::of(now)), |month| Some(month.next())).take(AHEAD + 1).collect()
}

async fn missing(connection: &impl ConnectionTrait, now: OffsetDateTime) -> Result<Vec<Month>, Fault> {
    let Some(there) = months(connection).await? else { return Ok(Vec::new()) };
    Ok(coming(now).into_iter().filter(|month| !there.contains(month)).collect())
}

/// The months that have a table, in order; nothing where all lie in one.
async fn months(connection: &impl ConnectionTrait) -> Result<Option<Vec<Month>>, Fault> {
    if connection.get_database_backend() != DbBackend::Postgres {
        return Ok(None);
    }
    let ask = "select partition.relname::text as name from pg_class whole \
        join pg_inherits on inhparent = whole.oid join pg_class partition on partition.oid = inhrelid \
        where whole.oid = to_regclass('deepfake_analyses') and whole.relkind = 'p'";
    let ask = Statement::from_string(DbBackend::Postgres, ask);
    let partitions = Partition::find_by_statement(ask).all(connection).await?;
    if partitions.is_empty() {
        return Ok(None);
    }
    let suffix = |of: &Partition| of.name.strip_prefix("deepfake_analyses_").and_then(Month::from_suffix);
    let mut months: Vec<Month> = partitions.iter().filter_map(suffix).collect();
    months.sort_unstable();
    Ok(Some(months))
}

fn table(month: Month) -> String {
    format!("deepfake_analyses_{}", month.suffix())
}

/// The bounds of a month, for `for values`.
fn bounds(month: Month) -> String {
    format!("from ('{}') to ('{}')", month.first_id(), month.next().first_id())
}

/// Adds the table of a month, with what waits for it in the rest. It is filled before it becomes a partition, so
/// that others may read and write the other ones until the last moment.
async fn add(transaction: &Transaction, month: Month) -> Result<(), Fault> {
    let (table, bounds) = (table(month), bounds(month));
    let (from, to) = (month.first_id(), month.next().first_id());
    let its = format!("analysis_run_id >= '{from}' and analysis_run_id < '{to}'");
    transaction
        .execute_unprepared(&format!(
            "create table {table} (like deepfake_analyses including defaults including constraints including storage);
             lock table {REST} in access exclusive mode;
             with strays as (delete from {REST} where {its} returning *) insert into {table} select * from strays;
             alter table deepfake_analyses attach partition {table} for values {bounds}"
        ))
        .await?;
    Ok(())
}
