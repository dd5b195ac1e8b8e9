//! A child at work: its stdout, its end, and everything that may end it early.

use std::io::{self, BufRead as _, BufReader, Read};
use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdout, ExitStatus};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use dk_app::{StopToken, Watch};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process_group, waitid};

use super::clock::Clock;
use super::command::{ChildError, ChildLimits, Output};
use super::launch::{NOT_STARTED, NOT_STARTED_PREFIX};

/// Of stderr, so much is kept for messages; the rest is read and forgotten.
const KEPT_STDERR_BYTES: usize = 16 << 10;
/// A longer line is cut into several.
const LINE_BYTES: u64 = 4 << 10;

/// A running child. Reading from it reads its stdout; dropping it ends it.
pub struct Running {
    stdout: ChildStdout,
    stderr: Option<JoinHandle<String>>,
    killer: Arc<Killer>,
    clock: Clock,
    program: PathBuf,
    wall_secs: u64,
    output_bytes: u64,
    // Taken back when the child is gone.
    _stop: Watch,
}

/// Ends the child from any thread, and remembers who did.
struct Killer {
    pid: Pid,
    state: Mutex<State>,
}

struct State {
    child: Child,
    cause: Option<Cause>,
    status: Option<ExitStatus>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cause {
    Stopped,
    TimedOut,
    TooMuchOutput,
    Dropped,
}

impl Running {
    pub(super) fn watch(
        mut child: Child,
        program: PathBuf,
        limits: &ChildLimits,
        stop: &StopToken,
        listen: impl FnMut(&str) -> bool + Send + 'static,
    ) -> Self {
        let stdout = child.stdout.take().expect("the command pipes stdout");
        let stderr = child.stderr.take().expect("the command pipes stderr");
        let state = State { child, cause: None, status: None };
        let killer = Arc::new(Killer { pid: Pid::from_child(&state.child), state: Mutex::new(state) });
        let (on_time, on_stop) = (Arc::clone(&killer), Arc::clone(&killer));
        Self {
            stdout,
            stderr: Some(thread::spawn(move || drain(stderr, listen))),
            clock: Clock::start(Duration::from_secs(limits.wall_secs), move || on_time.end(Cause::TimedOut)),
            _stop: stop.on_stop(move || on_stop.end(Cause::Stopped)),
            killer,
            program,
            wall_secs: limits.wall_secs,
            output_bytes: limits.output_bytes,
        }
    }

    /// Fills the buffer as far as stdout goes and says how far that was.
    pub fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, ChildError> {
        let Self { stdout, clock, .. } = self;
        let read = clock.while_waiting(|| {
            let mut filled = 0;
            while filled < buffer.len() {
                match stdout.read(&mut buffer[filled..]) {
                    Ok(0) => break,
                    Ok(count) => filled += count,
                    Err(again) if again.kind() == io::ErrorKind::Interrupted => {}
                    Err(source) => return Err(source),
                }
            }
            Ok(filled)
        });
        read.map_err(|source| ChildError::Io { source })
    }

    /// Reads the rest of stdout, waits for the end of the child and says how it ended.
    pub fn collect(mut self) -> Result<Output, ChildError> {
        let mut stdout = Vec::new();
        let most = self.output_bytes.saturating_add(1);
        let Self { stdout: pipe, clock, .. } = &mut self;
        clock
            .while_waiting(|| pipe.take(most).read_to_end(&mut stdout))
            .map_err(|source| ChildError::Io { source })?;
        if stdout.len() as u64 > self.output_bytes {
            self.killer.end(Cause::TooMuchOutput);
        }
        let output = self.finish()?;
        Ok(Output { stdout, ..output })
    }

    /// Lets the child's clock run while `work` waits for something that only the child can bring.
    pub(crate) fn while_waiting<T>(&self, work: impl FnOnce() -> T) -> T {
        self.clock.while_waiting(work)
    }

    /// Waits for the end of the child, whose stdout has been read as far as anybody wants it.
    pub fn finish(mut self) -> Result<Output, ChildError> {
        let Self { killer, clock, .. } = &self;
        let status = clock.while_waiting(|| killer.wait()).map_err(|source| ChildError::Io { source })?;
        let stderr = self.stderr.take().and_then(|thread| thread.join().ok()).unwrap_or_default();
        match self.killer.cause() {
            Some(Cause::Stopped | Cause::Dropped) => return Err(ChildError::Stopped),
            Some(Cause::TimedOut) => return Err(ChildError::TimedOut { limit_secs: self.wall_secs }),
            Some(Cause::TooMuchOutput) => {
                return Err(ChildError::TooMuchOutput { limit_bytes: self.output_bytes });
            }
            None => {}
        }
        if status.code() == Some(i32::from(NOT_STARTED))
            && let Some(reason) = stderr.strip_prefix(NOT_STARTED_PREFIX)
        {
            let source = io::Error::other(reason.trim().to_owned());
            return Err(ChildError::Start { program: std::mem::take(&mut self.program), source });
        }
        Ok(Output {
            stdout: Vec::new(),
            stderr,
            success: status.success(),
            code: status.code(),
            signal: status.signal(),
        })
    }
}

impl Read for Running {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let Self { stdout, clock, .. } = self;
        clock.while_waiting(|| stdout.read(buffer))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.killer.end(Cause::Dropped);
        // Reaps the child; a failure would mean that it is already gone.
        let _ = self.killer.wait();
        if let Some(thread) = self.stderr.take() {
            let _ = thread.join();
        }
    }
}

impl Killer {
    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cause(&self) -> Option<Cause> {
        self.lock().cause
    }

    /// Ends the child unless it has been reaped; its number could belong to somebody else then.
    fn end(&self, cause: Cause) {
        let mut state = self.lock();
        if state.status.is_some() {
            return;
        }
        state.cause.get_or_insert(cause);
        if kill_process_group(self.pid, Signal::KILL).is_err() {
            // The group is gone when the child is dead and waits to be reaped; then this changes nothing.
            let _ = state.child.kill();
        }
    }

    /// Waits for the end. The lock is not held meanwhile, so that [`Self::end`] gets in.
    fn wait(&self) -> io::Result<ExitStatus> {
        if let Some(status) = self.lock().status {
            return Ok(status);
        }
        let ended = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
        while let Err(errno) = waitid(WaitId::Pid(self.pid), ended) {
            if errno != rustix::io::Errno::INTR {
                return Err(errno.into());
            }
        }
        let mut state = self.lock();
        let status = state.child.wait()?;
        state.status = Some(status);
        Ok(status)
    }
}

/// Reads stderr to its end whatever it holds, so that the child never waits for us.
fn drain(stderr: ChildStderr, mut listen: impl FnMut(&str) -> bool) -> String {
    let mut stderr = BufReader::new(stderr);
    let mut kept = String::new();
    let mut line = Vec::new();
    loop {
        line.clear();
        match (&mut stderr).take(LINE_BYTES).read_until(b'\n', &mut line) {
            Ok(0) | Err(_) => return kept,
            Ok(_) => {}
        }
        let text = String::from_utf8_lossy(&line);
        if !listen(text.trim_end()) && kept.len() + text.len() <= KEPT_STDERR_BYTES {
            kept.push_str(&text);
        }
    }
}
