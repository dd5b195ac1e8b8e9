//! The tables of the database: brought up to date, laid out as the settings say, and made ahead of time.

use std::error::Error;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use dk_app::StopToken;
use dk_app::ports::Ambient;
use dk_sql::{Database, Layout};

use super::ambient::World;
use super::parts::{database_failed, open_database};
use crate::config::Config;
use crate::failure::Failure;
use crate::style::say;

/// Between two looks whether coming months have their tables.
const LOOK_EVERY: Duration = Duration::from_hours(6);

/// `migrate`.
pub(super) async fn migrate(config: &Config) -> Result<ExitCode, Failure> {
    let database = open_database(config).await?;
    database.migrate().await.map_err(database_failed)?;
    let now = World::default().now();
    if let Some(by_month) = config.service.by_month {
        database.lay_out(by_month, now).await.map_err(database_failed)?;
    }
    database.make_room(now).await.map_err(database_failed)?;
    if let Layout::ByMonth(months) = database.layout().await.map_err(database_failed)? {
        say(&format!("analyses lie in {} tables, one per month", months.len()));
    }
    say("the database is up to date");
    Ok(ExitCode::SUCCESS)
}

/// Makes the tables of coming months, where analyses lie by month, until `stop`. Any number of processes may do this.
pub(super) async fn make_room(database: Database, ambient: Arc<dyn Ambient>, stop: StopToken) {
    loop {
        match database.make_room(ambient.now()).await {
            Ok(0) => {}
            Ok(tables) => tracing::info!(tables, "tables of coming months were made"),
            Err(error) => tracing::warn!(
                error = &error as &dyn Error,
                "tables of coming months were not made; `drishtiksha migrate` makes them too"
            ),
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK_EVERY) => {}
            () = stop.stopped() => return,
        }
    }
}
