//! PgBouncer for tests: between programs and a PostgreSQL server, on a free port, with its files in a temporary folder.

use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail};
use tempfile::TempDir;

use crate::nginx::tools_folder;
use crate::port;
use crate::postgres::cluster::{Account, account_for};

/// Since this version it follows statements that are prepared, and a connection can be somebody's for one transaction only.
const FOLLOWS_STATEMENTS: (u32, u32) = (1, 21);

/// A running PgBouncer; it goes away when this is dropped.
#[derive(Debug)]
pub struct PgBouncer {
    child: Child,
    url: String,
    /// `transaction` where this version can do it, else `session`.
    pub mode: &'static str,
    _folder: TempDir,
}

impl PgBouncer {
    /// Between programs and the database at `postgres`, such as `postgres://postgres@127.0.0.1:PORT/NAME`.
    pub fn start(postgres: &str) -> anyhow::Result<Self> {
        let (server, name) = parts(postgres)?;
        let program = Program::find()?;
        let mode = if program.version()? >= FOLLOWS_STATEMENTS { "transaction" } else { "session" };
        let folder = tempfile::Builder::new().prefix("dk-test-pgbouncer-").tempdir()?;
        let port = port::free()?;
        let settings = folder.path().join("pgbouncer.ini");
        fs::write(folder.path().join("userlist.txt"), "\"postgres\" \"\"\n")?;
        fs::write(&settings, ini(server, port, mode, folder.path()))?;
        let account = account_for(folder.path())?;
        if let Some(Account { uid, gid }) = account {
            chown(folder.path(), Some(uid), Some(gid))?;
        }
        let mut command = program.command();
        if let Some(Account { uid, gid }) = account {
            command.uid(uid).gid(gid);
        }
        command.arg("--quiet").arg(&settings).current_dir("/").stdin(Stdio::null());
        let child = command.spawn().context("cannot start pgbouncer")?;
        let url = format!("postgres://postgres@127.0.0.1:{port}/{name}");
        let mut bouncer = Self { child, url, mode, _folder: folder };
        port::wait_for(&mut bouncer.child, "pgbouncer", port)?;
        Ok(bouncer)
    }

    /// Where programs find the database through it.
    pub fn url(&self) -> &str {
        &self.url
    }
}

impl Drop for PgBouncer {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The port of the server and the name of the database.
fn parts(url: &str) -> anyhow::Result<(&str, &str)> {
    let rest = url.rsplit_once('@').map_or(url, |(_, rest)| rest);
    let (server, name) = rest.split_once('/').with_context(|| format!("{url} names no database"))?;
    let (_, port) = server.rsplit_once(':').with_context(|| format!("{url} names no port"))?;
    Ok((port, name))
}

/// In session mode each connection of a program keeps one of the server's, so there must be enough; in transaction mode
/// a few serve all.
fn ini(server_port: &str, port: u16, mode: &str, folder: &Path) -> String {
    let (pool, statements) =
        if mode == "transaction" { (8, "max_prepared_statements = 200") } else { (200, "") };
    format!(
        "[databases]\n* = host=127.0.0.1 port={server_port}\n[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\n\
         unix_socket_dir =\nauth_type = trust\nauth_file = {}\npool_mode = {mode}\ndefault_pool_size = {pool}\n\
         max_client_conn = 1000\nignore_startup_parameters = extra_float_digits\n{statements}\n",
        folder.join("userlist.txt").display()
    )
}

/// The program and the folder with the libraries that came with it, where it is not installed.
struct Program {
    path: PathBuf,
    libraries: Option<OsString>,
}

impl Program {
    /// `PGBOUNCER` names one, else it is in `PATH`, where Debian puts it, or where `scripts/setup tests` does.
    fn find() -> anyhow::Result<Self> {
        if let Some(path) = std::env::var_os("PGBOUNCER") {
            return Ok(Self { path: path.into(), libraries: None });
        }
        let path = std::env::var_os("PATH").unwrap_or_default();
        let installed = std::env::split_paths(&path).chain([PathBuf::from("/usr/sbin")]);
        if let Some(path) = installed.map(|folder| folder.join("pgbouncer")).find(|path| path.is_file()) {
            return Ok(Self { path, libraries: None });
        }
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize()?;
        let fetched = tools_folder(&checkout).join("pgbouncer");
        let path = fetched.join("usr/sbin/pgbouncer");
        if !path.is_file() {
            bail!("there is no pgbouncer; hint: scripts/setup tests installs it");
        }
        let folders = fs::read_dir(fetched.join("usr/lib"))?.flatten().map(|entry| entry.path());
        let libraries = std::env::join_paths(folders.filter(|path| path.is_dir()))?;
        Ok(Self { path, libraries: Some(libraries) })
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        if let Some(libraries) = &self.libraries {
            command.env("LD_LIBRARY_PATH", libraries);
        }
        command
    }

    /// The first two numbers of `PgBouncer 1.18.0`.
    fn version(&self) -> anyhow::Result<(u32, u32)> {
        let output = self.command().arg("--version").output().context("cannot run pgbouncer")?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let mut numbers = text.split_whitespace().nth(1).unwrap_or_default().split('.');
        let mut next = || numbers.next().and_then(|number| number.parse().ok());
        next().zip(next()).with_context(|| format!("pgbouncer says {text:?} of its version"))
    }
}
