//! The queue `media-processing` in a table, for installations without Redis. Jobs are leased: a worker renews the
//! leases of what it runs, and what a dead worker left is taken by another one once its lease is over.
//! Knows nothing about media.

mod claim;
mod job;
mod settle;
mod table;
mod work;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use dk_app::StopToken;
use dk_app::ports::{
    Ambient, FailedJob, JobHandler, JobQueue, Planned, QueueCounts, QueueError, WorkOptions,
};
use dk_domain::{ModelName, RunId};
use tokio::sync::watch;

use crate::database::Database;
use crate::fault::Fault;

/// How jobs are leased and tried again.
#[derive(Debug, Clone, Copy)]
pub struct QueueOptions {
    /// A job whose worker was silent for this long is taken by another one. Renewed at a third of it.
    pub lease: Duration,
    /// How often an idle worker looks for jobs that other processes added.
    pub poll: Duration,
    /// Pause before the second attempt; it doubles with every further one.
    pub backoff: Duration,
    /// Attempts in all.
    pub attempts: u32,
    /// How often the worker of a job may die before the job is given up.
    pub stalls: u32,
    /// A job that was asked to stop has this long to do so; then it is given back all the same.
    pub stop_patience: Duration,
}

impl Default for QueueOptions {
    fn default() -> Self {
        Self {
            lease: Duration::from_secs(10),
            poll: Duration::from_secs(1),
            backoff: Duration::from_secs(1),
            attempts: 3,
            stalls: 2,
            stop_patience: Duration::from_secs(10),
        }
    }
}

/// The queue. Cheap to clone; clones wake each other at once, other processes within [`QueueOptions::poll`].
#[derive(Clone)]
pub struct SqlQueue {
    db: Database,
    ambient: Arc<dyn Ambient>,
    options: QueueOptions,
    /// Counts what may be of interest to a worker that waits.
    news: Arc<watch::Sender<u64>>,
}

impl SqlQueue {
    /// A queue on a database that was migrated.
    pub fn new(db: Database, ambient: Arc<dyn Ambient>, options: QueueOptions) -> Self {
        Self { db, ambient, options, news: Arc::new(watch::Sender::new(0)) }
    }

    fn wake(&self) {
        self.news.send_modify(|count| *count = count.wrapping_add(1));
    }

    async fn timed<T: Send>(
        &self,
        tried: &'static str,
        work: impl Future<Output = Result<T, Fault>> + Send,
    ) -> Result<T, QueueError> {
        self.db.measured(tried, work).await.map_err(|fault| fault.in_queue(tried))
    }
}

#[async_trait]
impl JobQueue for SqlQueue {
    async fn enqueue(&self, run: &Planned) -> Result<(), QueueError> {
        let added = self.timed("add jobs", table::enqueue(&self.db, run, self.ambient.now())).await;
        self.wake();
        added
    }

    async fn remove(&self, run: RunId, models: &[ModelName]) -> Result<(), QueueError> {
        let removed = self.timed("remove jobs", table::remove(&self.db, run, models)).await;
        self.wake();
        removed
    }

    async fn counts(&self) -> Result<QueueCounts, QueueError> {
        self.timed("count jobs", table::counts(&self.db)).await
    }

    async fn failed(&self, offset: u32, limit: u16) -> Result<Vec<FailedJob>, QueueError> {
        self.timed("list failed jobs", table::failed(&self.db, offset, limit)).await
    }

    async fn failed_job(&self, id: &str) -> Result<Option<FailedJob>, QueueError> {
        self.timed("read a failed job", table::failed_one(&self.db, id)).await
    }

    async fn forget_failed(&self, id: &str) -> Result<(), QueueError> {
        self.timed("forget a failed job", table::forget_failed(&self.db, id)).await
    }

    async fn alive(&self, run: RunId, models: &[ModelName]) -> Result<Vec<ModelName>, QueueError> {
        self.timed("look which jobs are alive", table::alive(&self.db, run, models)).await
    }

    async fn ping(&self) -> Result<(), QueueError> {
        self.timed("ask whether the database answers", table::ping(&self.db)).await
    }

    async fn work(
        &self,
        handler: Arc<dyn JobHandler>,
        options: WorkOptions,
        stop: StopToken,
    ) -> Result<(), QueueError> {
        work::work(self, handler, &options, &stop).await;
        Ok(())
    }
}
