//! Counts and dead letters.

use dk_app::ports::{FailedJob, QueueCounts};

use super::{Open, job};

impl Open {
    pub(super) async fn counts(&self) -> Result<QueueCounts, bullmq::Error> {
        let counts = self.queue.get_job_counts().await?;
        Ok(QueueCounts {
            waiting: counts.waiting + counts.prioritized + counts.paused,
            active: counts.active,
            delayed: counts.delayed,
            waiting_children: counts.waiting_children,
            completed: counts.completed,
            failed: counts.failed,
        })
    }

    /// Newest first. What is in the queue and no job of ours is left out.
    pub(super) async fn failed(&self, offset: u32, limit: u16) -> Result<Vec<FailedJob>, bullmq::Error> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let first = i64::from(offset);
        let jobs = self.queue.get_failed(first, first + i64::from(limit) - 1).await?;
        Ok(jobs.iter().filter_map(job::failed).collect())
    }

    /// Of several who take the same dead letter, one gets it.
    pub(super) async fn take_failed(&self, id: &str) -> Result<Option<FailedJob>, bullmq::Error> {
        let Some(letter) = self.queue.get_job(id).await?.as_ref().and_then(job::failed) else {
            return Ok(None);
        };
        let mut take = redis::cmd("ZREM");
        take.arg(self.queue.keys().failed()).arg(id);
        let taken: u32 = self.queue.connection().cmd(&mut take).await?;
        if taken == 0 {
            return Ok(None);
        }
        self.queue.remove_without_children(id).await?;
        Ok(Some(letter))
    }
}
