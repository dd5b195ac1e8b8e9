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
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::Redis;

pub use options::QueueOptions;

/// Name of the queue.
const QUEUE: &str = "media-processing";
/// Longest wait for an answer: nobody may hang on a server that is away.
const PATIENCE: Duration = Duration::from_secs(5);

/// The queue on a Redis server. Connects when it is used first.
pub struct RedisQueue {
    redis: Redis,
    connection: RedisConnectionOptions,
    prefix: String,
    options: QueueOptions,
    open: Mutex<Option<Arc<Open>>>,
}

/// BullMQ's two ends for those who add and look; both use the same connection.
struct Open {
    queue: Queue,
    flows: FlowProducer,
}

impl RedisQueue {
    pub(crate) fn new(
        redis: Redis,
        connection: RedisConnectionOptions,
        prefix: &str,
        options: QueueOptions,
    ) -> Self {
        Self { redis, connection, prefix: prefix.to_owned(), options, open: Mutex::default() }
    }

    /// BullMQ's ends, while the server answers.
    ///
    /// BullMQ's own connection tries for half a minute before it gives up, and is slow to notice that the server is
    /// back. So a short question of ours comes first, and a connection that lived through an outage is replaced.
    async fn open(&self) -> Result<Arc<Open>, bullmq::Error> {
        let answer = self.redis.ping().await;
        let mut open = self.open.lock().await;
        if let Err(error) = answer {
            *open = None;
            return Err(error.into());
        }
        if let Some(open) = &*open {
            return Ok(Arc::clone(open));
        }
        let connection = RedisConnection::new_managed_only(&self.connection).await?;
        let options = bullmq::QueueOptions::new().prefix(&*self.prefix);
        let queue = Queue::with_connection(QUEUE, connection.clone(), options).await?;
        let flows = FlowProducer::with_connection(connection, Some(self.prefix.clone()))?;
        Ok(Arc::clone(open.insert(Arc::new(Open { queue, flows }))))
    }

    /// Runs one call within [`PATIENCE`]; once more where the connection was cut while nobody used it.
    async fn within<T, Called>(
        &self,
        tried: &'static str,
        call: impl Fn(Arc<Open>) -> Called,
    ) -> Result<T, QueueError>
    where
        Called: Future<Output = Result<T, bullmq::Error>>,
    {
        let tries = async {
            let open = self.open().await?;
            match call(open).await {
                Err(bullmq::Error::Redis(error)) if error.is_io_error() => {
                    *self.open.lock().await = None;
                    call(self.open().await?).await
                }
                other => other,
            }
        };
        match timeout(PATIENCE, tries).await {
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
        self.within(
            "add the jobs of a run",
            move |open| async move { open.enqueue(run, &self.options).await },
        )
        .await
    }

    async fn remove(&self, run: RunId, models: &[ModelName]) -> Result<(), QueueError> {
        self.within("remove the jobs of a run", move |open| async move { open.remove(run, models).await })
            .await
    }

    async fn counts(&self) -> Result<QueueCounts, QueueError> {
        self.within("count its jobs", move |open| async move { open.counts().await }).await
    }

    async fn failed(&self, offset: u32, limit: u16) -> Result<Vec<FailedJob>, QueueError> {
        self.within("list its dead letters", move |open| async move { open.failed(offset, limit).await })
            .await
    }

    async fn failed_job(&self, id: &str) -> Result<Option<FailedJob>, QueueError> {
        self.within("read a dead letter", move |open| async move { open.failed_job(id).await }).await
    }

    async fn forget_failed(&self, id: &str) -> Result<(), QueueError> {
        self.within("forget a dead letter", move |open| async move { open.forget_failed(id).await }).await
    }

    async fn alive(&self, run: RunId, models: &[ModelName]) -> Result<Vec<ModelName>, QueueError> {
        self.within("look for the jobs of a run", move |open| async move { open.alive(run, models).await })
            .await
    }

    async fn ping(&self) -> Result<(), QueueError> {
        match timeout(PATIENCE, self.redis.ping()).await {
            Ok(answer) => answer.map_err(|error| failed_to("answer", error)),
            Err(late) => Err(failed_to("answer", late)),
        }
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
