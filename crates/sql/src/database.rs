//! The connection to one of the two databases: opening it, migrating it, beginning transactions. Knows no table.

use std::path::Path;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use dk_app::ports::StoreError;
use futures_util::future::BoxFuture;
use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{
    ConnectOptions, ConnectionTrait, DatabaseConnection, DbBackend, SqliteTransactionMode, Statement,
    TransactionOptions, TransactionTrait,
};
use sea_orm_migration::MigratorTrait;
use tokio::sync::Mutex;

use crate::connection::{Reader, Transaction};
use crate::fault::Fault;
use crate::migration::{self, Migrator};
use crate::replica::Replica;

/// How long a writer of SQLite waits for another process that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// An operation that takes longer is told of.
const SLOW_SECS: f64 = 1.0;
/// Any number; whoever migrates holds the lock of this name.
const MIGRATION_LOCK: i64 = 0x6472_6973_6874;

/// How many connections are kept.
#[derive(Debug, Clone, Copy)]
pub struct PoolOptions {
    /// At most so many at a time.
    pub max_connections: u32,
    /// How long a query waits for a free one before it fails.
    pub acquire_timeout: Duration,
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self { max_connections: 10, acquire_timeout: Duration::from_secs(10) }
    }
}

/// Whether the tables are as this program needs them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchemaState {
    /// They are.
    Ready,
    /// There is no table yet.
    Empty,
    /// These migrations are missing: run `drishtiksha migrate`.
    Behind(Vec<String>),
    /// A newer program made these migrations, which this one does not know.
    Ahead(Vec<String>),
}

/// A database that was opened. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Database {
    pub(crate) pool: DatabaseConnection,
    /// SQLite has one writer at a time; waiting here is fair and costs no connection.
    writer: Arc<Mutex<()>>,
    /// Answers what people look at; see [`Database::look`].
    pub(crate) replica: Option<Arc<Replica>>,
}

impl Database {
    /// Opens `postgres://…`, or `sqlite://PATH`, whose file is made where it is missing.
    pub async fn open(url: &str, options: PoolOptions) -> Result<Self, StoreError> {
        let connected = match url.strip_prefix("sqlite://") {
            Some(path) => sea_orm::Database::connect(sqlite(Path::new(path), options)).await,
            None => sea_orm::Database::connect(postgres(url, options)).await,
        };
        let pool = connected.map_err(|error| Fault::from(error).in_store("open the database"))?;
        Ok(Self { pool, writer: Arc::default(), replica: None })
    }

    /// Brings the tables up to date, all or nothing; twice is harmless, and so are two programs at once.
    pub async fn migrate(&self) -> Result<(), StoreError> {
        self.timed("migrate the tables", async {
            let transaction = self.begin().await?;
            if self.is_postgres() {
                lock_schema(&transaction).await?;
            }
            Migrator::up(transaction.inner(), None).await?;
            transaction.commit().await?;
            Ok(())
        })
        .await
    }

    /// Compares the tables with what this program needs. Changes nothing.
    pub async fn schema_state(&self) -> Result<SchemaState, StoreError> {
        self.timed("look at the schema", async {
            let find = if self.is_postgres() {
                "select 1 from pg_class where oid = to_regclass('seaql_migrations')"
            } else {
                "select 1 from sqlite_master where name = 'seaql_migrations'"
            };
            let find = Statement::from_string(self.backend(), find);
            if self.read().query_one_raw(find).await?.is_none() {
                return Ok(SchemaState::Empty);
            }
            let list = Statement::from_string(
                self.backend(),
                "select version from seaql_migrations order by version",
            );
            let rows = self.read().query_all_raw(list).await?;
            let there: Vec<String> =
                rows.iter().map(|row| row.try_get("", "version")).collect::<Result<_, _>>()?;
            Ok(compare(there))
        })
        .await
    }

    /// Major version of the server; `None` for SQLite, which is a part of this program.
    pub async fn server_version(&self) -> Result<Option<u32>, StoreError> {
        self.timed("ask for the version", async {
            if !self.is_postgres() {
                return Ok(None);
            }
            let ask = "select current_setting('server_version_num')::int4 as version";
            let row = self.read().query_one_raw(Statement::from_string(self.backend(), ask)).await?;
            let version: Option<i32> = row.map(|row| row.try_get("", "version")).transpose()?;
            Ok(version.map(|version| version.unsigned_abs() / 10_000))
        })
        .await
    }

    /// Bytes that the database takes on the disk.
    pub async fn size_bytes(&self) -> Result<u64, StoreError> {
        self.timed("ask for the size", async {
            let ask = if self.is_postgres() {
                "select pg_database_size(current_database()) as bytes"
            } else {
                "select page_count * page_size as bytes from pragma_page_count(), pragma_page_size()"
            };
            let row = self.read().query_one_raw(Statement::from_string(self.backend(), ask)).await?;
            let bytes: Option<i64> = row.map(|row| row.try_get("", "bytes")).transpose()?;
            Ok(bytes.unwrap_or_default().unsigned_abs())
        })
        .await
    }

    /// Writes the embedded database, as it is at one moment, into a file that is not there yet. Others may read and write
    /// meanwhile.
    pub async fn copy_to(&self, file: &Path) -> Result<(), StoreError> {
        self.timed("copy the database", async {
            let into = Statement::from_sql_and_values(
                DbBackend::Sqlite,
                "vacuum into ?",
                [file.to_string_lossy().into_owned().into()],
            );
            self.read().execute_raw(into).await?;
            Ok(())
        })
        .await
    }

    /// Closes every connection once its query has ended.
    pub async fn close(self) -> Result<(), StoreError> {
        if let Some(replica) = &self.replica {
            replica.close().await;
        }
        self.pool.close().await.map_err(|error| Fault::from(error).in_store("close the database"))
    }

    /// Begins a transaction that writes.
    pub(crate) async fn begin(&self) -> Result<Transaction, Fault> {
        let (turn, mode) = if self.is_postgres() {
            (None, None)
        } else {
            (Some(self.writer.clone().lock_owned().await), Some(SqliteTransactionMode::Immediate))
        };
        let options = TransactionOptions { sqlite_transaction_mode: mode, ..TransactionOptions::default() };
        Ok(Transaction::new(self.pool.begin_with_options(options).await?, turn))
    }

    /// Begins a transaction whose commit need not reach the disk before anything else goes on: a crash of the
    /// database may take it back, never anything that was committed otherwise. For what is said again then.
    pub(crate) async fn begin_hasty(&self) -> Result<Transaction, Fault> {
        let transaction = self.begin().await?;
        transaction.hasten().await?;
        Ok(transaction)
    }

    /// For queries that only read. One statement that writes may go here on PostgreSQL only.
    pub(crate) fn read(&self) -> Reader<'_> {
        Reader::new(&self.pool)
    }

    pub(crate) fn backend(&self) -> DbBackend {
        self.pool.get_database_backend()
    }

    pub(crate) fn is_postgres(&self) -> bool {
        self.backend() == DbBackend::Postgres
    }

    /// Waits for a piece of work and notes how long it took, under the words that say what was tried. Boxed, because
    /// the state of several queries in a row is big.
    pub(crate) fn timed<'a, T>(
        &'a self,
        tried: &'static str,
        work: impl Future<Output = Result<T, Fault>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T, StoreError>>
    where
        T: Send + 'a,
    {
        let measured = self.measured(tried, work);
        Box::pin(async move { measured.await.map_err(|fault| fault.in_store(tried)) })
    }

    /// As [`Database::timed`], and leaves the words to the caller.
    pub(crate) fn measured<'a, T>(
        &'a self,
        tried: &'static str,
        work: impl Future<Output = Result<T, Fault>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T, Fault>>
    where
        T: Send + 'a,
    {
        Box::pin(async move {
            let begin = tokio::time::Instant::now();
            let answer = work.await;
            let took_secs = begin.elapsed().as_secs_f64();
            metrics::histogram!("db_query_seconds", "operation" => tried).record(took_secs);
            self.count_connections();
            if took_secs > SLOW_SECS {
                tracing::warn!(
                    operation = tried,
                    took_ms = (took_secs * 1e3).round(),
                    "the database was slow"
                );
            }
            answer
        })
    }

    fn count_connections(&self) {
        let (all, idle) = if self.is_postgres() {
            let pool = self.pool.get_postgres_connection_pool();
            (pool.size(), pool.num_idle())
        } else {
            let pool = self.pool.get_sqlite_connection_pool();
            (pool.size(), pool.num_idle())
        };
        metrics::gauge!("db_pool_connections", "state" => "idle").set(idle as f64);
        metrics::gauge!("db_pool_connections", "state" => "used").set(f64::from(all) - idle as f64);
    }
}

/// Of all that change tables, one goes first; until its transaction ends.
pub(crate) async fn lock_schema(transaction: &Transaction) -> Result<(), Fault> {
    let lock = Statement::from_sql_and_values(
        DbBackend::Postgres,
        "select pg_advisory_xact_lock($1)",
        [MIGRATION_LOCK.into()],
    );
    transaction.query_one_raw(lock).await?;
    Ok(())
}

fn compare(there: Vec<String>) -> SchemaState {
    let needed = migration::names();
    let missing: Vec<String> = needed.iter().filter(|name| !there.contains(name)).cloned().collect();
    let unknown: Vec<String> = there.into_iter().filter(|name| !needed.contains(name)).collect();
    match (missing.is_empty(), unknown.is_empty()) {
        (_, false) => SchemaState::Ahead(unknown),
        (false, true) => SchemaState::Behind(missing),
        (true, true) => SchemaState::Ready,
    }
}

pub(crate) fn postgres(url: &str, pool: PoolOptions) -> ConnectOptions {
    let mut options = ConnectOptions::new(url);
    common(&mut options, pool);
    options.set_application_name("drishtiksha");
    options
}

fn sqlite(path: &Path, pool: PoolOptions) -> ConnectOptions {
    // The path is set below as it is: in an address some characters would mean something else.
    let mut options = ConnectOptions::new("sqlite://");
    common(&mut options, pool);
    let path = path.to_owned();
    options.map_sqlx_sqlite_opts(move |sqlite| {
        sqlite
            .filename(&path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Normal)
            .busy_timeout(BUSY_TIMEOUT)
            .foreign_keys(true)
    });
    options
}

fn common(options: &mut ConnectOptions, pool: PoolOptions) {
    options
        .max_connections(pool.max_connections.max(1))
        .min_connections(1)
        .acquire_timeout(pool.acquire_timeout)
        .sqlx_logging(false);
}

/// Reads a word of a closed list back from its row.
pub(crate) fn word<T>(text: &str) -> Result<T, Fault>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    Ok(text.parse()?)
}
