//! PostgreSQL for tests: one cluster that all tests of a run share, with a database of its own for each test, and
//! private clusters, with replicas if need be, for tests that pull the plug. Holds nothing of what a test stores.
//!
//! `fsync` is off: what was committed survives that its processes are killed, and needs not survive a power cut.

pub(crate) mod cluster;
mod watchdog;

use std::fs::{self, File};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context;
use cluster::Cluster;

/// The cluster that all tests of this run share. It ends with the program that runs the tests.
#[derive(Debug)]
pub struct Shared {
    cluster: Cluster,
}

/// A database of one test. It is not dropped by itself; the whole cluster goes away after the last test.
#[derive(Debug, Clone)]
pub struct Database {
    /// Where it is: `postgres://postgres@127.0.0.1:PORT/NAME`.
    pub url: String,
}

/// A cluster of one test, which the test may stop, kill and start again. Removed when dropped.
#[derive(Debug)]
pub struct Private {
    cluster: Cluster,
}

/// A copy that follows a [`Private`] cluster. Removed when dropped.
#[derive(Debug)]
pub struct Replica {
    cluster: Cluster,
}

/// The shared cluster, started if no test of this run has started it yet.
///
/// Tests of one run are children of one process (`cargo nextest` runs each in a process of its own), so the number of
/// the parent is what they have in common.
pub fn shared() -> anyhow::Result<Shared> {
    let runner = match std::os::unix::process::parent_id() {
        1 => std::process::id(),
        parent => parent,
    };
    let folder = std::env::temp_dir().join(format!("dk-test-postgres-{runner}"));
    let lock_file = folder.with_extension("lock");
    let _lock = locked(&lock_file)?;
    if let Some(cluster) = Cluster::running_in(&folder)? {
        return Ok(Shared { cluster });
    }
    if folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("cannot remove {}", folder.display()))?;
    }
    let cluster = Cluster::create(&folder)?;
    watchdog::set(runner, &folder, &cluster.pid_file(), Some(&lock_file))?;
    cluster.start()?;
    Ok(Shared { cluster })
}

impl Shared {
    /// A fresh database, cloned from a template. The first test that asks for `template` makes it: `migrate` gets the
    /// address of an empty database and must have closed its connections when it returns.
    pub async fn database<F, Made, E>(&self, template: &str, migrate: F) -> anyhow::Result<Database>
    where
        F: FnOnce(String) -> Made,
        Made: Future<Output = Result<(), E>>,
        E: Into<anyhow::Error>,
    {
        let name = format!("template_{}", template.replace(|c: char| !c.is_ascii_alphanumeric(), "_"));
        let made = self.cluster.folder.join(format!("{name}.made"));
        let lock_file = made.with_extension("lock");
        // Waiting for another process must not hold up the tasks of this one.
        let _lock = tokio::task::spawn_blocking(move || locked(&lock_file)).await??;
        if !made.exists() {
            self.cluster.run_sql(&format!("drop database if exists {name}"))?;
            self.cluster.run_sql(&format!("create database {name}"))?;
            migrate(self.cluster.url(&name))
                .await
                .map_err(Into::into)
                .context("cannot migrate a template")?;
            File::create(&made).with_context(|| format!("cannot write {}", made.display()))?;
        }
        self.cloned_from(&name)
    }

    /// A fresh database without any table.
    pub fn empty_database(&self) -> anyhow::Result<Database> {
        self.cloned_from("template1")
    }

    fn cloned_from(&self, template: &str) -> anyhow::Result<Database> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}_{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        Ok(Database { url: self.cluster.database(&name, template)? })
    }
}

impl Private {
    /// A new cluster, running.
    pub fn start() -> anyhow::Result<Self> {
        Self::start_after(|_| Ok(()))
    }

    fn start_after(prepare: impl FnOnce(&Cluster) -> anyhow::Result<()>) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("dk-test-postgres-own-").tempdir()?.keep();
        let cluster = Cluster::create(&folder)?;
        watchdog::set(std::process::id(), &folder, &cluster.pid_file(), None)?;
        prepare(&cluster)?;
        cluster.start()?;
        Ok(Self { cluster })
    }

    /// A new cluster, running, that takes connections over TLS only.
    pub fn start_with_tls() -> anyhow::Result<Self> {
        Self::start_after(Cluster::demand_tls)
    }

    /// The certificate of the authority that made the server's own, for 127.0.0.1.
    pub fn authority(&self) -> PathBuf {
        self.cluster.authority()
    }

    /// Where its one database is; the same after it was started again.
    pub fn url(&self) -> String {
        self.cluster.url("postgres")
    }

    /// Stops it in good order; connections are closed at once.
    pub fn stop(&self) -> anyhow::Result<()> {
        self.cluster.stop("fast")
    }

    /// Ends its processes in the middle of what they do; the next start recovers from the log.
    pub fn kill(&self) -> anyhow::Result<()> {
        self.cluster.stop("immediate")
    }

    /// Starts it on the same port after it was stopped or killed.
    pub fn start_again(&self) -> anyhow::Result<()> {
        self.cluster.start_on_its_port()
    }

    /// Another database of it, a copy of `template`, to which nobody may be connected.
    pub fn database(&self, name: &str, template: &str) -> anyhow::Result<String> {
        self.cluster.database(name, template)
    }

    /// A replica that follows it, running; it writes every statement that it is asked into its log.
    pub fn replica(&self) -> anyhow::Result<Replica> {
        let folder = tempfile::Builder::new().prefix("dk-test-postgres-replica-").tempdir()?.keep();
        let cluster = Cluster::replica_of(&self.cluster, &folder)?;
        watchdog::set(std::process::id(), &folder, &cluster.pid_file(), None)?;
        cluster.start()?;
        Ok(Replica { cluster })
    }
}

impl Replica {
    /// Where a database of it is.
    pub fn url(&self, database: &str) -> String {
        self.cluster.url(database)
    }

    /// It goes on receiving, and shows nothing of it.
    pub fn pause(&self) -> anyhow::Result<()> {
        self.cluster.run_sql("select pg_wal_replay_pause()")
    }

    /// It shows what it has received.
    pub fn go_on(&self) -> anyhow::Result<()> {
        self.cluster.run_sql("select pg_wal_replay_resume()")
    }

    /// Makes it a primary of its own.
    pub fn promote(&self) -> anyhow::Result<()> {
        self.cluster.run_sql("select pg_promote()")
    }

    /// Ends its processes in the middle of what they do.
    pub fn kill(&self) -> anyhow::Result<()> {
        self.cluster.stop("immediate")
    }

    /// Starts it on the same port after it was killed.
    pub fn start_again(&self) -> anyhow::Result<()> {
        self.cluster.start_on_its_port()
    }

    /// How often it was asked for something with these words.
    pub fn asked(&self, words: &str) -> anyhow::Result<usize> {
        let log = fs::read_to_string(self.cluster.log())?;
        Ok(log.lines().filter(|line| line.contains(words)).count())
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        self.cluster.end();
    }
}

impl Drop for Replica {
    fn drop(&mut self) {
        self.cluster.end();
    }
}

/// Holds the lock of a file until the handle is dropped.
fn locked(path: &Path) -> anyhow::Result<File> {
    let path: PathBuf = path.to_owned();
    let file = File::options().create(true).append(true).open(&path);
    let file = file.with_context(|| format!("cannot open {}", path.display()))?;
    file.lock().with_context(|| format!("cannot lock {}", path.display()))?;
    Ok(file)
}
