//! One PostgreSQL cluster in a folder, started and asked through PostgreSQL's own programs.

use std::fs;
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, bail};

use crate::certificate;
use crate::port;

/// Enough for many tests at once, each with a pool; small buffers because they start empty every time.
const SETTINGS: &str = "
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = 400
shared_buffers = 64MB
fsync = off
full_page_writes = off
logging_collector = off
timezone = 'UTC'
lc_messages = 'C'
";

/// What a replica is asked is seen in its log; after a break it connects again soon.
const REPLICA_SETTINGS: &str = "
log_statement = all
wal_retrieve_retry_interval = 100ms
";

/// Ports are found by asking the system for a free one, which somebody else may take before the server does.
const ATTEMPTS: u32 = 5;

/// A cluster that exists on disk.
#[derive(Debug)]
pub(super) struct Cluster {
    pub(super) folder: PathBuf,
    programs: PathBuf,
    account: Option<Account>,
}

/// The account without rights under which the server runs when the tests run as root.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Account {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl Cluster {
    /// The cluster in `folder`, if one was started there.
    pub(super) fn running_in(folder: &Path) -> anyhow::Result<Option<Self>> {
        if !folder.join("port").exists() {
            return Ok(None);
        }
        Ok(Some(Self { folder: folder.to_owned(), programs: programs()?, account: None }))
    }

    /// Makes a cluster in `folder`, which is created where it is missing. It is not running yet.
    pub(super) fn create(folder: &Path) -> anyhow::Result<Self> {
        let programs = programs()?;
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let cluster = Self { folder: folder.to_owned(), programs, account: account_for(folder)? };
        cluster.hand_over()?;
        let data = cluster.data();
        run(cluster.program("initdb").arg("-D").arg(&data).args([
            "--username=postgres",
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            "--no-sync",
        ]))?;
        cluster.set(SETTINGS)?;
        Ok(cluster)
    }

    /// Makes a cluster in `folder` that follows another one. It is not running yet.
    pub(super) fn replica_of(primary: &Self, folder: &Path) -> anyhow::Result<Self> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        let cluster =
            Self { folder: folder.to_owned(), programs: primary.programs.clone(), account: primary.account };
        cluster.hand_over()?;
        run(cluster
            .program("pg_basebackup")
            .args(["--write-recovery-conf", "--checkpoint=fast", "--no-sync", "--dbname"])
            .arg(primary.url("postgres"))
            .arg("--pgdata")
            .arg(cluster.data()))?;
        cluster.set(REPLICA_SETTINGS)?;
        Ok(cluster)
    }

    /// Its folder belongs to the account under which it runs.
    fn hand_over(&self) -> anyhow::Result<()> {
        let Some(Account { uid, gid }) = self.account else { return Ok(()) };
        let folder = &self.folder;
        chown(folder, Some(uid), Some(gid)).with_context(|| format!("cannot hand over {}", folder.display()))
    }

    /// Adds settings behind those that are there, which they override.
    fn set(&self, more: &str) -> anyhow::Result<()> {
        let settings = self.data().join("postgresql.conf");
        let all = fs::read_to_string(&settings)? + more;
        fs::write(&settings, all).with_context(|| format!("cannot write {}", settings.display()))
    }

    /// Makes an authority and a certificate of it for 127.0.0.1, and refuses connections without TLS.
    pub(super) fn demand_tls(&self) -> anyhow::Result<()> {
        let data = self.data();
        certificate::make(&data, |program| self.as_account(program))?;
        let [certificate, key] = certificate::SERVER;
        let tls = format!("ssl = on\nssl_cert_file = '{certificate}'\nssl_key_file = '{key}'\n");
        self.set(&tls)?;
        let rules = data.join("pg_hba.conf");
        Ok(fs::write(&rules, fs::read_to_string(&rules)?.replace("\nhost ", "\nhostssl "))?)
    }

    /// The certificate of the authority.
    pub(super) fn authority(&self) -> PathBuf {
        self.data().join(certificate::AUTHORITY)
    }

    /// Starts it on a free port.
    pub(super) fn start(&self) -> anyhow::Result<()> {
        let mut last = Ok(());
        for _ in 0..ATTEMPTS {
            let port = port::free()?;
            last = self.start_on(port);
            if last.is_ok() {
                fs::write(self.folder.join("port"), port.to_string())?;
                break;
            }
        }
        last
    }

    /// Starts it again where it was.
    pub(super) fn start_on_its_port(&self) -> anyhow::Result<()> {
        self.start_on(self.port())
    }

    fn start_on(&self, port: u16) -> anyhow::Result<()> {
        let log = self.log();
        let started = run(self
            .program("pg_ctl")
            .args(["start", "-w", "-t", "60", "-s", "-D"])
            .arg(self.data())
            .arg("-l")
            .arg(&log)
            .args(["-o", &format!("-p {port}")]));
        started.with_context(|| fs::read_to_string(&log).unwrap_or_default())
    }

    /// Stops it; `how` is `fast` or `immediate`. One that is not running is fine.
    pub(super) fn stop(&self, how: &str) -> anyhow::Result<()> {
        if !self.pid_file().exists() {
            return Ok(());
        }
        run(self.program("pg_ctl").args(["stop", "-w", "-s", "-m", how, "-D"]).arg(self.data()))
    }

    /// Stops it at once and removes it; whatever stays behind is removed by the watchdog.
    pub(super) fn end(&self) {
        let _ = self.stop("immediate");
        let _ = fs::remove_dir_all(&self.folder);
    }

    /// What it says.
    pub(super) fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    /// Runs one statement outside any transaction.
    pub(super) fn run_sql(&self, statement: &str) -> anyhow::Result<()> {
        let url = self.url("postgres");
        run(self.program("psql").args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", &url, "-c", statement]))
    }

    /// Another database, a copy of `template`; where it is.
    pub(super) fn database(&self, name: &str, template: &str) -> anyhow::Result<String> {
        self.run_sql(&format!("create database {name} template {template}"))?;
        Ok(self.url(name))
    }

    /// Where a database of it is.
    pub(super) fn url(&self, database: &str) -> String {
        format!("postgres://postgres@127.0.0.1:{}/{database}", self.port())
    }

    /// The file whose first line is the process id of the server.
    pub(super) fn pid_file(&self) -> PathBuf {
        self.data().join("postmaster.pid")
    }

    fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    fn port(&self) -> u16 {
        let text = fs::read_to_string(self.folder.join("port")).unwrap_or_default();
        text.trim().parse().unwrap_or_default()
    }

    fn program(&self, name: &str) -> Command {
        self.as_account(&self.programs.join(name))
    }

    fn as_account(&self, program: &Path) -> Command {
        let mut command = Command::new(program);
        command.current_dir("/").env("LC_ALL", "C").env_remove("PGDATABASE").env_remove("PGUSER");
        if let Some(Account { uid, gid }) = self.account {
            command.uid(uid).gid(gid);
        }
        command
    }
}

/// Output goes to a file: a pipe would stay open for as long as the server that the program leaves behind.
fn run(command: &mut Command) -> anyhow::Result<()> {
    let said = tempfile::tempfile()?;
    let status = command
        .stdin(Stdio::null())
        .stdout(said.try_clone()?)
        .stderr(said.try_clone()?)
        .status()
        .with_context(|| format!("cannot run {}", command.get_program().display()))?;
    if !status.success() {
        bail!("{} ended with {status}: {}", command.get_program().display(), read_back(said)?);
    }
    Ok(())
}

fn read_back(mut file: fs::File) -> anyhow::Result<String> {
    use std::io::{Read, Seek};
    let mut text = String::new();
    file.rewind()?;
    file.read_to_string(&mut text)?;
    Ok(text)
}

/// The folder of PostgreSQL's programs: the newest one that Debian installs, or wherever `initdb` is on the path.
fn programs() -> anyhow::Result<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut folders: Vec<(u32, PathBuf)> = versions
        .filter_map(|entry| {
            let version = entry.file_name().to_str()?.parse().ok()?;
            Some((version, entry.path().join("bin")))
        })
        .collect();
    folders.sort();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let found = folders.into_iter().rev().map(|(_, folder)| folder).chain(std::env::split_paths(&path));
    let has_all =
        |folder: &PathBuf| ["initdb", "pg_ctl", "psql"].iter().all(|name| folder.join(name).is_file());
    found.into_iter().find(has_all).context(
        "these tests need PostgreSQL 15 or newer (initdb, pg_ctl, psql), which the project's setup script installs; \
         on Debian the package is called postgresql",
    )
}

/// PostgreSQL and PgBouncer refuse to run as root. The owner of a folder that was made just now is who we are.
pub(crate) fn account_for(folder: &Path) -> anyhow::Result<Option<Account>> {
    if fs::metadata(folder)?.uid() != 0 {
        return Ok(None);
    }
    let accounts = fs::read_to_string("/etc/passwd").context("cannot read the accounts of this machine")?;
    let account = ["postgres", "nobody"].iter().find_map(|name| {
        let line = accounts.lines().find(|line| line.split(':').next() == Some(name))?;
        let mut fields = line.split(':').skip(2);
        Some(Account { uid: fields.next()?.parse().ok()?, gid: fields.next()?.parse().ok()? })
    });
    account
        .map(Some)
        .context("such servers refuse to run as root, and there is no account postgres or nobody")
}
