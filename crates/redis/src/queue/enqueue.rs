//! Puts the jobs of a run into the queue, and takes out what waits.

use bullmq::JobState;
use dk_app::ports::Planned;
use dk_domain::{ModelName, RunId};
use futures_util::future::try_join_all;

use super::Open;
use super::job::{analyze, analyze_id, finalize, finalize_id};
use super::options::QueueOptions;

/// What the queue knows of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// Nothing.
    Not,
    /// It has ended and its remains are in the way: BullMQ adds nothing under an id that it knows.
    Ended,
    /// It waits, for whatever.
    Waits,
    /// It waits for its children.
    WaitsForChildren,
    /// It runs.
    Runs,
}

impl Open {
    /// Adds what is missing. A job that had ended begins anew; one that waits or runs stays as it is.
    pub(super) async fn enqueue(&self, run: &Planned, options: &QueueOptions) -> Result<(), bullmq::Error> {
        let parent_id = finalize_id(run.run_id);
        let mut ids: Vec<String> = run.models.iter().map(|model| analyze_id(run.run_id, model)).collect();
        ids.push(parent_id);
        let known = self.know(&ids).await?;
        let remains = ids.iter().zip(&known).filter(|(_, known)| **known == Known::Ended);
        try_join_all(remains.map(|(id, _)| self.queue.remove_without_children(id))).await?;

        let mut children = Vec::new();
        for (model, known) in run.models.iter().zip(&known) {
            if matches!(known, Known::Not | Known::Ended) {
                children.push(analyze(run.media_id, run.run_id, model, run.place, options)?);
            }
        }
        if children.is_empty() && !run.models.is_empty() {
            return Ok(());
        }
        // A finaliser that runs or is about to cannot wait for others any more, and need not, because the last job to
        // end concludes its run by itself.
        if matches!(known.last(), Some(Known::Waits | Known::Runs)) {
            return self.flows.add_bulk(children).await.map(drop);
        }
        let parent = finalize(run.media_id, run.run_id, options)?.children(children);
        self.flows.add(parent).await.map(drop)
    }

    /// Removes what waits. The finaliser goes too when it has nothing left to wait for.
    pub(super) async fn remove(&self, run: RunId, models: &[ModelName]) -> Result<(), bullmq::Error> {
        let ids: Vec<String> = models.iter().map(|model| analyze_id(run, model)).collect();
        let known = self.know(&ids).await?;
        let waiting = ids.iter().zip(&known).filter(|(_, known)| **known == Known::Waits);
        // One that was claimed meanwhile is locked and stays.
        try_join_all(waiting.map(|(id, _)| self.queue.remove_without_children(id))).await?;
        let parent_id = finalize_id(run);
        if self.know(std::slice::from_ref(&parent_id)).await? == [Known::Waits] {
            self.queue.remove_without_children(&parent_id).await?;
        }
        Ok(())
    }

    /// Which of the models' jobs wait or run.
    pub(super) async fn alive(
        &self,
        run: RunId,
        models: &[ModelName],
    ) -> Result<Vec<ModelName>, bullmq::Error> {
        let ids: Vec<String> = models.iter().map(|model| analyze_id(run, model)).collect();
        let known = self.know(&ids).await?;
        let alive = models.iter().zip(known).filter(|(_, known)| matches!(known, Known::Waits | Known::Runs));
        Ok(alive.map(|(model, _)| model.clone()).collect())
    }

    async fn know(&self, ids: &[String]) -> Result<Vec<Known>, bullmq::Error> {
        let mut exist = redis::pipe();
        for id in ids {
            exist.exists(self.queue.keys().job_key(id));
        }
        let exist: Vec<bool> = self.queue.connection().pipe(&exist).await?;
        // Mostly none of them exists, and then one question is enough.
        let known = ids.iter().zip(exist).map(|(id, exists)| async move {
            if !exists {
                return Ok(Known::Not);
            }
            Ok(match self.queue.get_job_state(id).await? {
                JobState::Waiting | JobState::Prioritized | JobState::Delayed => Known::Waits,
                JobState::WaitingChildren => Known::WaitsForChildren,
                JobState::Active => Known::Runs,
                // A job that stands nowhere was half removed by somebody who died over it.
                JobState::Completed | JobState::Failed | JobState::Unknown => Known::Ended,
            })
        });
        try_join_all(known).await
    }
}
