//! A database of its own for each test, and a world with a clock that the test moves.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use dk_app::ports::Ambient;
use dk_contract::store::{Stores, world};
use dk_sql::{Database, PoolOptions, Store};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

/// A clock that stands still until it is moved, ids that rise, secrets that count.
#[derive(Debug)]
pub(crate) struct World {
    now: Mutex<OffsetDateTime>,
    secrets: AtomicU64,
}

impl Default for World {
    fn default() -> Self {
        Self { now: Mutex::new(world::at(0)), secrets: AtomicU64::new(0) }
    }
}

impl World {
    /// Lets time pass.
    pub(crate) fn pass(&self, time: Duration) {
        *self.now.lock().unwrap() += time;
    }
}

impl Ambient for World {
    fn now(&self) -> OffsetDateTime {
        *self.now.lock().unwrap()
    }

    fn id(&self) -> Uuid {
        world::id()
    }

    fn secret(&self) -> [u8; 32] {
        let mut secret = [0; 32];
        secret[..8].copy_from_slice(&self.secrets.fetch_add(1, Ordering::Relaxed).to_be_bytes());
        secret
    }
}

/// An empty, migrated database and what keeps it alive.
pub(crate) struct Fresh {
    pub(crate) db: Database,
    pub(crate) url: String,
    pub(crate) keep: Option<tempfile::TempDir>,
}

pub(crate) async fn sqlite() -> Fresh {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("with a space & 100%.db").display());
    let db = Database::open(&url, PoolOptions::default()).await.unwrap();
    db.migrate().await.unwrap();
    Fresh { db, url, keep: Some(folder) }
}

async fn migrate(url: String) -> Result<(), dk_app::ports::StoreError> {
    let db = Database::open(&url, PoolOptions::default()).await?;
    db.migrate().await?;
    db.close().await
}

pub(crate) async fn postgres() -> Fresh {
    let database = dk_testkit::postgres::shared().unwrap().database("sql", migrate).await.unwrap();
    let db = Database::open(&database.url, PoolOptions::default()).await.unwrap();
    Fresh { db, url: database.url, keep: None }
}

/// The stores on a fresh database.
pub(crate) fn stores(fresh: Fresh) -> Stores {
    let store = Store::new(fresh.db.clone(), Arc::new(World::default()));
    Stores::new(store, fresh)
}
