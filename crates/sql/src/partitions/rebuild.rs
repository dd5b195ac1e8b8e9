//! The table of analyses made anew in the other layout, with the same rows, keys, indexes, owner and rights.

use sea_orm::{ConnectionTrait, DbBackend, FromQueryResult, Statement};
use time::OffsetDateTime;

use super::month::Month;
use super::{REST, bounds, coming, table};
use crate::connection::Transaction;
use crate::fault::Fault;

/// Nobody changes a run meanwhile, and nobody sees its analyses. The old table keeps the rows until the new one has them.
const BEGIN: &str = "lock table analysis_runs in share row exclusive mode;
    lock table deepfake_analyses in access exclusive mode;
    alter table deepfake_analyses rename to deepfake_analyses_before";

/// Keys and indexes follow the rows: made once, they are made faster.
const ROWS: &str = "insert into deepfake_analyses select * from deepfake_analyses_before;
    drop table deepfake_analyses_before";

const KEYS: &str = "alter table deepfake_analyses add unique (analysis_run_id, model_name);
    alter table deepfake_analyses add foreign key (analysis_run_id) references analysis_runs (id) on delete cascade";

/// Indexes that keep no key, as they were made. Those of a table with partitions say that they are of it only.
const INDEXES: &str =
    "select replace(pg_get_indexdef(indexrelid), ' ON ONLY ', ' ON ') as statement from pg_index
    where indrelid = 'deepfake_analyses'::regclass and not indisunique order by indexrelid";

/// Statements that give the table its owner and what others may do with it. A grant is made by the owner.
const RIGHTS: &str = "select format('alter table deepfake_analyses owner to %I', pg_get_userbyid(relowner)) as statement, 0 as place
    from pg_class where oid = 'deepfake_analyses'::regclass
    union all select format('grant %s on deepfake_analyses to %s', privilege_type,
        case grantee when 0 then 'public' else quote_ident(pg_get_userbyid(grantee)) end), 1
    from pg_class, aclexplode(relacl) where oid = 'deepfake_analyses'::regclass and grantee <> relowner order by place";

/// Months in which runs began; what has no id of version 7, or one of another age, goes to the rest.
const MONTHS: &str = "with began as (select distinct date_trunc('month', to_timestamp(
        ('x' || substr(replace(analysis_run_id::text, '-', ''), 1, 12))::bit(48)::int8 / 1000.0) at time zone 'UTC') as month
        from deepfake_analyses where substr(analysis_run_id::text, 15, 1) = '7')
    select extract(year from month)::int4 as year, extract(month from month)::int4 as number from began
    where month between '2020-01-01' and '2200-01-01' order by 1, 2";

#[derive(FromQueryResult)]
struct Made {
    statement: String,
}

#[derive(FromQueryResult)]
struct Began {
    year: i32,
    number: i32,
}

pub(super) async fn rebuild(
    transaction: &Transaction,
    by_month: bool,
    now: OffsetDateTime,
) -> Result<(), Fault> {
    let (indexes, rights) = (statements(transaction, INDEXES).await?, statements(transaction, RIGHTS).await?);
    let mut steps = vec![BEGIN.to_owned(), new_table(by_month)];
    if by_month {
        let partition =
            |name: &str, values: &str| format!("create table {name} partition of deepfake_analyses {values}");
        for month in months(transaction, now).await? {
            steps.push(partition(&table(month), &format!("for values {}", bounds(month))));
        }
        steps.push(partition(REST, "default"));
    }
    let key = if by_month { "id, analysis_run_id" } else { "id" };
    steps.extend([
        ROWS.to_owned(),
        format!("alter table deepfake_analyses add primary key ({key})"),
        KEYS.to_owned(),
    ]);
    steps.extend(indexes);
    steps.extend(rights);
    // Without figures of the new tables the first queries would be planned blindly.
    steps.push("analyze deepfake_analyses".to_owned());
    for step in steps {
        transaction.execute_unprepared(&step).await?;
    }
    Ok(())
}

fn new_table(by_month: bool) -> String {
    let how = if by_month { "partition by range (analysis_run_id)" } else { "" };
    format!(
        "create table deepfake_analyses (like deepfake_analyses_before
             including defaults including constraints including storage including comments) {how}"
    )
}

async fn statements(transaction: &Transaction, ask: &str) -> Result<Vec<String>, Fault> {
    let made = Made::find_by_statement(Statement::from_string(DbBackend::Postgres, ask));
    Ok(made.all(transaction).await?.into_iter().map(|made| made.statement).collect())
}

/// The months of the rows, this one and those made ahead.
async fn months(transaction: &Transaction, now: OffsetDateTime) -> Result<Vec<Month>, Fault> {
    let began = Began::find_by_statement(Statement::from_string(DbBackend::Postgres, MONTHS));
    let began = began.all(transaction).await?.into_iter();
    let mut months: Vec<Month> =
        began.filter_map(|began| Month::from_numbers(began.year, began.number)).chain(coming(now)).collect();
    months.sort_unstable();
    months.dedup();
    Ok(months)
}
