//! What to start, with which rights. The same builder serves ffmpeg and our own executable.

use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{self, Stdio};

use dk_app::StopToken;

use super::running::Running;

/// How to start ourselves as a launcher: our own executable with the hidden subcommand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Launcher {
    /// Absolute path of the executable.
    pub program: PathBuf,
    /// Arguments that lead to [`super::main`].
    pub args: Vec<OsString>,
}

/// What a child may use up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChildLimits {
    /// Address space.
    pub memory_bytes: u64,
    /// Processor time.
    pub cpu_secs: u64,
    /// Time for which somebody waits for it.
    pub wall_secs: u64,
    /// What it may print on stdout.
    pub output_bytes: u64,
    /// Open files, the three standard ones included.
    pub open_files: u64,
}

impl Default for ChildLimits {
    fn default() -> Self {
        Self { memory_bytes: 4 << 30, cpu_secs: 60, wall_secs: 120, output_bytes: 1 << 20, open_files: 64 }
    }
}

/// Why a child did not end by itself, or did not begin.
#[derive(Debug, thiserror::Error)]
pub enum ChildError {
    /// The program is not there.
    #[error("{program} does not exist", program = program.display())]
    Missing {
        /// The program.
        program: PathBuf,
    },
    /// The program or its launcher could not be started.
    #[error("cannot start {program}", program = program.display())]
    Start {
        /// The program.
        program: PathBuf,
        /// What the system or the launcher said.
        #[source]
        source: io::Error,
    },
    /// It was ended after its time.
    #[error("it took longer than {limit_secs} s")]
    TimedOut {
        /// What is allowed.
        limit_secs: u64,
    },
    /// It was ended because it printed too much.
    #[error("it printed more than {limit_bytes} bytes")]
    TooMuchOutput {
        /// What is allowed.
        limit_bytes: u64,
    },
    /// It was ended because somebody asked to stop.
    #[error("stopped")]
    Stopped,
    /// The pipe to it broke.
    #[error("cannot talk to the child")]
    Io {
        /// What the system said.
        #[source]
        source: io::Error,
    },
}

/// What a child left behind that ended by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// All of stdout that nobody has read before.
    pub stdout: Vec<u8>,
    /// The beginning of stderr.
    pub stderr: String,
    /// True for exit code 0.
    pub success: bool,
    /// The exit code, where there is one.
    pub code: Option<i32>,
    /// The signal that ended it, where there is one.
    pub signal: Option<i32>,
}

/// A child to be.
#[derive(Debug)]
pub struct Command {
    pub(super) launcher: Launcher,
    pub(super) program: PathBuf,
    pub(super) args: Vec<OsString>,
    pub(super) limits: ChildLimits,
    readable: Vec<PathBuf>,
    env: Vec<(OsString, OsString)>,
    stdin: Option<File>,
}

/// What a child inherits: where programs and libraries are. Everything else (proxies, tokens, locale) stays here.
const INHERITED: [&str; 4] = ["PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"];

impl Command {
    /// `program` is an absolute path.
    pub fn new(launcher: &Launcher, program: impl AsRef<Path>) -> Self {
        Self {
            launcher: launcher.clone(),
            program: program.as_ref().to_owned(),
            args: Vec::new(),
            limits: ChildLimits::default(),
            readable: Vec::new(),
            env: Vec::new(),
            stdin: None,
        }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<T: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = T>) -> Self {
        self.args.extend(args.into_iter().map(|arg| arg.as_ref().to_owned()));
        self
    }

    /// Replaces the limits.
    #[must_use]
    pub fn limits(mut self, limits: ChildLimits) -> Self {
        self.limits = limits;
        self
    }

    /// Lets the child read a file, or all of a folder.
    #[must_use]
    pub fn readable(mut self, path: impl AsRef<Path>) -> Self {
        self.readable.push(path.as_ref().to_owned());
        self
    }

    /// Sets a variable of the child, which otherwise has next to none.
    #[must_use]
    pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
        self.env.push((name.as_ref().to_owned(), value.as_ref().to_owned()));
        self
    }

    /// Gives the child a file as its stdin, which it may also open anew; otherwise stdin is empty.
    #[must_use]
    pub fn stdin_file(mut self, file: File) -> Self {
        self.stdin = Some(file);
        self
    }

    /// Runs the child to its end and keeps what it printed.
    pub fn run(self, stop: &StopToken) -> Result<Output, ChildError> {
        self.spawn(stop)?.collect()
    }

    /// Starts the child; its stdout is read from what comes back.
    pub fn spawn(self, stop: &StopToken) -> Result<Running, ChildError> {
        self.spawn_listening(stop, |_| false)
    }

    /// Like [`Self::spawn`]; each line of stderr goes to `listen` first, which says whether it took the line.
    pub(crate) fn spawn_listening(
        mut self,
        stop: &StopToken,
        listen: impl FnMut(&str) -> bool + Send + 'static,
    ) -> Result<Running, ChildError> {
        if !self.program.is_file() {
            return Err(ChildError::Missing { program: self.program });
        }
        let child = self.prepare().spawn();
        let child =
            child.map_err(|source| ChildError::Start { program: self.launcher.program.clone(), source })?;
        Ok(Running::watch(child, self.program, &self.limits, stop, listen))
    }

    fn prepare(&mut self) -> process::Command {
        use std::os::unix::process::CommandExt as _;

        let mut command = process::Command::new(&self.launcher.program);
        command.args(&self.launcher.args);
        for (name, value) in [
            ("--memory", self.limits.memory_bytes),
            ("--cpu", self.limits.cpu_secs),
            ("--files", self.limits.open_files),
        ] {
            command.arg(name).arg(value.to_string());
        }
        if self.stdin.is_some() {
            command.arg("--read").arg(STDIN);
        }
        for path in &self.readable {
            command.arg("--read").arg(path);
        }
        command.arg("--").arg(&self.program).args(&self.args);
        command.env_clear();
        command.envs(INHERITED.iter().filter_map(|&name| Some((name, std::env::var_os(name)?))));
        command.env("LC_ALL", "C").envs(self.env.drain(..));
        command.stdin(self.stdin.take().map_or_else(Stdio::null, Stdio::from));
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        // A group of its own: Ctrl-C reaches us, and we end the child; `/` keeps no folder busy.
        command.process_group(0).current_dir("/");
        command
    }
}

/// The name under which a child can open its stdin anew, with a position of its own where the system allows.
pub(crate) const STDIN: &str = if cfg!(target_os = "linux") { "/proc/self/fd/0" } else { "/dev/stdin" };
