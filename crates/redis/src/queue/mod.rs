//! The queue `media-processing`, with BullMQ's own scripts and data. What a job does is the handler's affair; whether a
//! run has ended is decided in the rows, never here.

mod enqueue;
mod job;
mod look;
mod options;
mod shift;
mod work;

use std::error::Error;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bullmq::options::RedisConnectionOptions;
use bullmq::redis_connection::RedisConnection;
use bullmq::{FlowProducer, Queue};
use dk_app::StopToken;
use dk_app::ports::{FailedJob, JobHandler, JobQueue, Planned, QueueCounts, QueueError, WorkOptions};
use dk_domain::{ModelName, RunId};
use tokio::sync::OnceCell;
use tokio::time::timeout;

pub use options::QueueOptions;

/// Name of the queue.
const QUEUE: &str = "media-processing";
/// Longest wait for an answer: nobody may hang on a server that is away.
const PATIENCE: Duration = Duration::from_secs(5);

/// The queue on a Redis server. Connects when it is used first.
pub struct RedisQueue {
    connection: RedisConnectionOptions,
    prefix: String,
    options: QueueOptions,
    open: OnceCell<Open>,
}

/// BullMQ's two ends for those who add and look; both use the same connection.
struct Open {
    queue: Queue,
    flows: FlowProducer,
}

impl RedisQueue {
    pub(crate) fn new(url: &str, prefix: &str, options: QueueOptions) -> Self {
        let connection = RedisConnectionOptions { url: url.to_owned(), ..RedisConnectionOptions::default() };
        Self { connection, prefix: prefix.to_owned(), options, open: OnceCell::new() }
    }

    async fn open(&self) -> Result<&Open, bullmq::Error> {
        self.open
            .get_or_try_init(|| async {
                let connection = RedisConnection::new_managed_only(&self.connection).await?;
                let options = bullmq::QueueOptions::new().prefix(&*self.prefix);
                let queue = Queue::with_connection(QUEUE, connection.clone(), options).await?;
                let flows = FlowProducer::with_connection(connection, Some(self.prefix.clone()))?;
                Ok(Open { queue, flows })
            })
            .await
    }

    /// Runs one call within [`PATIENCE`].
    async fn within<'a, T, Made>(
        &'a self,
        tried: &'static str,
        call: impl FnOnce(&'a Open) -> Made,
    ) -> Result<T, QueueError>
    where
        Made: Future<Output = Result<T, bullmq::Error>>,
    {
        match timeout(PATIENCE, async { call(self.open().await?).await }).await {
            Ok(answer) => answer.map_err(|error| failed_to(tried, error)),
            Err(late) => Err(failed_to(tried, late)),
        }
    }
}

impl std::fmt::Debug for RedisQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisQueue").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

fn failed_to(tried: &'static str, error: impl Error + Send + Sync + 'static) -> QueueError {
    QueueError { tried, source: Box::new(error) }
}

#[async_trait]
impl JobQueue for RedisQueue {
    async fn enqueue(&self, run: &Planned) -> Result<(), QueueError> {
        self.within("add the jobs of a run", |open| open.enqueue(run, &self.options)).await
    }

    async fn remove(&self, run: RunId, models: &[ModelName]) -> Result<(), QueueError> {
        self.within("remove the jobs of a run", |open| open.remove(run, models)).await
    }

    async fn counts(&self) -> Result<QueueCounts, QueueError> {
        self.within("count its jobs", Open::counts).await
    }

    async fn failed(&self, offset: u32, limit: u16) -> Result<Vec<FailedJob>, QueueError> {
        self.within("list its dead letters", |open| open.failed(offset, limit)).await
    }

    async fn take_failed(&self, id: &str) -> Result<Option<FailedJob>, QueueError> {
        self.within("take a dead letter out", |open| open.take_failed(id)).await
    }

    async fn alive(&self, run: RunId, models: &[ModelName]) -> Result<Vec<ModelName>, QueueError> {
        self.within("look for the jobs of a run", |open| open.alive(run, models)).await
    }

    async fn ping(&self) -> Result<(), QueueError> {
        self.within("answer", |open| open.queue.connection().ping()).await
    }

    async fn work(
        &self,
        handler: Arc<dyn JobHandler>,
        options: WorkOptions,
        stop: StopToken,
    ) -> Result<(), QueueError> {
        self.work_until(handler, &options, &stop).await
    }
}
