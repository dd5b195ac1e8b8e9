//! How the process ends: asked once it finishes what it has begun, asked twice it goes at once, and when a part
//! breaks down the others are stopped too.

use std::process::ExitCode;
use std::time::Duration;

use dk_app::StopToken;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::task::{JoinError, JoinSet};

use super::Ended;
use crate::failure::Failure;
use crate::style::complain;

/// Waits for the end.
pub(super) async fn wait(
    tasks: &mut JoinSet<Ended>,
    stop: &StopToken,
    patience: Duration,
) -> Result<ExitCode, Failure> {
    let mut asked = Asked::listen()?;
    let broken = loop {
        tokio::select! {
            () = asked.once() => break None,
            ended = tasks.join_next() => match ended {
                Some(ended) => if let Some(failure) = broken(ended) { break Some(failure) },
                None => return Ok(ExitCode::SUCCESS),
            },
        }
    };
    if broken.is_none() {
        complain("stopping: what is under way may finish; ask again to stop at once");
    }
    stop.stop();
    let all_ended = async {
        while let Some(ended) = tasks.join_next().await {
            // The first failure is the one that is told.
            broken_or_logged(ended);
        }
    };
    tokio::select! {
        () = all_ended => {}
        () = asked.once() => complain("stopped at once; unfinished work is taken up again by another process"),
        () = tokio::time::sleep(patience) => complain("some work did not end in time; it is taken up again later"),
    }
    broken.map_or(Ok(ExitCode::SUCCESS), Err)
}

fn broken(ended: Result<Ended, JoinError>) -> Option<Failure> {
    let hint = "see the log above; the process can be started again without loss";
    match ended {
        Ok(Ok(())) => None,
        Ok(Err((part, error))) => {
            Some(Failure::not_done(error.context(format!("the part {part} ended")), hint))
        }
        Err(error) if error.is_cancelled() => None,
        Err(error) => {
            Some(Failure::not_done(anyhow::Error::new(error).context("a part of the service panicked"), hint))
        }
    }
}

fn broken_or_logged(ended: Result<Ended, JoinError>) {
    if let Some(failure) = broken(ended) {
        tracing::error!(?failure, "a part failed while stopping");
    }
}

/// The two signals that ask a process to end.
struct Asked {
    interrupt: Signal,
    terminate: Signal,
}

impl Asked {
    fn listen() -> Result<Self, Failure> {
        let cannot = |error: std::io::Error| {
            Failure::not_done(
                anyhow::Error::new(error).context("cannot listen for signals"),
                "restart the process",
            )
        };
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).map_err(cannot)?,
            terminate: signal(SignalKind::terminate()).map_err(cannot)?,
        })
    }

    async fn once(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }
}
