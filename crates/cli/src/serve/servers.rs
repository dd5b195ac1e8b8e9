//! What `drishtiksha doctor` says of the servers that the settings name. Changes nothing on them.

use std::time::Duration;

use dk_redis::Setup;
use dk_sql::{Database, Layout, PoolOptions, ReplicaState, SchemaState};

use super::parts::{database_failed, open_redis, with_replica};
use crate::config::{Config, DatabaseChoice};
use crate::failure::Failure;

/// The oldest PostgreSQL and Redis with which this program is tested.
const POSTGRES: u32 = 15;
const REDIS: u32 = 7;
/// Somebody waits for the answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// One line: whether it is good, what was seen, and the way out.
pub(crate) struct Seen {
    pub good: bool,
    pub text: String,
    pub hint: String,
}

fn good(text: impl Into<String>) -> Seen {
    Seen { good: true, text: text.into(), hint: String::new() }
}

fn bad(text: impl Into<String>, hint: impl Into<String>) -> Seen {
    Seen { good: false, text: text.into(), hint: hint.into() }
}

fn failed(what: &str, failure: &Failure) -> Seen {
    let (error, hint) = failure.told();
    bad(format!("{what}: {error}"), hint)
}

/// Looks at all of them.
pub(crate) fn look(config: &Config) -> Result<Vec<Seen>, Failure> {
    super::runtime()?.block_on(async {
        let mut seen = database(config).await;
        seen.extend(redis(config).await);
        Ok(seen)
    })
}

async fn database(config: &Config) -> Vec<Seen> {
    let url = match &config.service.database {
        DatabaseChoice::File(path) if !path.exists() => {
            return vec![good("database: SQLite, made at the first start of the service")];
        }
        DatabaseChoice::File(path) => format!("sqlite://{}", path.display()),
        DatabaseChoice::Url(url) => url.reveal().to_owned(),
    };
    let options = PoolOptions { max_connections: 1, acquire_timeout: PATIENCE };
    let look = async {
        let database = Database::open(&url, options).await?;
        let version = database.server_version().await?;
        let seen =
            vec![server(version), schema(&database.schema_state().await?), layout(&database.layout().await?)];
        Ok((seen, database))
    };
    match look.await {
        Ok((mut seen, database)) => {
            seen.extend(replica(config, database).await);
            seen
        }
        Err(error) => vec![failed("database", &database_failed(error))],
    }
}

async fn replica(config: &Config, database: Database) -> Option<Seen> {
    config.service.replica.as_ref()?;
    match with_replica(config, database).await {
        Ok(database) => database.replica_state().await.as_ref().map(of_replica),
        Err(failure) => Some(failed("replica", &failure)),
    }
}

fn of_replica(state: &ReplicaState) -> Seen {
    match state {
        ReplicaState::Follows => good("replica: it follows the database and keeps up"),
        ReplicaState::Unfit(why) => bad(
            format!("replica: {why}; the database answers in its place"),
            "check DATABASE_REPLICA_URL, and that this server is a streaming replica of DATABASE_URL's",
        ),
    }
}

fn layout(layout: &Layout) -> Seen {
    match layout {
        Layout::Whole => good("database: analyses lie in one table"),
        Layout::ByMonth(months) => good(format!(
            "database: analyses lie in {} tables, one per month, up to {}",
            months.len(),
            months.last().map_or("none", String::as_str)
        )),
    }
}

fn server(version: Option<u32>) -> Seen {
    match version {
        None => good("database: SQLite"),
        Some(major) if major >= POSTGRES => good(format!("database: PostgreSQL {major}")),
        Some(major) => bad(
            format!("database: PostgreSQL {major} is too old"),
            format!("take PostgreSQL {POSTGRES} or newer"),
        ),
    }
}

fn schema(tables: &SchemaState) -> Seen {
    let migrate = "run `drishtiksha migrate` with the same settings";
    match tables {
        SchemaState::Ready => good("database: its tables are up to date"),
        SchemaState::Empty => bad("database: it has no tables yet", migrate),
        SchemaState::Behind(missing) => bad(format!("database: it lacks {}", missing.join(", ")), migrate),
        SchemaState::Ahead(newer) => bad(
            format!("database: a newer program has changed it ({})", newer.join(", ")),
            "update this program, or restore the backup of its version",
        ),
    }
}

async fn redis(config: &Config) -> Vec<Seen> {
    let redis = match open_redis(config) {
        Ok(Some(redis)) => redis,
        Ok(None) => return vec![good("Redis: none is set; jobs and events stay in one process")],
        Err(failure) => return vec![failed("Redis", &failure)],
    };
    match tokio::time::timeout(PATIENCE, redis.setup()).await {
        Ok(Ok(setup)) => of_redis(&setup),
        Ok(Err(error)) => vec![bad(format!("Redis: it cannot be asked: {error}"), REDIS_AWAY)],
        Err(_) => vec![bad("Redis: it does not answer", REDIS_AWAY)],
    }
}

const REDIS_AWAY: &str = "check REDIS_URL, and that the server runs and lets this machine in";

fn of_redis(setup: &Setup) -> Vec<Seen> {
    let version = if setup.major() >= REDIS {
        good(format!("Redis {}", setup.version))
    } else {
        bad(format!("Redis {} is too old", setup.version), format!("take Redis {REDIS} or newer"))
    };
    let eviction = if setup.eviction == "noeviction" {
        good("Redis: full memory evicts no job")
    } else {
        bad(
            format!("Redis: jobs are lost when its memory is full (maxmemory-policy is {})", setup.eviction),
            "set `maxmemory-policy noeviction` in redis.conf, or run `redis-cli config set maxmemory-policy noeviction`",
        )
    };
    vec![version, eviction]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_that_are_too_old_or_lack_tables_are_told_with_the_way_out() {
        let old = Setup { version: "6.2.14".to_owned(), eviction: "noeviction".to_owned() };
        let seen = of_redis(&old);
        assert!(!seen[0].good && seen[0].hint.contains("Redis 7") && seen[1].good);
        assert!(server(Some(14)).hint.contains("PostgreSQL 15") && server(Some(15)).good);
        let behind = schema(&SchemaState::Behind(vec!["m0002_more".to_owned()]));
        assert!(behind.text.contains("m0002_more") && behind.hint.contains("drishtiksha migrate"));
    }
}
