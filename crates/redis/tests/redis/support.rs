//! Runs to enqueue, and handlers that tell what they were given.

use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use dk_app::StopToken;
use dk_app::ports::{Job, JobFailure, JobHandler, JobKind, JobQueue, Planned, QueueCounts, WorkOptions};
use dk_domain::{MediaId, ModelName, RunId};
use dk_redis::{QueueOptions, Redis, RedisQueue};
use dk_testkit::redis::Server;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio::time::{sleep, timeout};
use uuid::Uuid;

/// Only what is broken comes near it.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// Short times, so that retries and lost workers need not be waited for.
pub(crate) fn quick() -> QueueOptions {
    QueueOptions {
        backoff: Duration::from_millis(10),
        lock: Duration::from_secs(1),
        stalled_check: Duration::from_millis(300),
        max_lost: 1,
        ..QueueOptions::default()
    }
}

pub(crate) fn queue(server: &Server, options: QueueOptions) -> Arc<RedisQueue> {
    Arc::new(Redis::open(&server.url(), None).unwrap().queue(options))
}

pub(crate) fn run_id(n: u128) -> RunId {
    Uuid::from_u128(0x0198_c9a4_7c1e_7b5e_9d43_0000_0000_0000 + n).into()
}

pub(crate) fn media_id(n: u128) -> MediaId {
    Uuid::from_u128(0x0198_c9a4_0000_7b5e_9d43_0000_0000_0000 + n).into()
}

pub(crate) fn model(name: &str) -> ModelName {
    name.parse().unwrap()
}

pub(crate) fn planned(n: u128, models: &[&str], place: u32) -> Planned {
    let models = models.iter().map(|name| model(name)).collect();
    Planned { media_id: media_id(n), run_id: run_id(n), models, place }
}

/// What a handler was called with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Call {
    Handle(Job),
    Lost(Job),
}

type Answer = dyn Fn(&Job, StopToken) -> std::pin::Pin<Box<dyn Future<Output = Result<(), JobFailure>> + Send>>
    + Send
    + Sync;

/// Tells of every call and answers as it was told.
pub(crate) struct Recorder {
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
pub(crate) struct Worker {
    pub(crate) stop: StopToken,
    calls: mpsc::UnboundedReceiver<Call>,
    task: JoinHandle<()>,
}

impl Worker {
    /// A worker that answers every job at once.
    pub(crate) fn answering(
        queue: &Arc<RedisQueue>,
        answer: impl Fn(&Job) -> Result<(), JobFailure> + Send + Sync + 'static,
    ) -> Self {
        Self::start(queue, 5, Duration::ZERO, move |job, _| std::future::ready(answer(job)))
    }

    pub(crate) fn start<Answered>(
        queue: &Arc<RedisQueue>,
        concurrency: u16,
        grace: Duration,
        answer: impl Fn(&Job, StopToken) -> Answered + Send + Sync + 'static,
    ) -> Self
    where
        Answered: Future<Output = Result<(), JobFailure>> + Send + 'static,
    {
        let (sender, calls) = mpsc::unbounded_channel();
        let answer: Box<Answer> = Box::new(move |job, stop| Box::pin(answer(job, stop)));
        let handler = Arc::new(Recorder { calls: sender, answer });
        let stop = StopToken::new();
        let (queue, token) = (Arc::clone(queue), stop.clone());
        let task = tokio::spawn(async move {
            queue.work(handler, WorkOptions { concurrency, grace }, token).await.unwrap();
        });
        Self { stop, calls, task }
    }

    /// The next call.
    pub(crate) async fn call(&mut self) -> Call {
        timeout(PATIENCE, self.calls.recv()).await.expect("no job came").expect("the handler is gone")
    }

    /// The next job.
    pub(crate) async fn job(&mut self) -> Job {
        match self.call().await {
            Call::Handle(job) => job,
            Call::Lost(job) => panic!("{job:?} was lost"),
        }
    }

    /// The next job of a model.
    pub(crate) async fn analysis(&mut self) -> Job {
        loop {
            let job = self.job().await;
            if job.kind != JobKind::Finalize {
                return job;
            }
        }
    }

    /// Stops and waits for the end; returns the calls that nobody has asked for.
    pub(crate) async fn end(mut self) -> Vec<Call> {
        self.stop.stop();
        timeout(PATIENCE, &mut self.task).await.expect("the worker did not end").unwrap();
        let mut rest = Vec::new();
        while let Ok(call) = self.calls.try_recv() {
            rest.push(call);
        }
        rest
    }
}

/// Waits until the counts are as they should be.
pub(crate) async fn until(queue: &RedisQueue, what: impl Fn(&QueueCounts) -> bool) -> QueueCounts {
    let wait = async {
        loop {
            let counts = queue.counts().await.unwrap();
            if what(&counts) {
                return counts;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(PATIENCE, wait).await.expect("the counts did not become what they should be")
}

/// Nothing is left to do.
pub(crate) fn is_idle(counts: &QueueCounts) -> bool {
    counts.waiting + counts.active + counts.delayed + counts.waiting_children == 0
}
