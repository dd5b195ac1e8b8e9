//! A real replica that follows a real primary: what it answers lacks nothing, and it is never needed.

use std::sync::Arc;
use std::time::Duration;

use dk_app::ports::{Accounts as _, Library as _, MediaFilter, MediaPage, MediaSort};
use dk_contract::store::{Stores, accounts, health, library, runs, world};
use dk_domain::UserId;
use dk_sql::{Database, PoolOptions, ReplicaOptions, ReplicaState, Store};
use dk_testkit::postgres::{Private, Replica};
use sea_orm::ConnectionTrait;

use crate::support::World;

/// What the replica is asked when media are listed.
const LIST: &str = r#"FROM "media" WHERE"#;

fn options(patience: Duration) -> ReplicaOptions {
    ReplicaOptions { max_connections: 4, patience, look_every: Duration::from_millis(50) }
}

async fn open(primary: &str, replica: &str, patience: Duration) -> Database {
    let db = Database::open(primary, PoolOptions::default()).await.unwrap();
    db.with_replica(replica, options(patience)).await.unwrap()
}

/// Waits until the replica is as it should be.
async fn becomes(db: &Database, fit: bool) {
    let is_so = async {
        while (db.replica_state().await == Some(ReplicaState::Follows)) != fit {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), is_so).await.unwrap();
}

/// Where the replica is for an account that may only read.
fn to_read(replica: &Replica, database: &str) -> String {
    replica.url(database).replace("postgres@", "reader@")
}

/// A primary with tables, and its replica.
async fn pair() -> (Private, Replica) {
    let primary = Private::start().unwrap();
    let db = Database::open(&primary.url(), PoolOptions::default()).await.unwrap();
    db.migrate().await.unwrap();
    db.close().await.unwrap();
    let raw = sea_orm::Database::connect(&primary.url()).await.unwrap();
    raw.execute_unprepared("create role reader login; grant pg_read_all_data to reader").await.unwrap();
    raw.close().await.unwrap();
    let replica = primary.replica().unwrap();
    (primary, replica)
}

async fn listed(store: &Store, owner: UserId) -> usize {
    let page = MediaPage { limit: 100, sort: MediaSort::Newest, after: None };
    store.media(owner, &MediaFilter::default(), &page).await.unwrap().items.len()
}

/// A person whose media have all been judged, so that nothing is under way.
async fn judged(stores: &Stores, owner: UserId) {
    let (_, run) = world::under_way(stores, owner, &["clip-probe"]).await;
    world::start(stores, run, "clip-probe", world::at(1)).await;
    world::end(stores, run, "clip-probe", &world::fake(), world::at(2)).await;
}

macro_rules! through {
    ($primary:ident, $replica:ident; $($part:ident :: $promise:ident)*) => {$({
        let name = concat!(stringify!($part), "_", stringify!($promise));
        let url = $primary.database(name, "postgres").unwrap();
        let db = open(&url, &to_read(&$replica, name), Duration::from_secs(10)).await;
        becomes(&db, true).await;
        $part::$promise(&Stores::new(Store::new(db, Arc::new(World)), ())).await;
    })*};
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn through_a_replica_the_promises_hold_and_whoever_wrote_sees_it_at_once() {
    let (primary, replica) = pair().await;
    through! { primary, replica;
        accounts::people_are_listed_newest_first_and_found_by_text
        library::media_are_listed_newest_first_in_parts
        library::media_are_listed_in_the_order_that_is_asked_for
        library::a_filter_lets_through_what_it_names
        library::what_belongs_to_somebody_else_is_not_there
        library::a_description_is_changed_by_its_owner
        library::a_removed_medium_leaves_nothing_but_an_errand
        library::payloads_come_back_as_they_were
        runs::a_run_goes_from_queued_to_its_verdict
        runs::a_cancelled_run_stays_cancelled
        health::looks_at_servers_are_listed_newest_first_and_forgotten
    }
    let db = open(&primary.url(), &to_read(&replica, "postgres"), Duration::from_secs(10)).await;
    becomes(&db, true).await;
    let store = Store::new(db.clone(), Arc::new(World));
    let stores = Stores::new(store.clone(), ());
    let ada = world::member(&stores, "ada@example.org").await;
    let wanted = replica.asked(LIST).unwrap() + 20;
    // Where it has not caught up in time the primary answers, and the replica is left alone until it is well again: a slow
    // machine takes a few rounds more.
    for count in 1..=40 {
        judged(&stores, ada.id).await;
        assert_eq!(listed(&store, ada.id).await, count);
        if replica.asked(LIST).unwrap() >= wanted {
            break;
        }
        becomes(&db, true).await;
    }
    assert!(replica.asked(LIST).unwrap() >= wanted, "the replica was not asked");
    // What decides is not asked of it, whatever it may know.
    assert!(store.user_by_email(&ada.email).await.unwrap().is_some());
    assert_eq!(replica.asked(r#""users"."email" ="#).unwrap(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replica_that_lags_or_dies_costs_nothing_and_is_taken_up_again() {
    let (primary, replica) = pair().await;
    let db = open(&primary.url(), &to_read(&replica, "postgres"), Duration::from_millis(50)).await;
    becomes(&db, true).await;
    let store = Store::new(db.clone(), Arc::new(World));
    let stores = Stores::new(store.clone(), ());
    let ada = world::member(&stores, "ada@example.org").await;

    replica.pause().unwrap();
    judged(&stores, ada.id).await;
    assert_eq!(listed(&store, ada.id).await, 1, "a paused replica is not believed");
    let Some(ReplicaState::Unfit(why)) = db.replica_state().await else { panic!("it lags") };
    assert!(why.contains("behind"), "{why}");
    replica.go_on().unwrap();
    becomes(&db, true).await;
    let before = replica.asked(LIST).unwrap();
    assert_eq!(listed(&store, ada.id).await, 1);
    assert_eq!(replica.asked(LIST).unwrap(), before + 1, "it is asked again");

    replica.kill().unwrap();
    judged(&stores, ada.id).await;
    assert_eq!(listed(&store, ada.id).await, 2, "a dead replica is not missed");
    store.ping().await.unwrap();
    replica.start_again().unwrap();
    becomes(&db, true).await;
    let before = replica.asked(LIST).unwrap();
    assert_eq!(listed(&store, ada.id).await, 2);
    assert_eq!(replica.asked(LIST).unwrap(), before + 1, "it is asked again");

    replica.promote().unwrap();
    judged(&stores, ada.id).await;
    assert_eq!(listed(&store, ada.id).await, 3, "one that goes its own way is not believed");
    becomes(&db, false).await;
}

#[tokio::test]
async fn a_server_that_is_no_replica_of_this_database_is_not_asked() {
    let primary = Private::start().unwrap();
    let db = Database::open(&primary.url(), PoolOptions::default()).await.unwrap();
    db.migrate().await.unwrap();
    let stranger = crate::support::postgres().await;
    for (url, says) in [
        (stranger.url.clone(), "another database"),
        (primary.url(), "receives nothing"),
        ("postgres://postgres@127.0.0.1:1/none".to_owned(), "timed out"),
    ] {
        let db = db.clone().with_replica(&url, options(Duration::from_millis(50))).await.unwrap();
        let Some(ReplicaState::Unfit(why)) = db.replica_state().await else { panic!("{url} is no replica") };
        assert!(why.contains(says), "{why}");
        assert!(!Store::new(db, Arc::new(World)).has_users().await.unwrap());
    }
}
