//! Settings of the database: which one, its replica, and how its largest table lies.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::service::{Secret, Text, number, one_of, url_secret};
use crate::failure::Failure;

/// Which database.
#[derive(Debug, Clone)]
pub(crate) enum DatabaseChoice {
    /// A file of this installation.
    File(PathBuf),
    /// A server, or a file by its address.
    Url(Secret),
}

/// A replica of the database, and how it is asked.
#[derive(Debug, Clone)]
pub(crate) struct ReplicaChoice {
    pub url: Secret,
    pub pool: u32,
    pub patience: Duration,
}

pub(super) fn database(home: &Path, text: Text<'_>) -> Result<DatabaseChoice, Failure> {
    let url = url_secret(text, "database.url", &["postgres://", "postgresql://", "sqlite:"])?;
    Ok(url.map_or_else(|| DatabaseChoice::File(home.join("drishtiksha.sqlite")), DatabaseChoice::Url))
}

/// An embedded database has neither replicas nor partitions.
fn only_on_a_server(text: Text<'_>, variable: &str, why: &str) -> Result<(), Failure> {
    if text("database.url").starts_with("postgres") {
        return Ok(());
    }
    let error = anyhow::anyhow!("{variable} is set, and {why}");
    Err(Failure::wrong_use(error, format!("set DATABASE_URL to a PostgreSQL, or leave {variable} empty")))
}

pub(super) fn replica(text: Text<'_>) -> Result<Option<ReplicaChoice>, Failure> {
    let pool = number(text, "database.replica_pool", 1, 1000)?;
    let patience = Duration::from_millis(number(text, "database.replica_wait_ms", 1, 10_000)?);
    let Some(url) = url_secret(text, "database.replica_url", &["postgres://", "postgresql://"])? else {
        return Ok(None);
    };
    only_on_a_server(text, "DATABASE_REPLICA_URL", "only PostgreSQL has replicas")?;
    Ok(Some(ReplicaChoice { url, pool, patience }))
}

pub(super) fn by_month(text: Text<'_>) -> Result<Option<bool>, Failure> {
    match one_of(text, "database.partitions", &["", "month", "none"])?.as_str() {
        "month" => {
            only_on_a_server(text, "DATABASE_PARTITIONS", "SQLite keeps all analyses in one table")?;
            Ok(Some(true))
        }
        "none" => Ok(Some(false)),
        _ => Ok(None),
    }
}
