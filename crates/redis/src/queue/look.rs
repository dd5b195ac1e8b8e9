//! Counts and dead letters.

use bullmq::JobState;
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

    /// One dead letter; a job that waits or runs is none.
    pub(super) async fn failed_job(&self, id: &str) -> Result<Option<FailedJob>, bullmq::Error> {
        let Some(letter) = self.queue.get_job(id).await?.as_ref().and_then(job::failed) else {
            return Ok(None);
        };
        Ok(self.is_failed(id).await?.then_some(letter))
    }

    pub(super) async fn forget_failed(&self, id: &str) -> Result<(), bullmq::Error> {
        if self.is_failed(id).await? {
            self.queue.remove_without_children(id).await?;
        }
        Ok(())
    }

    async fn is_failed(&self, id: &str) -> Result<bool, bullmq::Error> {
        Ok(self.queue.get_job_state(id).await? == JobState::Failed)
    }
}
