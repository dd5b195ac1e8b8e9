//! Models and jobs as the edge sees them: what a test puts there, and failures where a test asks for them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use dk_app::ports::{
    Analyst, Answer, AskError, Assignment, FailedJob, JobHandler, JobKind, JobQueue, Offer, Planned,
    QueueCounts, QueueError, ServerStatus, Watcher, WorkOptions,
};
use dk_app::{ErrorCode, ModelCard, Quality, StopToken};
use dk_domain::{MediaKind, ModelName, RunId, Weight};

/// How calls fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failing {
    /// The queue cannot be reached.
    Away,
    /// Everything panics.
    Panicking,
    /// Nothing ever answers.
    Hanging,
}

#[derive(Default)]
struct State {
    failed: Vec<FailedJob>,
    servers: Vec<ServerStatus>,
    offers: Vec<Offer>,
    failing: Option<Failing>,
}

/// Models and jobs.
#[derive(Default)]
pub(crate) struct Farm(Mutex<State>);

impl Farm {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn open(&self) -> Result<MutexGuard<'_, State>, QueueError> {
        let failing = self.lock().failing;
        match failing {
            None => Ok(self.lock()),
            Some(Failing::Away) => {
                Err(QueueError { tried: "answer", source: "192.0.2.7:6379 refused user drishtiksha".into() })
            }
            Some(Failing::Panicking) => panic!("a bug at 192.0.2.7"),
            Some(Failing::Hanging) => std::future::pending().await,
        }
    }

    pub(crate) fn fail(&self, how: Option<Failing>) {
        self.lock().failing = how;
    }

    pub(crate) fn add_failed_job(&self, job: FailedJob) {
        self.lock().failed.push(job);
    }

    pub(crate) fn add_server(&self, server: ServerStatus) {
        self.lock().servers.push(server);
    }

    pub(crate) fn offer(&self, offer: Offer) {
        self.lock().offers.push(offer);
    }
}

#[async_trait]
impl JobQueue for Farm {
    async fn enqueue(&self, run: &Planned) -> Result<(), QueueError> {
        let is_again = |job: &FailedJob| {
            let JobKind::Analyze { model } = &job.kind else { return false };
            job.run_id == run.run_id && run.models.contains(model)
        };
        self.open().await?.failed.retain(|job| !is_again(job));
        Ok(())
    }

    async fn remove(&self, _: RunId, _: &[ModelName]) -> Result<(), QueueError> {
        self.open().await.map(|_| ())
    }

    async fn counts(&self) -> Result<QueueCounts, QueueError> {
        let failed = self.open().await?.failed.len() as u64;
        Ok(QueueCounts { waiting: 3, failed, ..QueueCounts::default() })
    }

    async fn failed(&self, offset: u32, limit: u16) -> Result<Vec<FailedJob>, QueueError> {
        let state = self.open().await?;
        Ok(state.failed.iter().skip(offset as usize).take(usize::from(limit)).cloned().collect())
    }

    async fn failed_job(&self, id: &str) -> Result<Option<FailedJob>, QueueError> {
        Ok(self.open().await?.failed.iter().find(|job| job.id == id).cloned())
    }

    async fn forget_failed(&self, id: &str) -> Result<(), QueueError> {
        self.open().await?.failed.retain(|job| job.id != id);
        Ok(())
    }

    async fn alive(&self, _: RunId, _: &[ModelName]) -> Result<Vec<ModelName>, QueueError> {
        Ok(Vec::new())
    }

    async fn ping(&self) -> Result<(), QueueError> {
        self.open().await.map(|_| ())
    }

    async fn work(&self, _: Arc<dyn JobHandler>, _: WorkOptions, _: StopToken) -> Result<(), QueueError> {
        Ok(())
    }
}

#[async_trait]
impl Analyst for Farm {
    async fn offers(&self) -> Vec<Offer> {
        self.open().await.map(|state| state.offers.clone()).unwrap_or_default()
    }

    async fn ask(&self, _: &Assignment, _: Watcher, _: StopToken) -> Result<Answer, AskError> {
        Err(AskError { code: ErrorCode::ModelUnavailable, message: "there is no model here".to_owned() })
    }

    async fn servers(&self) -> Vec<ServerStatus> {
        self.lock().servers.clone()
    }

    fn publishes_progress(&self) -> bool {
        true
    }
}

/// A model that two servers have.
pub(crate) fn offer(name: &str) -> Offer {
    let card = ModelCard {
        name: name.parse().unwrap(),
        version: "1".to_owned(),
        title: "Looks at pictures".to_owned(),
        family: "synthetic-image".parse().unwrap(),
        weight: Weight::Strong,
        kinds: vec![MediaKind::Image],
        pipeline: "image-classifier",
        licence: "MIT".to_owned(),
        origin: "here".to_owned(),
        limits: vec!["Small pictures.".to_owned()],
        quality: Quality::new("AUC 0.9 (n = 10)."),
        state: Ok("ort".to_owned()),
        is_detector: true,
        on_request: false,
    };
    Offer { card, servers: vec!["a".to_owned(), "b".to_owned()] }
}
