//! The store that tests of use-cases stand on keeps the same promises as the databases.

use std::sync::Arc;

use dk_app::memory::MemoryStore;
use dk_contract::store::Stores;

use crate::support::World;

async fn open() -> Stores {
    Stores::new(MemoryStore::new(Arc::new(World)), ())
}

dk_contract::store_suite!(open);
