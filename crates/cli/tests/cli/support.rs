//! A home of its own for every test, and the real program running in it with a deadline.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::channel;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

/// A run that takes longer is ended and fails its test. Far above what any run needs, because the machine
/// may be busy.
const DEADLINE: Duration = Duration::from_secs(100);
/// More memory than this for a small or broken file means that a limit does not hold.
pub(crate) const MAX_RESIDENT_KIB: u64 = 900 << 10;

/// A data folder, a folder of packages and a folder for media, gone after the test.
pub(crate) struct Home {
    root: TempDir,
}

/// What a run left behind.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// `None` where a signal ended it.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
    /// The most memory it was seen to hold; 0 where the system does not tell.
    pub(crate) resident_kib: u64,
}

/// A run under way.
pub(crate) struct Started {
    pub(crate) child: Child,
    stdout: JoinHandle<Vec<u8>>,
    stderr: JoinHandle<Vec<u8>>,
    begin: Instant,
}

impl Home {
    pub(crate) fn new() -> Self {
        let home = Self { root: tempfile::tempdir().expect("a temporary folder") };
        for folder in ["data", "packages", "media", "scratch"] {
            fs::create_dir(home.path(folder)).expect("a folder in it");
        }
        home
    }

    pub(crate) fn path(&self, name: impl AsRef<Path>) -> PathBuf {
        self.root.path().join(name)
    }

    /// Where media of this test are.
    pub(crate) fn media(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path("media").join(name)
    }

    pub(crate) fn write(&self, name: impl AsRef<Path>, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.media(name);
        fs::write(&path, bytes).expect("a file in the test's own folder");
        path
    }

    /// The program, knowing nothing but this home. Its working directory is the folder of media.
    pub(crate) fn command<T: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = T>) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_drishtiksha"));
        let ours = |name: &OsStr| {
            let name = name.to_string_lossy();
            ["DRISHTIKSHA_", "ORT_", "NO_COLOR"].iter().any(|start| name.starts_with(start))
        };
        for (name, _) in std::env::vars_os().filter(|(name, _)| ours(name)) {
            command.env_remove(name);
        }
        command
            .args(args)
            .current_dir(self.path("media"))
            .env("DRISHTIKSHA_HOME", self.path("data"))
            .env("DRISHTIKSHA_MODELS", self.path("packages"))
            .env("DRISHTIKSHA_THREADS", "1")
            .env("TMPDIR", self.path("scratch"))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub(crate) fn run<T: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = T>) -> Outcome {
        finish(self.command(args))
    }

    /// `analyze --json` on files that stand behind `--`.
    pub(crate) fn analyze_json<T: AsRef<OsStr>>(&self, files: impl IntoIterator<Item = T>) -> Outcome {
        let mut args: Vec<OsString> = ["analyze", "--json", "--quiet", "--"].map(OsString::from).into();
        args.extend(files.into_iter().map(|file| file.as_ref().to_owned()));
        self.run(args)
    }

    /// Names of everything below a folder of this home, for telling whether something was left behind.
    pub(crate) fn everything_in(&self, folder: &str) -> Vec<String> {
        let mut found = Vec::new();
        let mut folders = vec![self.path(folder)];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
                if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    folders.push(entry.path());
                } else {
                    let path = entry.path();
                    let path = path.strip_prefix(self.root.path()).unwrap_or(&path);
                    found.push(path.to_string_lossy().into_owned());
                }
            }
        }
        found.sort();
        found
    }
}

/// Starts a command and reads what it says, so that it never waits for us.
pub(crate) fn start(mut command: Command) -> Started {
    let mut child = command.spawn().expect("the program starts");
    let stdout = gather(child.stdout.take().expect("stdout is a pipe"));
    let stderr = gather(child.stderr.take().expect("stderr is a pipe"));
    Started { child, stdout, stderr, begin: Instant::now() }
}

/// Runs a command to its end.
pub(crate) fn finish(command: Command) -> Outcome {
    start(command).end()
}

/// Runs a command with bytes on its standard input.
pub(crate) fn finish_with_stdin(mut command: Command, bytes: &[u8]) -> Outcome {
    command.stdin(Stdio::piped());
    let mut started = start(command);
    let mut stdin = started.child.stdin.take().expect("stdin is a pipe");
    let bytes = bytes.to_vec();
    // The program may have enough before all is written; that is its right.
    let writer = thread::spawn(move || drop(stdin.write_all(&bytes)));
    let outcome = started.end();
    writer.join().expect("writing does not panic");
    outcome
}

fn gather(mut pipe: impl Read + Send + 'static) -> JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        // What was read before an error is what the test judges.
        let _ = pipe.read_to_end(&mut bytes);
        bytes
    })
}

/// Asks again and again, without keeping the processor busy, until there is an answer or the time is up.
pub(crate) fn poll<T>(deadline: Duration, mut ask: impl FnMut() -> Option<T>) -> Option<T> {
    let begin = Instant::now();
    let (_keep, never) = channel::<()>();
    loop {
        if let Some(answer) = ask() {
            return Some(answer);
        }
        if begin.elapsed() > deadline {
            return None;
        }
        // Nobody ever sends; only the time limit of the wait matters.
        let _ = never.recv_timeout(Duration::from_millis(5));
    }
}

impl Started {
    /// Waits for the end and looks at the memory meanwhile.
    pub(crate) fn end(mut self) -> Outcome {
        let mut resident_kib = 0;
        let pid = self.child.id();
        let status: Option<ExitStatus> = poll(DEADLINE, || {
            resident_kib = resident_kib.max(most_resident_kib(pid));
            self.child.try_wait().expect("it can be waited for")
        });
        let Some(status) = status else {
            self.child.kill().expect("it can be ended");
            self.child.wait().expect("it can be waited for");
            panic!("it did not end within {:?}", self.begin.elapsed());
        };
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("it writes UTF-8");
        Outcome {
            code: status.code(),
            stdout: text(self.stdout.join().expect("reading does not panic")),
            stderr: text(self.stderr.join().expect("reading does not panic")),
            resident_kib,
        }
    }
}

/// The high-water mark that Linux keeps of a process.
fn most_resident_kib(pid: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

impl Outcome {
    /// The documents on standard output, one per line.
    pub(crate) fn documents(&self) -> Vec<Value> {
        let lines = self.stdout.lines();
        lines
            .map(|line| {
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}\n{}", self.stderr))
            })
            .collect()
    }

    /// The only document.
    pub(crate) fn document(&self) -> Value {
        let mut all = self.documents();
        assert_eq!(all.len(), 1, "{self:?}");
        all.remove(0)
    }

    /// What the file as a whole is said to be.
    pub(crate) fn prediction(&self) -> String {
        text(&self.document()["verdict"]["prediction"])
    }

    /// No panic, no crash, no memory beyond all measure, whatever was given.
    #[track_caller]
    pub(crate) fn is_orderly(&self) -> &Self {
        assert!(matches!(self.code, Some(0..=3)), "{self:?}");
        for (what, text) in [("stderr", &self.stderr), ("stdout", &self.stdout)] {
            assert!(!text.contains("panicked at"), "{what}: {self:?}");
        }
        assert!(self.resident_kib < MAX_RESIDENT_KIB, "{} KiB: {self:?}", self.resident_kib);
        self
    }

    /// The error line that a person sees, and the way out below it.
    pub(crate) fn error_lines(&self) -> Vec<&str> {
        self.stderr.lines().filter(|line| line.starts_with("error:")).collect()
    }
}

/// A JSON string.
#[track_caller]
pub(crate) fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// The checkout, where the bundled test media are.
pub(crate) fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}
