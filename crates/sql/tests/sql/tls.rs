//! PostgreSQL over TLS, with a certificate of an authority that nobody else knows.

use std::error::Error;

use dk_app::ports::StoreError;
use dk_sql::{Database, PoolOptions};
use dk_testkit::postgres::Private;

async fn open(url: &str) -> Result<(), StoreError> {
    let db = Database::open(url, PoolOptions::default()).await?;
    db.migrate().await?;
    db.close().await
}

fn chain(error: &dyn Error) -> String {
    let mut said = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        said = format!("{said}: {error}");
        cause = error.source();
    }
    said
}

#[tokio::test]
async fn postgresql_is_reached_over_tls_and_a_wrong_authority_or_name_is_refused() {
    let server = Private::start_with_tls().unwrap();
    let (url, authority) = (server.url(), server.authority());
    // The server takes nothing else.
    assert!(open(&format!("{url}?sslmode=disable")).await.is_err());
    open(&format!("{url}?sslmode=require")).await.unwrap();
    let checked = format!("{url}?sslmode=verify-full&sslrootcert={}", authority.display());
    open(&checked).await.unwrap();
    let unknown = open(&format!("{url}?sslmode=verify-full")).await.unwrap_err();
    assert!(chain(&unknown).contains("certificate"), "{}", chain(&unknown));
    let named = open(&checked.replace("127.0.0.1", "localhost")).await.unwrap_err();
    assert!(chain(&named).contains("certificate"), "{}", chain(&named));
    open(&checked.replace("127.0.0.1", "localhost").replace("verify-full", "verify-ca")).await.unwrap();
}
