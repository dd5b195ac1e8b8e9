//! The whole contract on SQLite.

use dk_contract::store::Stores;

use crate::support;

async fn open() -> Stores {
    support::stores(support::sqlite().await)
}

dk_contract::store_suite!(open);
