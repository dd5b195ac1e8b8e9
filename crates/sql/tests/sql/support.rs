//! A database of its own for each test, and worlds with a clock.

use std::sync::{Arc, LazyLock};
use std::time::Instant;

use dk_app::ports::Ambient;
use dk_contract::store::{Stores, world};
use dk_sql::{Database, PoolOptions, Store};
use time::OffsetDateTime;
use uuid::Uuid;

/// Time stands still, ids rise.
#[derive(Debug, Default)]
pub(crate) struct World;

impl Ambient for World {
    fn now(&self) -> OffsetDateTime {
        world::at(0)
    }

    fn id(&self) -> Uuid {
        world::id()
    }

    fn secret(&self) -> [u8; 32] {
        world::secret().0
    }
}

/// Time passes, the same for everybody in this process: leases end.
#[derive(Debug)]
pub(crate) struct Clock;

static BEGIN: LazyLock<Instant> = LazyLock::new(Instant::now);

impl Ambient for Clock {
    fn now(&self) -> OffsetDateTime {
        world::at(0) + BEGIN.elapsed()
    }

    fn id(&self) -> Uuid {
        world::id()
    }

    fn secret(&self) -> [u8; 32] {
        world::secret().0
    }
}

/// An empty, migrated database and what keeps it alive.
pub(crate) struct Fresh {
    pub(crate) db: Database,
    pub(crate) url: String,
    _folder: Option<tempfile::TempDir>,
}

pub(crate) async fn sqlite() -> Fresh {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("with a space.db").display());
    let db = Database::open(&url, PoolOptions::default()).await.unwrap();
    db.migrate().await.unwrap();
    Fresh { db, url, _folder: Some(folder) }
}

async fn migrate(url: String) -> Result<(), dk_app::ports::StoreError> {
    let db = Database::open(&url, PoolOptions::default()).await?;
    db.migrate().await?;
    db.close().await
}

pub(crate) async fn postgres() -> Fresh {
    let database = dk_testkit::postgres::shared().unwrap().database("sql", migrate).await.unwrap();
    let db = Database::open(&database.url, PoolOptions::default()).await.unwrap();
    Fresh { db, url: database.url, _folder: None }
}

async fn migrate_and_lay_out(url: String) -> Result<(), dk_app::ports::StoreError> {
    let db = Database::open(&url, PoolOptions::default()).await?;
    db.migrate().await?;
    // The month in which the ids of the promises begin.
    db.lay_out(true, time::macros::datetime!(2025-08-31 12:00 UTC)).await?;
    db.close().await
}

/// As [`postgres`], with the analyses in one table per month.
pub(crate) async fn by_month() -> Fresh {
    let shared = dk_testkit::postgres::shared().unwrap();
    let database = shared.database("sql by month", migrate_and_lay_out).await.unwrap();
    let db = Database::open(&database.url, PoolOptions::default()).await.unwrap();
    Fresh { db, url: database.url, _folder: None }
}

/// The stores on a fresh database.
pub(crate) fn stores(fresh: Fresh) -> Stores {
    let store = Store::new(fresh.db.clone(), Arc::new(World));
    Stores::new(store, fresh)
}
