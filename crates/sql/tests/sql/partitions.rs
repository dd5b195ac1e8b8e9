//! Analyses in one table per month: the same promises, the same rows, and no more tables looked into than need be.

use std::sync::Arc;

use dk_contract::store::{Stores, world};
use dk_domain::{RunId, UserId};
use dk_sql::{Layout, Store};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

use crate::support::{self, World};

async fn open() -> Stores {
    support::stores(support::by_month().await)
}

dk_contract::store_suite!(open);

/// Rows of one text, in order.
async fn texts(raw: &DatabaseConnection, ask: &str) -> Vec<String> {
    let rows = raw.query_all_raw(Statement::from_string(raw.get_database_backend(), ask)).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

/// A run that began at a moment, with its two analyses.
async fn run_of(raw: &DatabaseConnection, media: Uuid, number: i32, at: OffsetDateTime) -> Uuid {
    let millis = (at.unix_timestamp_nanos() / 1_000_000).unsigned_abs();
    let run = Uuid::from_u128(millis << 80 | 0x7 << 76 | 0x8 << 60 | u128::from(number.unsigned_abs()));
    let statement = format!(
        "insert into analysis_runs (id, media_id, run_number, status, wanted_models, urgency, created_at, ended_at, updated_at)
            values ('{run}', '{media}', {number}, 'ANALYZED', '[]', 'normal', now(), now(), now());
         insert into deepfake_analyses (id, analysis_run_id, model_name, status, media_type, result_payload, created_at, updated_at)
            select gen_random_uuid(), '{run}', model, 'COMPLETED', 'IMAGE', '{{\"of\": {number}}}', now(), now()
            from unnest(array['clip-probe', 'file-origin']) as of(model)"
    );
    raw.execute_unprepared(&statement).await.unwrap();
    run
}

/// Everything that the tables hold and promise, whatever the layout.
async fn holdings(raw: &DatabaseConnection) -> Vec<String> {
    let asks = [
        "select md5(string_agg(analysis::text, ',' order by id)) from deepfake_analyses analysis",
        "select column_name || ' ' || udt_name || ' ' || is_nullable || coalesce(column_default, '')
            from information_schema.columns where table_name = 'deepfake_analyses' order by ordinal_position",
        "select replace(pg_get_indexdef(indexrelid), 'ONLY ', '') from pg_index
            where indrelid = 'deepfake_analyses'::regclass and not indisprimary order by 1",
        "select conname || pg_get_constraintdef(oid) from pg_constraint
            where conrelid = 'deepfake_analyses'::regclass and contype <> 'p' order by 1",
        "select pg_get_userbyid(relowner) || relacl::text from pg_class where oid = 'deepfake_analyses'::regclass",
    ];
    let mut all = Vec::new();
    for ask in asks {
        all.extend(texts(raw, ask).await);
    }
    all
}

async fn where_it_lies(raw: &DatabaseConnection, run: Uuid) -> Vec<String> {
    let ask = format!(
        "select tableoid::regclass::text from deepfake_analyses where analysis_run_id = '{run}' order by 1"
    );
    texts(raw, &ask).await
}

async fn medium(stores: &Stores) -> (UserId, Uuid, RunId) {
    let ada = world::member(stores, "ada@example.org").await;
    let (media, run) = world::under_way(stores, ada.id, &["clip-probe"]).await;
    (ada.id, media.id.get(), run)
}

#[tokio::test]
async fn rows_move_into_months_and_back_with_all_that_was_promised() {
    let fresh = support::postgres().await;
    let raw = sea_orm::Database::connect(&fresh.url).await.unwrap();
    let db = fresh.db.clone();
    let stores = Stores::new(Store::new(db.clone(), Arc::new(World)), ());
    let (owner, media, _) = medium(&stores).await;
    let old = run_of(&raw, media, 2, datetime!(2025-12-31 23:59:59.999 UTC)).await;
    let new = run_of(&raw, media, 3, datetime!(2026-01-01 00:00 UTC)).await;
    raw.execute_unprepared(
        "create role reader_of_months; grant select on deepfake_analyses to reader_of_months",
    )
    .await
    .unwrap();
    let before = holdings(&raw).await;

    let now = datetime!(2026-01-15 12:00 UTC);
    assert_eq!(db.layout().await.unwrap(), Layout::Whole);
    assert!(db.lay_out(true, now).await.unwrap() && !db.lay_out(true, now).await.unwrap());
    let months = ["2025_08", "2025_12", "2026_01", "2026_02", "2026_03", "2026_04"];
    assert_eq!(db.layout().await.unwrap(), Layout::ByMonth(months.map(ToOwned::to_owned).into()));
    assert_eq!(holdings(&raw).await, before);
    assert_eq!(where_it_lies(&raw, old).await, ["deepfake_analyses_2025_12"; 2]);
    assert_eq!(where_it_lies(&raw, new).await, ["deepfake_analyses_2026_01"; 2]);
    // A model speaks once in a run, and an analysis has a run.
    let again = format!(
        "insert into deepfake_analyses select (jsonb_populate_record(analysis, jsonb_build_object('id', gen_random_uuid()))).*
            from deepfake_analyses analysis where analysis_run_id = '{new}'"
    );
    let refused = raw.execute_unprepared(&again).await.unwrap_err().to_string();
    assert!(refused.contains("duplicate key"), "{refused}");
    let nobody = again.replace("'id', gen_random_uuid()", "'analysis_run_id', gen_random_uuid()");
    let refused = raw.execute_unprepared(&nobody).await.unwrap_err().to_string();
    assert!(refused.contains("foreign key"), "{refused}");
    // A migration that comes later finds the table as it is, and another program may migrate.
    db.migrate().await.unwrap();

    assert!(db.lay_out(false, now).await.unwrap() && !db.lay_out(false, now).await.unwrap());
    assert_eq!(db.layout().await.unwrap(), Layout::Whole);
    assert_eq!(holdings(&raw).await, before);
    assert!(db.lay_out(true, now).await.unwrap());
    let id = dk_domain::MediaId::from(media);
    stores.library.remove(owner, id, world::at(9)).await.unwrap().unwrap();
    assert_eq!(texts(&raw, "select id::text from deepfake_analyses").await, [] as [String; 0]);
    raw.execute_unprepared("drop owned by reader_of_months; drop role reader_of_months").await.unwrap();
}

#[tokio::test]
async fn months_are_made_ahead_and_what_came_too_early_or_from_elsewhere_is_not_lost() {
    let fresh = support::postgres().await;
    let raw = sea_orm::Database::connect(&fresh.url).await.unwrap();
    let db = fresh.db.clone();
    let stores = Stores::new(Store::new(db.clone(), Arc::new(World)), ());
    let (_, media, _) = medium(&stores).await;
    assert_eq!(db.make_room(datetime!(2026-01-15 12:00 UTC)).await.unwrap(), 0, "one table needs no other");
    db.lay_out(true, datetime!(2026-01-15 12:00 UTC)).await.unwrap();
    let early = run_of(&raw, media, 2, datetime!(2026-06-10 12:00 UTC)).await;
    assert_eq!(where_it_lies(&raw, early).await, ["deepfake_analyses_rest"; 2]);
    let foreign = Uuid::from_u128(0xffff_ffff_ffff_4fff_8fff_ffff_ffff_ffff);
    raw.execute_unprepared(&format!(
        "insert into analysis_runs select (jsonb_populate_record(run, '{{\"id\": \"{foreign}\", \"run_number\": 9}}')).*
            from analysis_runs run where id = '{early}';
         insert into deepfake_analyses select (jsonb_populate_record(analysis, jsonb_build_object('id', gen_random_uuid(),
            'analysis_run_id', '{foreign}'))).* from deepfake_analyses analysis where analysis_run_id = '{early}'"
    ))
    .await
    .unwrap();
    let (a, b) = tokio::join!(
        db.make_room(datetime!(2026-03-31 23:59 UTC)),
        db.make_room(datetime!(2026-03-31 23:59 UTC))
    );
    assert_eq!(a.unwrap() + b.unwrap(), 2, "of two one makes the months that are missing");
    assert_eq!(db.make_room(datetime!(2026-03-31 23:59 UTC)).await.unwrap(), 0);
    assert_eq!(where_it_lies(&raw, early).await, ["deepfake_analyses_2026_06"; 2]);
    assert_eq!(where_it_lies(&raw, foreign).await, ["deepfake_analyses_rest"; 2]);
    let Layout::ByMonth(months) = db.layout().await.unwrap() else { panic!("it has partitions") };
    assert_eq!(months.last().unwrap(), "2026_06");
    // Under way meanwhile, and still there.
    assert!(stores.runs.stalled(world::at(1_000_000), 10).await.unwrap().len() == 1);
}

#[tokio::test]
async fn sqlite_has_one_table_and_says_so() {
    let fresh = support::sqlite().await;
    let now = datetime!(2026-01-15 12:00 UTC);
    assert_eq!(fresh.db.layout().await.unwrap(), Layout::Whole);
    assert!(!fresh.db.lay_out(false, now).await.unwrap());
    let refused = fresh.db.lay_out(true, now).await.unwrap_err();
    assert!(std::error::Error::source(&refused).unwrap().to_string().contains("SQLite"));
    assert_eq!(fresh.db.make_room(now).await.unwrap(), 0);
}

/// Lines of a plan that look into a partition.
async fn looked_into(raw: &DatabaseConnection, statement: &str) -> Vec<String> {
    let plan =
        texts(raw, &format!("explain (analyze, costs off, timing off, summary off) {statement}")).await;
    let executed = |line: &String| {
        line.contains("Scan") && line.contains(" on deepfake_analyses_") && !line.contains("never executed")
    };
    plan.into_iter().filter(executed).collect()
}

#[tokio::test]
async fn a_query_that_names_a_run_looks_into_one_month() {
    let fresh = support::postgres().await;
    let raw = sea_orm::ConnectOptions::new(&fresh.url).max_connections(1).to_owned();
    let raw = sea_orm::Database::connect(raw).await.unwrap();
    let stores = Stores::new(Store::new(fresh.db.clone(), Arc::new(World)), ());
    let (_, media, _) = medium(&stores).await;
    let mut run = Uuid::nil();
    for number in 2..26 {
        let at = datetime!(2024-01-15 12:00 UTC) + time::Duration::days(30 * i64::from(number));
        run = run_of(&raw, media, number, at).await;
    }
    fresh.db.lay_out(true, datetime!(2026-02-01 00:00 UTC)).await.unwrap();
    let of_run = format!("select * from deepfake_analyses where analysis_run_id = '{run}'");
    assert_eq!(looked_into(&raw, &of_run).await.len(), 1);
    // As a worker asks for its part of a run, and as its end is written.
    let held = format!(
        "select part.id from media join analysis_runs run on run.media_id = media.id
            join deepfake_analyses part on part.analysis_run_id = run.id
            where part.analysis_run_id = '{run}' and part.model_name = 'clip-probe' for update"
    );
    assert_eq!(looked_into(&raw, &held).await.len(), 1);
    // The plan of a prepared statement, which knows the run only when it is executed.
    raw.execute_unprepared(
        "set plan_cache_mode = force_generic_plan;
         prepare of_run (uuid) as update deepfake_analyses set attempts = attempts where analysis_run_id = $1",
    )
    .await
    .unwrap();
    let executed = looked_into(&raw, &format!("execute of_run ('{run}')")).await;
    assert_eq!(executed.len(), 1, "{executed:#?}");
    // An id of an analysis does not say when its run began: one look into the key of each month.
    let months = texts(
        &raw,
        "select inhrelid::regclass::text from pg_inherits where inhparent = 'deepfake_analyses'::regclass",
    )
    .await;
    let by_id = looked_into(&raw, "select * from deepfake_analyses where id = gen_random_uuid()").await;
    assert!(months.len() > 25 && by_id.len() <= months.len(), "{by_id:#?}");
}
