//! Redis for tests: a server of one's own, which the test may stop, kill, freeze and start again. It starts in some
//! twenty milliseconds, so nothing is shared. Reads no configuration file of the machine.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use tempfile::TempDir;

use crate::certificate;
use crate::port;

const PATIENCE: Duration = Duration::from_secs(20);
/// A free port may be taken by somebody else between asking for it and using it.
const PORTS_TRIED: usize = 5;

/// Whether what was written survives that the server stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// A server that starts again is empty.
    Nothing,
    /// Every command is in the append-only file before it is answered.
    Everything,
}

/// How one talks to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Talk {
    Plain,
    Tls,
}

/// A Redis server on a free port of 127.0.0.1, with its files in a temporary folder. It and its folder go away when
/// this is dropped, and also when the test is killed.
#[derive(Debug)]
pub struct Server {
    folder: TempDir,
    port: u16,
    keep: Keep,
    talk: Talk,
    running: Option<Running>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    /// Ends the server when this end of the pipe closes without a word.
    watchdog: Option<ChildStdin>,
}

impl Server {
    /// An empty server that forgets everything when it stops.
    pub fn start() -> anyhow::Result<Self> {
        Self::start_with(Keep::Nothing)
    }

    /// An empty server that takes connections over TLS only. [`Server::command`] does not reach it.
    pub fn start_with_tls() -> anyhow::Result<Self> {
        Self::begin(Keep::Nothing, Talk::Tls)
    }

    /// An empty server.
    pub fn start_with(keep: Keep) -> anyhow::Result<Self> {
        Self::begin(keep, Talk::Plain)
    }

    fn begin(keep: Keep, talk: Talk) -> anyhow::Result<Self> {
        let folder = tempfile::Builder::new().prefix("dk-test-redis-").tempdir()?;
        if talk == Talk::Tls {
            certificate::make(folder.path(), |program| Command::new(program))?;
        }
        let mut server = Self { folder, port: 0, keep, talk, running: None };
        let mut result = Ok(());
        for _ in 0..PORTS_TRIED {
            server.port = port::free()?;
            result = server.start_again();
            if result.is_ok() {
                break;
            }
        }
        result.map(|()| server)
    }

    /// Where it is: `redis://127.0.0.1:PORT`, or `rediss://…`.
    pub fn url(&self) -> String {
        let scheme = if self.talk == Talk::Tls { "rediss" } else { "redis" };
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    /// The certificate of the authority that made the server's own; there with TLS only.
    pub fn authority(&self) -> PathBuf {
        self.folder.path().join(certificate::AUTHORITY)
    }

    /// Its port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts it after it was stopped or killed: same port, same folder.
    pub fn start_again(&mut self) -> anyhow::Result<()> {
        ensure!(self.running.is_none(), "the Redis server on port {} runs already", self.port);
        let append = if self.keep == Keep::Everything { "yes" } else { "no" };
        let mut child = Command::new("redis-server")
            .args(self.listening())
            .args(["--bind", "127.0.0.1", "--save", ""])
            .args(["--appendonly", append, "--appendfsync", "always", "--daemonize", "no"])
            .arg("--dir")
            .arg(self.folder.path())
            // Where the files of [`certificate`] are.
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start redis-server; hint: install the package redis-server")?;
        let watchdog = watch(child.id(), self.folder.path())?;
        let ready = wait_until_ready(&mut child);
        self.running = Some(Running { child, watchdog: Some(watchdog) });
        if ready.is_err() {
            self.kill()?;
        }
        ready
    }

    fn listening(&self) -> Vec<String> {
        let port = self.port.to_string();
        let words = match self.talk {
            Talk::Plain => vec!["--port", &port],
            Talk::Tls => vec![
                "--port",
                "0",
                "--tls-port",
                &port,
                "--tls-cert-file",
                certificate::SERVER[0],
                "--tls-key-file",
                certificate::SERVER[1],
                "--tls-ca-cert-file",
                certificate::AUTHORITY,
                "--tls-auth-clients",
                "no",
            ],
        };
        words.into_iter().map(str::to_owned).collect()
    }

    /// Stops it as an operator does. With [`Keep::Everything`] nothing is lost.
    pub fn stop(&mut self) -> anyhow::Result<()> {
        if self.running.is_some() {
            match self.talk {
                // The server closes the connection instead of answering.
                Talk::Plain => drop(self.command("SHUTDOWN")),
                Talk::Tls => self.signal("-TERM")?,
            }
            self.end(|_| Ok(()))?;
        }
        Ok(())
    }

    /// Kills it as a crash does.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.end(|child| child.kill().context("cannot kill the Redis server"))
    }

    /// Makes it hang: connections stay open and nothing is answered, until [`Server::thaw`].
    pub fn freeze(&self) -> anyhow::Result<()> {
        self.signal("-STOP")
    }

    /// Lets it go on.
    pub fn thaw(&self) -> anyhow::Result<()> {
        self.signal("-CONT")
    }

    /// Forgets everything, while it runs.
    pub fn flush(&self) -> anyhow::Result<()> {
        let answer = self.command("FLUSHALL")?;
        ensure!(answer.starts_with("+OK"), "the Redis server answered {answer:?} to FLUSHALL");
        Ok(())
    }

    /// Sends one command, words separated by spaces, and returns the first line of the answer as it comes over the
    /// wire, such as `:3` or `+OK`.
    pub fn command(&self, words: &str) -> anyhow::Result<String> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port))?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.write_all(format!("{words}\r\n").as_bytes())?;
        let mut line = String::new();
        BufReader::new(stream).read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }

    fn signal(&self, signal: &str) -> anyhow::Result<()> {
        let Some(running) = &self.running else { bail!("the Redis server does not run") };
        let status = Command::new("kill").args([signal, &running.child.id().to_string()]).status()?;
        ensure!(status.success(), "cannot send {signal} to the Redis server");
        Ok(())
    }

    fn end(&mut self, how: impl FnOnce(&mut Child) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let Some(mut running) = self.running.take() else { return Ok(()) };
        let ended = how(&mut running.child);
        running.child.wait().context("cannot wait for the Redis server")?;
        // Its number may belong to somebody else from now on: the watchdog must not kill it.
        if let Some(mut watchdog) = running.watchdog.take() {
            let _ = watchdog.write_all(b"ended\n");
        }
        ended
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

/// `$1` the server, `$2` its folder. The end of the input without a word means that the test was killed.
const WATCHDOG: &str = r#"read -r _ || { kill -KILL "$1"; rm -rf -- "$2"; }"#;

/// A shell that kills the server when this process ends in whatever way without having said that it did so itself.
fn watch(server: u32, folder: &Path) -> anyhow::Result<ChildStdin> {
    let mut shell = Command::new("sh")
        .args(["-c", WATCHDOG, "watchdog", &server.to_string()])
        .arg(folder)
        .current_dir("/")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .context("cannot start a shell that watches the Redis server")?;
    let pipe = shell.stdin.take().context("the shell has no input")?;
    // Nobody else waits for it, and what nobody waits for stays in the list of processes.
    std::thread::spawn(move || shell.wait());
    Ok(pipe)
}

fn wait_until_ready(child: &mut Child) -> anyhow::Result<()> {
    let mut output = BufReader::new(child.stdout.take().context("the Redis server has no output")?);
    let (said, hears) = mpsc::channel();
    std::thread::spawn(move || {
        let mut seen = String::new();
        while output.read_line(&mut seen).is_ok_and(|bytes| bytes > 0) {
            if seen.contains("Ready to accept connections") {
                let _ = said.send(Ok(()));
                // A pipe that nobody reads would stop the server when it is full.
                let _ = std::io::copy(&mut output.by_ref(), &mut std::io::sink());
                return;
            }
        }
        let _ = said.send(Err(seen));
    });
    match hears.recv_timeout(PATIENCE) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(output)) => bail!("the Redis server did not start: {output}"),
        Err(_) => bail!("the Redis server was not ready within {PATIENCE:?}"),
    }
}
