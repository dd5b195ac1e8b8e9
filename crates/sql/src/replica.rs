//! A read replica of PostgreSQL: whether it may be asked, and a view through it that lacks nothing.
//!
//! The rule: an answer of the replica has everything that was on the disk of the primary when the question came. So the
//! primary is asked how far its log is written, which touches no table, and the replica answers once it has replayed
//! that far, on the very connection on which it said so: behind one address there may be several replicas.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, DbErr, FromQueryResult, IsolationLevel, Statement,
    TransactionOptions, TransactionTrait,
};
use tokio::time::Instant;

use crate::connection::{Transaction, View};
use crate::database::{PoolOptions, postgres};
use crate::fault::Fault;
use crate::look::Sight;

/// How long a connection to the replica may take; sqlx tries again until then where nobody listens.
const CONNECT: Duration = Duration::from_secs(1);
/// Between two looks whether the replica has caught up; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(1);

/// How a replica is asked.
#[derive(Debug, Clone, Copy)]
pub struct ReplicaOptions {
    /// At most so many connections at a time.
    pub max_connections: u32,
    /// How long a read waits for the replica to catch up before the primary is asked.
    pub patience: Duration,
    /// Between two looks how it is; one that failed is not asked before the next.
    pub look_every: Duration,
}

impl Default for ReplicaOptions {
    fn default() -> Self {
        Self { max_connections: 10, patience: Duration::from_millis(50), look_every: Duration::from_secs(1) }
    }
}

/// How a replica is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplicaState {
    /// It answers reads.
    Follows,
    /// The primary answers them, because of this.
    Unfit(String),
}

/// Why the replica is not asked.
#[derive(Debug)]
pub(crate) enum Unfit {
    /// The primary did not say how far it is: no fault of the replica.
    PrimaryAway(Fault),
    /// It broke, or refused.
    Broke(Fault),
    /// It does not answer.
    Silent,
    /// It has not caught up in time.
    Behind { bytes: u64 },
    /// It is no replica of this primary.
    Wrong(&'static str),
}

impl From<Fault> for Unfit {
    fn from(fault: Fault) -> Self {
        Self::Broke(fault)
    }
}

impl From<DbErr> for Unfit {
    fn from(error: DbErr) -> Self {
        Self::Broke(Fault::from(error))
    }
}

impl Unfit {
    fn told(&self) -> String {
        match self {
            Self::PrimaryAway(fault) => format!("the primary cannot be asked: {}", fault.told()),
            Self::Broke(fault) => fault.told(),
            Self::Silent => "it does not answer".to_owned(),
            Self::Behind { bytes } => format!("it is {bytes} bytes of log behind and does not catch up"),
            Self::Wrong(why) => (*why).to_owned(),
        }
    }
}

/// Asked of the primary; touches no table. What is visible there and was not written hastily is on its disk.
const WRITTEN: &str = "select pg_wal_lsn_diff(pg_current_wal_flush_lsn(), '0/0')::int8 as lsn";
/// Asked of the replica; nothing where the server is no replica.
const REPLAYED: &str = "select case when pg_is_in_recovery() \
    then pg_wal_lsn_diff(pg_last_wal_replay_lsn(), '0/0')::int8 end as lsn";
/// Which database it is, of which cluster.
const IDENTITY: &str = "select current_database()::text as database, \
    (select system_identifier from pg_control_system())::text as cluster, \
    exists (select 1 from pg_stat_wal_receiver) as follows";

#[derive(FromQueryResult)]
struct Place {
    lsn: Option<i64>,
}

#[derive(FromQueryResult)]
struct Identity {
    database: String,
    cluster: String,
    follows: bool,
}

async fn place(connection: &impl ConnectionTrait, ask: &str) -> Result<Option<u64>, Fault> {
    let found = Place::find_by_statement(Statement::from_string(DbBackend::Postgres, ask));
    let lsn = found.one(connection).await?.and_then(|place| place.lsn);
    Ok(lsn.map(u64::try_from).transpose()?)
}

async fn identity(connection: &DatabaseConnection) -> Result<Identity, Fault> {
    let found = Identity::find_by_statement(Statement::from_string(DbBackend::Postgres, IDENTITY));
    Ok(found
        .one(connection)
        .await?
        .ok_or(DbErr::RecordNotFound("a server says nothing of itself".to_owned()))?)
}

/// How far the primary has written its log. Readers that come together ask once: an answer serves all who came
/// before it was asked for.
#[derive(Debug, Default)]
struct Horizon {
    turn: tokio::sync::Mutex<()>,
    newest: std::sync::Mutex<Option<(Instant, u64)>>,
}

impl Horizon {
    async fn of(&self, primary: &DatabaseConnection) -> Result<u64, Fault> {
        let came = Instant::now();
        let _turn = self.turn.lock().await;
        let newest = *self.newest.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, written)) = newest.filter(|(asked, _)| *asked > came) {
            return Ok(written);
        }
        let asked = Instant::now();
        let nothing = || DbErr::RecordNotFound("the primary has no log".to_owned());
        let written = place(primary, WRITTEN).await?.ok_or_else(nothing)?;
        *self.newest.lock().unwrap_or_else(PoisonError::into_inner) = Some((asked, written));
        Ok(written)
    }
}

/// The replica of a database.
#[derive(Debug)]
pub(crate) struct Replica {
    pool: DatabaseConnection,
    options: ReplicaOptions,
    fit: AtomicBool,
    horizon: Horizon,
}

impl Replica {
    /// Opens it, looks at it, and goes on looking for as long as it lives. It need not be there now.
    pub(crate) async fn open(
        url: &str,
        options: ReplicaOptions,
        primary: &DatabaseConnection,
    ) -> Result<Arc<Self>, Fault> {
        let pool = PoolOptions { max_connections: options.max_connections, acquire_timeout: CONNECT };
        let mut connect = postgres(url, pool);
        connect.connect_lazy(true).min_connections(0);
        let pool = sea_orm::Database::connect(connect).await?;
        let (fit, horizon) = (AtomicBool::new(false), Horizon::default());
        let replica = Arc::new(Self { pool, options, fit, horizon });
        if let ReplicaState::Unfit(why) = replica.look_at(primary).await {
            tracing::warn!(why, "the primary answers what people look at");
        }
        let (watched, primary) = (Arc::downgrade(&replica), primary.clone());
        tokio::spawn(async move {
            loop {
                tokio::time::sleep(options.look_every).await;
                let Some(replica) = watched.upgrade() else { return };
                replica.look_at(&primary).await;
            }
        });
        Ok(replica)
    }

    pub(crate) async fn close(&self) {
        // Nothing is written there, so nothing is lost.
        let _ = self.pool.close_by_ref().await;
    }

    /// Whether it is worth asking.
    pub(crate) fn is_fit(&self) -> bool {
        self.fit.load(Ordering::Relaxed)
    }

    /// Looks whether it is a replica of this primary and keeps up.
    pub(crate) async fn look_at(&self, primary: &DatabaseConnection) -> ReplicaState {
        let seen = self.examine(primary).await;
        self.note(&seen);
        match seen {
            Ok(()) => ReplicaState::Follows,
            Err(unfit) => ReplicaState::Unfit(unfit.told()),
        }
    }

    async fn examine(&self, primary: &DatabaseConnection) -> Result<(), Unfit> {
        let ours = identity(primary).await.map_err(Unfit::PrimaryAway)?;
        let theirs = tokio::time::timeout(CONNECT + self.options.patience, identity(&self.pool));
        let theirs = theirs.await.map_err(|_| Unfit::Silent)??;
        if (&ours.cluster, &ours.database) != (&theirs.cluster, &theirs.database) {
            return Err(Unfit::Wrong("it is another database than that of DATABASE_URL"));
        }
        // One that lost its primary may have gone another way than the primary of today.
        if !theirs.follows {
            return Err(Unfit::Wrong("it receives nothing from a primary"));
        }
        Ok(self.view(primary, Sight::Each).await?.close().await?)
    }

    /// Keeps what was seen, and says so when it is news.
    pub(crate) fn note(&self, seen: &Result<(), Unfit>) {
        if matches!(seen, Err(Unfit::PrimaryAway(_))) {
            return;
        }
        let was = self.fit.swap(seen.is_ok(), Ordering::Relaxed);
        metrics::gauge!("db_replica_fit").set(f64::from(u8::from(seen.is_ok())));
        match seen {
            Ok(()) if !was => tracing::info!("the read replica answers what people look at"),
            Err(unfit) if was => {
                tracing::warn!(why = unfit.told(), "the primary answers what people look at");
            }
            _ => {}
        }
    }

    /// A view that lacks nothing of what the primary had on its disk when this was called.
    pub(crate) async fn view(
        &self,
        primary: &DatabaseConnection,
        sight: Sight,
    ) -> Result<View<'static>, Unfit> {
        let written = self.horizon.of(primary).await.map_err(Unfit::PrimaryAway)?;
        let admit = tokio::time::timeout(CONNECT + self.options.patience, self.admit(written, sight));
        Ok(View::Moment(admit.await.map_err(|_| Unfit::Silent)??))
    }

    async fn admit(&self, written: u64, sight: Sight) -> Result<Transaction, Unfit> {
        // Each statement sees what was replayed before it; in a snapshot the question itself would be too early.
        let isolation_level = Some(IsolationLevel::ReadCommitted);
        let options = TransactionOptions { isolation_level, ..TransactionOptions::default() };
        let transaction = Transaction::new(self.pool.begin_with_options(options).await?, None);
        let patient_until = Instant::now() + self.options.patience;
        let mut pause = FIRST_PAUSE;
        loop {
            let replayed = place(&transaction, REPLAYED).await?;
            let replayed = replayed.ok_or(Unfit::Wrong("it is no replica, or not any more"))?;
            let bytes = written.saturating_sub(replayed);
            metrics::gauge!("db_replica_behind_bytes").set(bytes as f64);
            if bytes == 0 {
                break;
            }
            if Instant::now() + pause > patient_until {
                return Err(Unfit::Behind { bytes });
            }
            tokio::time::sleep(pause).await;
            pause *= 2;
        }
        if sight == Sight::Moment {
            // On the same connection, so that it is the same server. The library ends the second as it would the first.
            transaction
                .execute_unprepared("commit; begin isolation level repeatable read, read only")
                .await?;
        }
        Ok(transaction)
    }
}
