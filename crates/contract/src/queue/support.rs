//! Runs to enqueue, and a worker that tells what it was given.

use std::any::Any;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use dk_app::StopToken;
use dk_app::ports::{Job, JobFailure, JobHandler, JobKind, JobQueue, Planned, QueueCounts, WorkOptions};
use dk_domain::{MediaId, ModelName, RunId};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

/// Only what is broken comes near it.
pub const PATIENCE: Duration = Duration::from_mins(1);
const LOOK_AGAIN: Duration = Duration::from_millis(20);

/// An empty queue and what it needs to live.
pub struct Bench {
    /// The queue.
    pub queue: Arc<dyn JobQueue>,
    _keep: Box<dyn Any + Send + Sync>,
}

impl Bench {
    /// `keep` (a folder, a server) lives as long as the bench.
    pub fn new(queue: impl JobQueue + 'static, keep: impl Any + Send + Sync) -> Self {
        Self { queue: Arc::new(queue), _keep: Box::new(keep) }
    }

    /// A worker with room for five that answers every job at once.
    pub fn answering(
        &self,
        answer: impl Fn(&Job) -> Result<(), JobFailure> + Send + Sync + 'static,
    ) -> Worker {
        self.worker(5, Duration::ZERO, move |job, _| std::future::ready(answer(job)))
    }

    /// A worker.
    pub fn worker<Answered>(
        &self,
        concurrency: u16,
        grace: Duration,
        answer: impl Fn(&Job, StopToken) -> Answered + Send + Sync + 'static,
    ) -> Worker
    where
        Answered: Future<Output = Result<(), JobFailure>> + Send + 'static,
    {
        let (sender, calls) = mpsc::unbounded_channel();
        let answer: Box<Answer> = Box::new(move |job, stop| Box::pin(answer(job, stop)));
        let handler = Arc::new(Recorder { calls: sender, answer });
        let stop = StopToken::new();
        let (queue, token) = (Arc::clone(&self.queue), stop.clone());
        let task = tokio::spawn(async move {
            queue.work(handler, WorkOptions { concurrency, grace }, token).await.unwrap();
        });
        Worker { stop, calls, task }
    }

    /// Waits until the counts are as they should be.
    pub async fn until(&self, what: impl Fn(&QueueCounts) -> bool) -> QueueCounts {
        let wait = async {
            loop {
                let counts = self.queue.counts().await.unwrap();
                if what(&counts) {
                    return counts;
                }
                sleep(LOOK_AGAIN).await;
            }
        };
        timeout(PATIENCE, wait).await.expect("the counts did not become what they should be")
    }

    /// Waits until nothing is left to do.
    pub async fn until_idle(&self) -> QueueCounts {
        self.until(|c| c.waiting + c.active + c.delayed + c.waiting_children == 0).await
    }
}

/// An id of a run.
pub fn run_id(n: u128) -> RunId {
    Uuid::from_u128(0x0198_c9a4_7c1e_7b5e_9d43_0000_0000_0000 + n).into()
}

/// The id of its medium.
pub fn media_id(n: u128) -> MediaId {
    Uuid::from_u128(0x0198_c9a4_0000_7b5e_9d43_0000_0000_0000 + n).into()
}

/// The name of a model.
pub fn model(name: &str) -> ModelName {
    name.parse().unwrap()
}

/// The job of a model.
pub fn analyze(name: &str) -> JobKind {
    JobKind::Analyze { model: model(name) }
}

/// A planned run.
pub fn planned(n: u128, models: &[&str], place: u32) -> Planned {
    let models = models.iter().map(|name| model(name)).collect();
    Planned { media_id: media_id(n), run_id: run_id(n), models, place }
}

/// What a handler was called with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Call {
    /// To run an attempt.
    Handle(Job),
    /// To hear that a job has failed without it.
    Lost(Job),
}

type Answered = Pin<Box<dyn Future<Output = Result<(), JobFailure>> + Send>>;
type Answer = dyn Fn(&Job, StopToken) -> Answered + Send + Sync;

struct Recorder {
    calls: mpsc::UnboundedSender<Call>,
    answer: Box<Answer>,
}

#[async_trait]
impl JobHandler for Recorder {
    async fn handle(&self, job: Job, stop: StopToken) -> Result<(), JobFailure> {
        let _ = self.calls.send(Call::Handle(job.clone()));
        (self.answer)(&job, stop).await
    }

    async fn lost(&self, job: Job) {
        let _ = self.calls.send(Call::Lost(job));
    }
}

/// A worker within this process.
pub struct Worker {
    /// Asks it to stop.
    pub stop: StopToken,
    calls: mpsc::UnboundedReceiver<Call>,
    task: JoinHandle<()>,
}

impl Worker {
    /// The next call.
    pub async fn call(&mut self) -> Call {
        timeout(PATIENCE, self.calls.recv()).await.expect("no job came").expect("the handler is gone")
    }

    /// The next job.
    pub async fn job(&mut self) -> Job {
        match self.call().await {
            Call::Handle(job) => job,
            Call::Lost(job) => panic!("{job:?} was lost"),
        }
    }

    /// The next job of a model.
    pub async fn analysis(&mut self) -> Job {
        loop {
            let job = self.job().await;
            if job.kind != JobKind::Finalize {
                return job;
            }
        }
    }

    /// Ends it as the end of its process would, in the middle of what it does.
    pub async fn kill(self) {
        self.task.abort();
        let _ = self.task.await;
    }

    /// Stops and waits for the end; returns the calls that nobody has asked for.
    pub async fn end(mut self) -> Vec<Call> {
        self.stop.stop();
        timeout(PATIENCE, &mut self.task).await.expect("the worker did not end").unwrap();
        let mut rest = Vec::new();
        while let Ok(call) = self.calls.try_recv() {
            rest.push(call);
        }
        rest
    }
}
