//! The real program in one of its roles: started, spoken to, stopped, killed.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

/// Far above what any start or stop needs, because the machine may be busy.
pub(crate) const DEADLINE: Duration = Duration::from_secs(90);

/// How the program is to be started.
#[derive(Clone)]
pub(crate) struct Launch {
    args: Vec<String>,
    env: BTreeMap<String, String>,
    log: PathBuf,
}

impl Launch {
    /// `args` in a clean environment; what it logs goes to the file `log`.
    pub(crate) fn new(args: &[&str], home: &Path, log: PathBuf) -> Self {
        let mut env = BTreeMap::new();
        env.insert("DRISHTIKSHA_HOME".to_owned(), home.to_string_lossy().into_owned());
        for (name, value) in [
            ("PORT", "0"),
            ("ML_PORT", "0"),
            ("METRICS_PORT", "0"),
            ("DRISHTIKSHA_THREADS", "1"),
            ("LOG_FORMAT", "json"),
            ("WORKER_RETRY_MS", "200"),
            ("WORKER_MEND_MS", "500"),
            ("GRACE_SECS", "20"),
            ("REQUESTS_PER_MINUTE", "100000"),
        ] {
            env.insert(name.to_owned(), value.to_owned());
        }
        Self { args: args.iter().map(ToString::to_string).collect(), env, log }
    }

    pub(crate) fn env(mut self, name: &str, value: impl Into<String>) -> Self {
        self.env.insert(name.to_owned(), value.into());
        self
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_drishtiksha"));
        command.args(&self.args).env_clear().envs(&self.env).stdin(Stdio::null());
        for kept in ["PATH", "TMPDIR", "LANG", "HOME"] {
            if let Some(value) = std::env::var_os(kept) {
                command.env(kept, value);
            }
        }
        command
    }

    /// Starts it and waits until it listens.
    pub(crate) fn start(&self) -> Process {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.log)
            .expect("a file for the log");
        let mut child =
            self.command().stdout(Stdio::piped()).stderr(log).spawn().expect("the program can be started");
        let stdout = child.stdout.take().expect("its output is a pipe");
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let mut process = Process { child, lines, said: Vec::new(), launch: self.clone() };
        // The address of the metrics is the last line of a start.
        process.wait_for_line("metrics ");
        process
    }
}

/// The running program; killed when dropped.
pub(crate) struct Process {
    child: Child,
    lines: Receiver<String>,
    said: Vec<String>,
    launch: Launch,
}

impl Process {
    fn wait_for_line(&mut self, start: &str) {
        while !self.said.iter().any(|line| line.starts_with(start)) {
            match self.lines.recv_timeout(DEADLINE) {
                Ok(line) => self.said.push(line),
                Err(RecvTimeoutError::Timeout) => panic!("no line {start:?} in time: {}", self.told()),
                Err(RecvTimeoutError::Disconnected) => panic!("it ended before it listened: {}", self.told()),
            }
        }
    }

    /// What it printed and the end of its log.
    pub(crate) fn told(&self) -> String {
        let log = std::fs::read_to_string(&self.launch.log).unwrap_or_default();
        let tail: Vec<&str> = log.lines().rev().take(40).collect();
        format!("{:?}\n{}", self.said, tail.into_iter().rev().collect::<Vec<_>>().join("\n"))
    }

    /// Address of a part, such as `http://127.0.0.1:4242`.
    pub(crate) fn url(&self, part: &str) -> String {
        let line = self.said.iter().find_map(|line| line.strip_prefix(part).map(str::trim));
        line.unwrap_or_else(|| panic!("no part {part}: {:?}", self.said)).to_owned()
    }

    /// A word of a printed line that follows `before`.
    pub(crate) fn word_after(&self, before: &str) -> Option<String> {
        let line = self.said.iter().find(|line| line.contains(before))?;
        let rest = line.split(before).nth(1)?;
        rest.split_whitespace().next().map(ToOwned::to_owned)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Asks it to end, as an operator does.
    pub(crate) fn terminate(&self) {
        self.signal("TERM");
    }

    pub(crate) fn signal(&self, name: &str) {
        let status = Command::new("kill").args([format!("-{name}"), self.pid().to_string()]).status();
        assert!(status.expect("kill can be run").success());
    }

    /// Ends it in the middle of what it does.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("our own child can be killed");
        self.child.wait().expect("it was ours");
    }

    /// Waits until it has ended by itself.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let begin = std::time::Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("it is ours") {
                return status;
            }
            assert!(begin.elapsed() < DEADLINE, "it did not end: {}", self.told());
            // The exit of a child can only be polled here, and nothing depends on how often.
            thread::park_timeout(Duration::from_millis(20));
        }
    }

    /// Asks it to end and starts it anew with the same settings.
    pub(crate) fn restart(&mut self) {
        self.terminate();
        assert!(self.wait().success(), "{}", self.told());
        *self = self.launch.start();
    }

    /// Everything it logged.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.launch.log).unwrap_or_default()
    }

    /// Waits until its log holds this text.
    pub(crate) fn says(&self, text: &str) {
        let begin = std::time::Instant::now();
        while !self.log().contains(text) {
            assert!(begin.elapsed() < DEADLINE, "{text:?} was not said: {}", self.told());
            // A file tells nobody when it grows.
            thread::park_timeout(Duration::from_millis(20));
        }
    }

    /// How it was started.
    pub(crate) fn launch(&self) -> Launch {
        self.launch.clone()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
