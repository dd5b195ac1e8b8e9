//! Opening, migrating and refusing.

use dk_sql::{Database, PoolOptions, SchemaState};
use sea_orm::{ConnectionTrait, Statement};

use crate::support;

fn empty_databases() -> (Vec<String>, tempfile::TempDir) {
    let folder = tempfile::tempdir().unwrap();
    let postgres = dk_testkit::postgres::shared().unwrap().empty_database().unwrap();
    (vec![format!("sqlite://{}", folder.path().join("new.db").display()), postgres.url], folder)
}

#[tokio::test]
async fn migrating_twice_and_by_many_at_once_is_harmless() {
    let (urls, _folder) = empty_databases();
    for url in urls {
        let one = Database::open(&url, PoolOptions::default()).await.unwrap();
        let other = Database::open(&url, PoolOptions::default()).await.unwrap();
        assert_eq!(one.schema_state().await.unwrap(), SchemaState::Empty);
        let (a, b, c) = tokio::join!(one.migrate(), other.migrate(), one.migrate());
        a.unwrap();
        b.unwrap();
        c.unwrap();
        other.migrate().await.unwrap();
        assert_eq!(one.schema_state().await.unwrap(), SchemaState::Ready);
    }
}

#[tokio::test]
async fn tables_of_a_newer_or_an_older_program_are_told_apart() {
    let (urls, _folder) = empty_databases();
    for url in urls {
        let db = Database::open(&url, PoolOptions::default()).await.unwrap();
        db.migrate().await.unwrap();
        let raw = sea_orm::Database::connect(&url).await.unwrap();
        let run = async |sql: &str| {
            raw.execute_raw(Statement::from_string(raw.get_database_backend(), sql)).await.unwrap();
        };
        run("insert into seaql_migrations (version, applied_at) values ('m9999_future', 0)").await;
        assert_eq!(db.schema_state().await.unwrap(), SchemaState::Ahead(vec!["m9999_future".to_owned()]));
        run("delete from seaql_migrations").await;
        let SchemaState::Behind(missing) = db.schema_state().await.unwrap() else { panic!("it is behind") };
        assert_eq!(missing[..2], ["m0001_first", "m0002_accounts"]);
    }
}

#[tokio::test]
async fn a_database_that_cannot_be_reached_may_be_there_later() {
    let options =
        PoolOptions { acquire_timeout: std::time::Duration::from_secs(1), ..PoolOptions::default() };
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let nobody = format!("postgres://postgres@127.0.0.1:{port}/none");
    assert!(Database::open(&nobody, options).await.unwrap_err().may_pass());
    assert!(Database::open("sqlite:///no/such/folder/x.db", options).await.unwrap_err().may_pass());
    assert!(!Database::open("mongodb://x", options).await.unwrap_err().may_pass());
}

#[tokio::test]
async fn the_store_works_again_after_its_database_was_killed() {
    use dk_app::ports::Accounts as _;
    let server = dk_testkit::postgres::Private::start().unwrap();
    let options =
        PoolOptions { acquire_timeout: std::time::Duration::from_secs(5), ..PoolOptions::default() };
    let db = Database::open(&server.url(), options).await.unwrap();
    db.migrate().await.unwrap();
    let store = dk_sql::Store::new(db, std::sync::Arc::new(support::World));
    store.ping().await.unwrap();
    server.kill().unwrap();
    assert!(store.has_users().await.unwrap_err().may_pass());
    server.start_again().unwrap();
    assert!(!store.has_users().await.unwrap());
}

#[tokio::test]
async fn postgresql_has_the_indexes_that_queries_rely_on() {
    let fresh = support::postgres().await;
    let raw = sea_orm::Database::connect(&fresh.url).await.unwrap();
    let ask = Statement::from_string(
        raw.get_database_backend(),
        "select indexdef from pg_indexes where schemaname = 'public'",
    );
    let rows = raw.query_all_raw(ask).await.unwrap();
    let all: Vec<String> = rows.iter().map(|row| row.try_get("", "indexdef").unwrap()).collect();
    for part in [
        "media USING btree (user_id, created_at DESC)",
        "deepfake_analyses USING btree (analysis_run_id)",
        "deepfake_analyses USING btree (model_name)",
        "deepfake_analyses USING btree (confidence)",
        "deepfake_analyses USING gin (result_payload",
        "UNIQUE INDEX users_email_key ON public.users",
        "USING btree (media_id, run_number)",
        "USING btree (analysis_run_id, model_name)",
    ] {
        assert!(all.iter().any(|index| index.contains(part)), "{part} is missing in {all:#?}");
    }
}

#[tokio::test]
async fn sqlite_writes_ahead_and_what_belongs_to_a_person_goes_with_them() {
    let (urls, _folder) = empty_databases();
    for url in urls {
        let db = Database::open(&url, PoolOptions::default()).await.unwrap();
        db.migrate().await.unwrap();
        let raw = sea_orm::Database::connect(&url).await.unwrap();
        let ask = async |sql: &str| -> Vec<String> {
            let rows =
                raw.query_all_raw(Statement::from_string(raw.get_database_backend(), sql)).await.unwrap();
            rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
        };
        let keys = if url.starts_with("sqlite") {
            assert_eq!(ask("pragma journal_mode").await, ["wal"]);
            "select t.name || ' ' || k.on_delete from sqlite_schema t, pragma_foreign_key_list(t.name) k \
             where t.type = 'table' and k.\"table\" in ('users', 'media', 'analysis_runs')"
        } else {
            "select conrelid::regclass || ' ' || case confdeltype when 'c' then 'CASCADE' when 'n' then 'SET NULL' end \
             from pg_constraint where contype = 'f' \
             and confrelid in ('users'::regclass, 'media'::regclass, 'analysis_runs'::regclass)"
        };
        let mut keys = ask(keys).await;
        keys.sort_unstable();
        for table in ["analysis_runs", "api_keys", "deepfake_analyses", "events", "media", "sessions"] {
            assert!(keys.contains(&format!("{table} CASCADE")), "{table}: {keys:?}");
        }
        // A medium outlives the run that it points at, and what was done outlives who did it.
        let outlive = ["media SET NULL", "audit_log SET NULL"];
        assert!(keys.iter().all(|key| key.ends_with("CASCADE") || outlive.contains(&&**key)), "{keys:?}");
    }
}
