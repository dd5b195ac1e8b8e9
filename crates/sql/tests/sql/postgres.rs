//! The whole contract on PostgreSQL.

use dk_contract::store::Stores;

use crate::support;

async fn open() -> Stores {
    support::stores(support::postgres().await)
}

dk_contract::store_suite!(open);
