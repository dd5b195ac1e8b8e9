//! A worker: claims jobs, tells of those that lost their workers, and goes in two stages when it must.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use bullmq::worker::WorkerEvent;
use bullmq::{Queue, Worker};
use dk_app::StopToken;
use dk_app::ports::{JobFailure, JobHandler, QueueError, WorkOptions};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::shift::Shift;
use super::{PATIENCE, QUEUE, RedisQueue, job};

/// The reason under which BullMQ's scripts bury a job whose workers died over it. No processor is called then.
pub(super) const LOST: &str = "job stalled more than allowable limit";
/// BullMQ's word for "back to where it waited, and this was no attempt"; no limit is set by it.
const GIVEN_BACK: bullmq::Error = bullmq::Error::RateLimited { delay_ms: 0 };
/// What BullMQ needs after the last job: writing its end, and coming back from waiting for the next one. Longer only
/// where the server does not answer, and then there is nothing to wait for.
const CLOSE_PATIENCE: Duration = Duration::from_secs(6);
/// Between two tries to reach a server that is away.
const PAUSE: Duration = Duration::from_secs(1);

impl RedisQueue {
    pub(super) async fn work_until(
        &self,
        handler: Arc<dyn JobHandler>,
        options: &WorkOptions,
        stop: &StopToken,
    ) -> Result<(), QueueError> {
        let mut stopped = pin!(stop.stopped());
        let shift = Arc::new(Shift::new(handler));
        let (worker, queue) = tokio::select! {
            ready = self.begin(&shift, options.concurrency, stop) => ready,
            () = &mut stopped => return Ok(()),
        };
        let mut burials = Burials { queue: &queue, shift: &shift, running: JoinSet::new() };
        loop {
            tokio::select! {
                event = worker.next_event() => burials.note(event),
                () = &mut stopped => break,
            }
        }
        leave(&worker, &shift, [options.grace, self.options.stop_patience], &mut burials).await;
        burials.finish().await;
        Ok(())
    }

    /// Tries until the server is there.
    async fn begin(&self, shift: &Arc<Shift>, concurrency: u16, stop: &StopToken) -> (Worker, Queue) {
        let mut is_down = false;
        loop {
            match self.try_to_begin(shift, concurrency, stop).await {
                Ok(ready) => return ready,
                Err(error) if !is_down => {
                    tracing::warn!(%error, "no jobs are taken until Redis is back");
                    is_down = true;
                }
                Err(_) => {}
            }
            sleep(PAUSE).await;
        }
    }

    async fn try_to_begin(
        &self,
        shift: &Arc<Shift>,
        concurrency: u16,
        stop: &StopToken,
    ) -> Result<(Worker, Queue), bullmq::Error> {
        let queue = self.open().await?.queue.clone();
        let options =
            self.options.worker(concurrency).connection(self.connection.clone()).prefix(&*self.prefix);
        let (shift, stop) = (Arc::clone(shift), stop.clone());
        let process = move |job: bullmq::Job, _| process(Arc::clone(&shift), stop.clone(), job);
        Ok((Worker::with_options(QUEUE, process, options).await?, queue))
    }
}

/// Stage one: nothing new is claimed, and what runs may finish within `grace`. Stage two: what still runs is asked to
/// stop within `patience` and given back.
async fn leave(worker: &Worker, shift: &Shift, [grace, patience]: [Duration; 2], burials: &mut Burials<'_>) {
    let longest = grace + patience + CLOSE_PATIENCE;
    let mut closed = pin!(worker.close(u64::try_from(longest.as_millis()).unwrap_or(u64::MAX)));
    let mut idle = pin!(shift.idle_for(CLOSE_PATIENCE));
    let mut stages = pin!(async {
        sleep(grace).await;
        shift.stop();
        sleep(patience).await;
        shift.abandon();
        std::future::pending::<()>().await;
    });
    loop {
        tokio::select! {
            result = &mut closed => {
                if let Err(error) = result {
                    tracing::warn!(%error, "the worker did not close well");
                }
                return;
            }
            () = &mut idle => return,
            () = &mut stages => {}
            event = worker.next_event() => burials.note(event),
        }
    }
}

async fn process(
    shift: Arc<Shift>,
    stop: StopToken,
    job: bullmq::Job,
) -> Result<serde_json::Value, bullmq::Error> {
    // The end of one job fetches the next, and the library hears of the stop a moment later than the token.
    if stop.is_stopped() {
        return Err(GIVEN_BACK);
    }
    let Some(ours) = job::claimed(&job) else {
        tracing::error!(job.id = job.id(), job.name = job.name(), "a job in the queue is none of ours");
        return Err(bullmq::Error::Unrecoverable(format!("{:?} is no job of this queue", job.name())));
    };
    match shift.run(ours).await {
        Ok(()) => Ok(serde_json::Value::Null),
        Err(JobFailure::Retry(why)) => Err(bullmq::Error::ProcessingError(why)),
        Err(JobFailure::GiveUp(why)) => Err(bullmq::Error::Unrecoverable(why)),
        Err(JobFailure::GiveBack) => Err(GIVEN_BACK),
    }
}

/// Tells the handler of jobs that failed for good without it. Also takes every other event of the worker, which
/// would pile up otherwise.
struct Burials<'a> {
    queue: &'a Queue,
    shift: &'a Arc<Shift>,
    running: JoinSet<()>,
}

impl Burials<'_> {
    fn note(&mut self, event: Option<WorkerEvent>) {
        while self.running.try_join_next().is_some() {}
        match event {
            Some(WorkerEvent::Failed { job_id, error }) if error == LOST => {
                self.running.spawn(bury(self.queue.clone(), Arc::clone(self.shift), job_id));
            }
            Some(WorkerEvent::Stalled { job_id }) => {
                metrics::counter!("queue_jobs_stalled_total").increment(1);
                tracing::warn!(job.id = job_id, "a job lost its worker and is queued again");
            }
            Some(WorkerEvent::Error(error)) => tracing::warn!(error, "the worker has trouble with its queue"),
            _ => {}
        }
    }

    async fn finish(mut self) {
        while self.running.join_next().await.is_some() {}
    }
}

async fn bury(queue: Queue, shift: Arc<Shift>, id: String) {
    let found = timeout(PATIENCE, queue.get_job(&id)).await;
    match found {
        Ok(Ok(Some(job))) => {
            if let Some(job) = job::ended(&job) {
                shift.handler.lost(job).await;
            }
        }
        Ok(Ok(None)) => tracing::error!(job.id = id, "a lost job was forgotten before it could be told of"),
        // The reconciler finds the run: nothing moves in it any more.
        Ok(Err(error)) => tracing::error!(job.id = id, %error, "a lost job could not be told of"),
        Err(_) => tracing::error!(job.id = id, "a lost job could not be told of: Redis does not answer"),
    }
}
