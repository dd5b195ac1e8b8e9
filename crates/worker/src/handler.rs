//! What happens to a claimed job, and how it hears that its run was cancelled.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use dk_app::StopToken;
use dk_app::ports::{EventKind, Job, JobFailure, JobHandler, JobKind, Signal, Watcher};
use dk_app::service::{self, Ports};
use dk_domain::RunId;
use futures_util::StreamExt as _;
use tracing::Instrument as _;

use crate::keeper::Keeper;
use crate::until::pause_or_stop;

/// Runs the jobs of this process.
pub(crate) struct Handler {
    ports: Ports,
    keeper: Arc<Keeper>,
    running: Mutex<Running>,
}

#[derive(Default)]
struct Running {
    next: u64,
    tokens: HashMap<u64, (RunId, StopToken)>,
    cancelled: HashSet<u64>,
}

impl Handler {
    pub(crate) fn new(ports: Ports, keeper: Arc<Keeper>) -> Self {
        Self { ports, keeper, running: Mutex::default() }
    }

    /// Stops everything that works on a run.
    fn cancel(&self, run: RunId) {
        let tokens: Vec<StopToken> = {
            let mut running = self.lock();
            let ours: Vec<(u64, StopToken)> = running
                .tokens
                .iter()
                .filter(|(_, (of, _))| *of == run)
                .map(|(id, (_, token))| (*id, token.clone()))
                .collect();
            running.cancelled.extend(ours.iter().map(|(id, _)| *id));
            ours.into_iter().map(|(_, token)| token).collect()
        };
        for token in tokens {
            token.stop();
        }
    }

    fn enter(&self, run: RunId, stop: &StopToken) -> u64 {
        let mut running = self.lock();
        running.next += 1;
        let id = running.next;
        running.tokens.insert(id, (run, stop.clone()));
        metrics::gauge!("worker_jobs_active").set(running.tokens.len() as f64);
        id
    }

    /// Says whether the job was cancelled meanwhile.
    fn leave(&self, id: u64) -> bool {
        let mut running = self.lock();
        running.tokens.remove(&id);
        metrics::gauge!("worker_jobs_active").set(running.tokens.len() as f64);
        running.cancelled.remove(&id)
    }

    /// A panic in another holder leaves valid maps.
    fn lock(&self) -> MutexGuard<'_, Running> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn run(&self, job: &Job, stop: StopToken) -> Result<(), JobFailure> {
        let guard = Guard { handler: self, id: self.enter(job.run_id, &stop) };
        let (kept, watcher) = match &job.kind {
            JobKind::Analyze { model } => {
                let (kept, watcher) = self.keeper.follow(job.run_id, model);
                (Some(kept), watcher)
            }
            JobKind::Finalize => (None, Arc::new(|_| ()) as Watcher),
        };
        let worked = service::work(&self.ports, job, stop, watcher).await;
        drop(kept);
        match worked {
            // Its rows have ended: nothing is left for anybody.
            Err(JobFailure::GiveBack) if guard.leave() => Ok(()),
            other => other,
        }
    }
}

/// Leaves even where the job panics.
struct Guard<'a> {
    handler: &'a Handler,
    id: u64,
}

impl Guard<'_> {
    fn leave(&self) -> bool {
        self.handler.leave(self.id)
    }
}

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        self.handler.leave(self.id);
    }
}

#[async_trait]
impl JobHandler for Handler {
    async fn handle(&self, job: Job, stop: StopToken) -> Result<(), JobFailure> {
        let name = name_of(&job);
        let span = tracing::info_span!(
            "job",
            job.name = name,
            run.id = %job.run_id,
            media.id = %job.media_id,
            attempt = job.attempt
        );
        let begin = Instant::now();
        let worked = self.run(&job, stop).instrument(span).await;
        let outcome = match &worked {
            Ok(()) => "completed",
            Err(JobFailure::Retry(_)) => "retried",
            Err(JobFailure::GiveUp(_)) => "failed",
            Err(JobFailure::GiveBack) => "given_back",
        };
        metrics::counter!("worker_jobs_total", "job" => name, "outcome" => outcome).increment(1);
        metrics::histogram!("worker_job_seconds", "job" => name).record(begin.elapsed().as_secs_f64());
        worked
    }

    async fn lost(&self, job: Job) {
        metrics::counter!("worker_jobs_total", "job" => name_of(&job), "outcome" => "lost").increment(1);
        if let Err(error) = service::job_lost(&self.ports, &job).await {
            // The reconciler finds the run: nothing moves in it any more.
            tracing::error!(
                run.id = %job.run_id,
                error = &error as &dyn std::error::Error,
                "the end of a lost job was not written"
            );
        }
    }
}

fn name_of(job: &Job) -> &'static str {
    match job.kind {
        JobKind::Analyze { .. } => "run-single-analysis",
        JobKind::Finalize => "finalize-analysis",
    }
}

/// Passes cancellations to the jobs, and the progress that ML servers publish to the keeper, until `stop`.
pub(crate) async fn hear_cancels(handler: Arc<Handler>, stop: StopToken) {
    loop {
        match handler.ports.bus.listen().await {
            Ok(mut signals) => loop {
                tokio::select! {
                    () = stop.stopped() => return,
                    signal = signals.next() => match signal {
                        Some(signal) => hear(&handler, signal),
                        None => break,
                    },
                }
            },
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "cancellations are not heard");
            }
        }
        if pause_or_stop(Duration::from_secs(1), &stop).await {
            return;
        }
    }
}

fn hear(handler: &Handler, signal: Signal) {
    match signal {
        Signal::Cancel(run) => handler.cancel(run),
        Signal::Event(event) => {
            if let EventKind::Progress { model, mark } = &event.kind {
                handler.keeper.note(&(event.run_id, model.clone()), *mark);
            }
        }
        Signal::Recheck(_) => {}
    }
}
