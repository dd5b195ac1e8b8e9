//! What the service does with media, one use-case a file. Each is the same whatever stands behind the ports:
//! rows first, in one transaction; what follows from them (files, jobs, live events) after it, and again by the
//! relay and the reconciler when it was lost.

mod accept;
mod cancel;
mod errands;
mod plan;
mod reading;
mod reconcile;
mod relay;
mod remove;
mod request_key;
mod rerun;
mod retry;
mod sweep;
mod thumbnail;
mod uploads;
mod work;

use std::sync::Arc;

use dk_domain::ModelName;

use crate::ports::{
    Accounts, Ambient, Analyst, Bus, Event, HealthLog, Inspector, JobQueue, Library, Limiter, Outbox,
    Passwords, Runs, Signal, Storage, Uploads,
};

pub use accept::{AcceptError, SentAs, Taken, Upload, accept};
pub use cancel::cancel_run;
pub use errands::OwnErrands;
pub use plan::plan;
pub use reconcile::{MendError, Retention, forget_old, reconcile};
pub use relay::{relay, run_own_errands};
pub use remove::remove_media;
pub use rerun::{Rerun, RerunError, rerun};
pub use retry::{RetryError, RetryOutcome, retry_failed_job};
pub use sweep::sweep_orphans;
pub use thumbnail::{illustrate, thumbnail};
pub use uploads::{
    Announcement, BeginError, FinishError, KeepPart, KeepPartError, begin_upload, finish_upload, keep_part,
    tend_uploads,
};
pub use work::{job_lost, work};

/// Everything the use-cases need. Cheap to clone.
#[derive(Clone)]
#[expect(missing_docs, reason = "each field is the port of its name")]
pub struct Ports {
    pub accounts: Arc<dyn Accounts>,
    pub library: Arc<dyn Library>,
    pub runs: Arc<dyn Runs>,
    pub uploads: Arc<dyn Uploads>,
    pub outbox: Arc<dyn Outbox>,
    pub health: Arc<dyn HealthLog>,
    pub queue: Arc<dyn JobQueue>,
    pub storage: Arc<dyn Storage>,
    pub bus: Arc<dyn Bus>,
    pub limiter: Arc<dyn Limiter>,
    pub analyst: Arc<dyn Analyst>,
    pub inspector: Arc<dyn Inspector>,
    pub passwords: Arc<dyn Passwords>,
    pub ambient: Arc<dyn Ambient>,
    pub own_errands: OwnErrands,
}

impl Ports {
    /// Sends events to those who watch now. A lost one is no harm: rows are the truth.
    pub async fn publish(&self, events: Vec<Event>) {
        for event in events {
            self.tell(&Signal::Event(Box::new(event))).await;
        }
    }

    /// Sends one signal; see [`Ports::publish`].
    pub async fn tell(&self, signal: &Signal) {
        if let Err(error) = self.bus.send(signal).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "a live signal was not sent");
        }
    }

    /// Names of models that were asked for and that no server has now, where any server answers. When none answers,
    /// nothing is refused: the run waits.
    async fn unknown_model(&self, wanted: &[ModelName]) -> Option<(ModelName, String)> {
        if wanted.is_empty() {
            return None;
        }
        let offers = self.analyst.offers().await;
        if offers.is_empty() {
            return None;
        }
        let unknown = wanted.iter().find(|name| !offers.iter().any(|offer| offer.card.name == **name))?;
        let known: Vec<&str> = offers.iter().map(|offer| offer.card.name.as_str()).collect();
        Some((unknown.clone(), known.join(", ")))
    }
}
