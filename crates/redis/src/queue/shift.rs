//! The jobs that a worker has in hand, from claiming to giving back.

use std::any::Any;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dk_app::StopToken;
use dk_app::ports::{Job, JobFailure, JobHandler};
use futures_util::FutureExt as _;
use tokio::sync::watch;
use tokio::time::timeout;

/// How far the worker is on its way out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// Jobs run to their end.
    Open,
    /// Jobs were asked to stop.
    Stopping,
    /// Jobs that did not stop are let go of.
    Abandoned,
}

/// Runs jobs with a handler and can end them all.
pub(super) struct Shift {
    pub(super) handler: Arc<dyn JobHandler>,
    stage: watch::Sender<Stage>,
    in_hand: watch::Sender<usize>,
    running: Mutex<Running>,
}

#[derive(Default)]
struct Running {
    next: u64,
    tokens: HashMap<u64, StopToken>,
}

impl Shift {
    pub(super) fn new(handler: Arc<dyn JobHandler>) -> Self {
        Self {
            handler,
            stage: watch::Sender::new(Stage::Open),
            in_hand: watch::Sender::new(0),
            running: Mutex::default(),
        }
    }

    /// Runs one attempt. Whatever happens in it, this returns: BullMQ would keep the lock of a job whose processor
    /// panicked for as long as the process lives.
    pub(super) async fn run(&self, job: Job) -> Result<(), JobFailure> {
        let place = self.enter();
        if *self.stage.borrow() != Stage::Open {
            return Err(JobFailure::GiveBack);
        }
        let mut stage = self.stage.subscribe();
        // A panic may come before the first wait as well.
        let attempt = async { self.handler.handle(job.clone(), place.token.clone()).await };
        let ended = tokio::select! {
            ended = AssertUnwindSafe(attempt).catch_unwind() => ended,
            _ = stage.wait_for(|stage| *stage == Stage::Abandoned) => return Err(JobFailure::GiveBack),
        };
        match ended {
            Ok(ended) => ended,
            Err(panic) => Err(self.panicked(job, panic).await),
        }
    }

    /// The handler does not know how its attempt ended. Where it was the last one, it is told before the queue is:
    /// should this process end in between, the job comes again and finds its analysis ended.
    async fn panicked(&self, job: Job, panic: Box<dyn Any + Send>) -> JobFailure {
        let why = format!("the job panicked: {}", said(panic.as_ref()));
        tracing::error!(run.id = %job.run_id, why, "a job panicked");
        if job.is_last && AssertUnwindSafe(self.handler.lost(job)).catch_unwind().await.is_err() {
            tracing::error!("telling of a job that panicked has panicked too");
        }
        JobFailure::Retry(why)
    }

    /// Asks every job to stop; one that comes later is given back at once.
    pub(super) fn stop(&self) {
        self.stage.send_replace(Stage::Stopping);
        let tokens: Vec<StopToken> = self.lock().tokens.values().cloned().collect();
        for token in tokens {
            token.stop();
        }
    }

    /// Gives back what has not stopped.
    pub(super) fn abandon(&self) {
        let left = self.lock().tokens.len();
        if left > 0 {
            tracing::warn!(jobs = left, "jobs did not stop and are given back while they run");
        }
        self.stage.send_replace(Stage::Abandoned);
    }

    /// Returns when no job has been in hand for `rest`.
    pub(super) async fn idle_for(&self, rest: Duration) {
        let mut in_hand = self.in_hand.subscribe();
        loop {
            // The sender lives in `self`, so neither wait fails.
            let _ = in_hand.wait_for(|jobs| *jobs == 0).await;
            if timeout(rest, in_hand.wait_for(|jobs| *jobs > 0)).await.is_err() {
                return;
            }
        }
    }

    fn enter(&self) -> Place<'_> {
        let token = StopToken::new();
        let mut running = self.lock();
        running.next += 1;
        let id = running.next;
        running.tokens.insert(id, token.clone());
        self.in_hand.send_replace(running.tokens.len());
        Place { shift: self, id, token }
    }

    /// A panic in another holder leaves a valid map.
    fn lock(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running job; it leaves even where its future is dropped.
struct Place<'a> {
    shift: &'a Shift,
    id: u64,
    token: StopToken,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let mut running = self.shift.lock();
        running.tokens.remove(&self.id);
        self.shift.in_hand.send_replace(running.tokens.len());
    }
}

/// What a panic says of itself.
fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a message")
}
