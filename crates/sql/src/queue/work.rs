//! A worker: takes jobs up to its concurrency, renews their leases, writes what became of them, and stops in two
//! stages. A database that is away for a while is waited for.

use std::any::Any;
use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use dk_app::StopToken;
use dk_app::ports::{Job, JobFailure, JobHandler, QueueError, WorkOptions};
use dk_domain::RunId;
use futures_util::FutureExt;
use tokio::task::JoinSet;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep, sleep_until};
use uuid::Uuid;

use super::SqlQueue;
use super::claim::{Claimed, claim};
use super::settle::{Attempt, give_back_all, give_back_others, renew, settle, trim};
use super::table::look_at_finaliser;
use crate::fault::Fault;

/// After so many jobs old ones are forgotten.
const TRIM_EVERY: u64 = 128;
/// A job whose outcome cannot be written for so long is left to the recovery.
const SETTLE_TRIES: u32 = 20;
const SETTLE_PAUSE: Duration = Duration::from_millis(500);

/// One call of [`dk_app::ports::JobQueue::work`].
struct Worker {
    queue: SqlQueue,
    handler: Arc<dyn JobHandler>,
    id: Uuid,
    /// By id of the job; a job without one is not of this worker any more.
    tokens: HashMap<String, StopToken>,
    /// Each answers with the id of its job when it is through.
    running: JoinSet<Option<String>>,
    /// Set when running jobs are stopped because this worker must go.
    leaving: Arc<AtomicBool>,
    /// Whether the last claim ended with an error: it may have been made all the same.
    unsure: bool,
    done: u64,
}

/// Works until `stop`; returns when nothing of this worker's runs any more.
pub(super) async fn work(
    queue: &SqlQueue,
    handler: Arc<dyn JobHandler>,
    options: &WorkOptions,
    stop: &StopToken,
) {
    let mut worker = Worker {
        queue: queue.clone(),
        handler,
        id: queue.ambient.id(),
        tokens: HashMap::new(),
        running: JoinSet::new(),
        leaving: Arc::default(),
        unsure: false,
        done: 0,
    };
    let mut news = queue.news.subscribe();
    let mut renewal = renewal(queue.options.lease);
    while !stop.is_stopped() {
        news.borrow_and_update();
        worker.take(usize::from(options.concurrency.max(1))).await;
        tokio::select! {
            () = stop.stopped() => break,
            Some(job) = worker.running.join_next() => worker.ended(job.ok().flatten()).await,
            _ = renewal.tick() => worker.renew().await,
            // The sender lives as long as the queue, which this holds.
            _ = news.changed() => {}
            () = sleep(queue.options.poll) => {}
        }
    }
    worker.leave(options.grace, &mut renewal).await;
}

fn renewal(lease: Duration) -> Interval {
    let mut renewal = interval((lease / 3).max(Duration::from_millis(1)));
    renewal.set_missed_tick_behavior(MissedTickBehavior::Delay);
    renewal
}

impl Worker {
    /// Takes as many jobs as there is room for.
    async fn take(&mut self, concurrency: usize) {
        let room = concurrency.saturating_sub(self.tokens.len());
        if room == 0 {
            return;
        }
        let Claimed { jobs, lost } = self.claim(room).await.unwrap_or_else(|error| {
            self.unsure = true;
            tracing::warn!(error = &error as &dyn std::error::Error, "no jobs can be taken now");
            Claimed::default()
        });
        for job in lost {
            let (queue, handler) = (self.queue.clone(), Arc::clone(&self.handler));
            self.running.spawn(async move {
                let run = job.run_id;
                tell_lost(&*handler, job).await;
                free_finaliser(&queue, run).await;
                None
            });
        }
        for (id, job) in jobs {
            self.begin(id, job);
        }
    }

    async fn claim(&mut self, room: usize) -> Result<Claimed, QueueError> {
        let queue = &self.queue;
        if self.unsure {
            let back = give_back_others(&queue.db, self.id, self.tokens.keys());
            queue.timed("give unknown jobs back", back).await?;
            self.unsure = false;
        }
        let now = queue.ambient.now();
        queue.timed("take jobs", claim(&queue.db, &queue.options, self.id, room, now)).await
    }

    fn begin(&mut self, id: String, job: Job) {
        let token = StopToken::new();
        self.tokens.insert(id.clone(), token.clone());
        let (queue, handler, worker) = (self.queue.clone(), Arc::clone(&self.handler), self.id);
        let leaving = Arc::clone(&self.leaving);
        self.running.spawn(async move {
            let run = AssertUnwindSafe(handler.handle(job.clone(), token)).catch_unwind().await;
            let panicked = run.is_err();
            let mut outcome = run.unwrap_or_else(|panic| {
                let why = said(panic.as_ref());
                tracing::error!(job.id = id, why, "a job panicked");
                Err(JobFailure::Retry(format!("the job panicked: {why}")))
            });
            if leaving.load(Ordering::SeqCst) && matches!(outcome, Err(JobFailure::Retry(_))) {
                outcome = Err(JobFailure::GiveBack);
            }
            let attempt = Attempt { id: &id, run: job.run_id, worker, number: job.attempt };
            let failed = settle_surely(&queue, &attempt, &outcome).await;
            queue.wake();
            if failed && panicked {
                // Its handler had no chance to say so.
                tell_lost(&*handler, job).await;
            }
            Some(id)
        });
    }

    async fn ended(&mut self, job: Option<String>) {
        let Some(id) = job else { return };
        self.tokens.remove(&id);
        self.done += 1;
        if self.done.is_multiple_of(TRIM_EVERY) {
            let trimmed = self.queue.timed("forget old jobs", trim(&self.queue.db)).await;
            if let Err(error) = trimmed {
                tracing::warn!(error = &error as &dyn std::error::Error, "old jobs stay");
            }
        }
    }

    /// Renews every lease; a job whose lease was lost is stopped, because another worker has it.
    async fn renew(&self) {
        if self.tokens.is_empty() {
            return;
        }
        match self.queue.timed("renew leases", self.renew_all()).await {
            Ok(lost) => {
                for id in lost {
                    tracing::warn!(job.id = id, "the lease of a job was lost");
                    if let Some(token) = self.tokens.get(&id) {
                        token.stop();
                    }
                }
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "leases were not renewed");
            }
        }
    }

    async fn renew_all(&self) -> Result<Vec<String>, Fault> {
        let db = &self.queue.db;
        let until = self.queue.ambient.now() + self.queue.options.lease;
        let mut lost = Vec::new();
        if db.is_postgres() {
            for id in self.tokens.keys() {
                if !renew(&db.read(), id, self.id, until).await? {
                    lost.push(id.clone());
                }
            }
        } else {
            let tx = db.begin().await?;
            for id in self.tokens.keys() {
                if !renew(&tx, id, self.id, until).await? {
                    lost.push(id.clone());
                }
            }
            tx.commit().await?;
        }
        Ok(lost)
    }

    /// First lets running jobs finish, then stops them, then gives back what would not hear.
    async fn leave(mut self, grace: Duration, renewal: &mut Interval) {
        self.wait(grace, renewal).await;
        self.leaving.store(true, Ordering::SeqCst);
        for token in self.tokens.values() {
            token.stop();
        }
        self.wait(self.queue.options.stop_patience, renewal).await;
        self.running.shutdown().await;
        match self.queue.timed("give jobs back", give_back_all(&self.queue.db, self.id)).await {
            Ok(0) => {}
            Ok(jobs) => tracing::warn!(jobs, "jobs that did not stop in time were given back"),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "jobs are left to the recovery");
            }
        }
        self.queue.wake();
    }

    /// Waits until nothing runs, at most for `limit`.
    async fn wait(&mut self, limit: Duration, renewal: &mut Interval) {
        let end = Instant::now() + limit;
        while !self.running.is_empty() {
            tokio::select! {
                Some(job) = self.running.join_next() => self.ended(job.ok().flatten()).await,
                _ = renewal.tick() => self.renew().await,
                () = sleep_until(end) => return,
            }
        }
    }
}

/// What a panic says of itself.
fn said(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a message")
}

/// Tells the handler of a job that failed without it.
async fn tell_lost(handler: &dyn JobHandler, job: Job) {
    let run = job.run_id;
    if AssertUnwindSafe(handler.lost(job)).catch_unwind().await.is_err() {
        tracing::error!(run.id = %run, "the handler panicked over a lost job");
    }
}

/// Makes the finaliser of a run due that a lost job held up, again where the database is away. Not done while jobs are
/// claimed: whoever writes an outcome locks the finaliser before its job.
async fn free_finaliser(queue: &SqlQueue, run: RunId) {
    for _ in 0..SETTLE_TRIES {
        match queue.timed("free a finaliser", look_at_finaliser(&queue.db, run)).await {
            Ok(()) => return queue.wake(),
            Err(error) => {
                tracing::warn!(
                    run.id = %run,
                    error = &error as &dyn std::error::Error,
                    "a finaliser was not freed, trying again"
                );
                sleep(SETTLE_PAUSE).await;
            }
        }
    }
}

/// Writes an outcome, again where the database is away; says whether the job failed for good.
async fn settle_surely(queue: &SqlQueue, attempt: &Attempt<'_>, outcome: &Result<(), JobFailure>) -> bool {
    for _ in 0..SETTLE_TRIES {
        let now = queue.ambient.now();
        let settled = settle(&queue.db, &queue.options, attempt, outcome, now);
        match queue.timed("write what became of a job", settled).await {
            Ok(failed) => return failed,
            Err(error) => {
                tracing::warn!(
                    job.id = attempt.id,
                    error = &error as &dyn std::error::Error,
                    "what became of a job was not written, trying again"
                );
                sleep(SETTLE_PAUSE).await;
            }
        }
    }
    false
}
