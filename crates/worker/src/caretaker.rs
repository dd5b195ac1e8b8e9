//! What is done again and again: mend runs whose jobs were lost, note how ML servers are, remove what is old.
//! Any number of processes may do this together; a shared counter lets one of them go first.

use std::error::Error;
use std::time::Duration;

use dk_app::StopToken;
use dk_app::ports::{HealthRecord, Quota};
use dk_app::service::{Ports, Retention, forget_old, reconcile, sweep_orphans, tend_uploads};

use crate::until::pause_or_stop;

/// How often, and how long things are kept.
#[derive(Debug, Clone, Copy)]
pub struct CareOptions {
    /// Between two rounds of mending; also how long nothing must have moved in a run before it is looked at.
    pub mend_every: Duration,
    /// Between two looks at uploads under way.
    pub tend_every: Duration,
    /// How long an upload must have been whole before somebody else than its own server takes it in.
    pub whole_for: Duration,
    /// Between two looks at the ML servers.
    pub look_every: Duration,
    /// Between two rounds of removing old rows and orphaned files.
    pub tidy_every: Duration,
    /// A stored file without a row is removed when it is older than this; uploads take less.
    pub orphan_age: Duration,
    /// How long rows of the past are kept.
    pub keep: Retention,
}

impl Default for CareOptions {
    fn default() -> Self {
        Self {
            mend_every: Duration::from_secs(10),
            tend_every: Duration::from_secs(30),
            whole_for: Duration::from_mins(2),
            look_every: Duration::from_secs(30),
            tidy_every: Duration::from_hours(1),
            orphan_age: Duration::from_hours(1),
            keep: Retention { events: time::Duration::days(7), health: time::Duration::days(30) },
        }
    }
}

/// Takes care until `stop`.
pub async fn take_care(ports: Ports, options: CareOptions, stop: StopToken) {
    tokio::join!(
        every(options.mend_every, &stop, || mend(&ports, options.mend_every)),
        every(options.tend_every, &stop, || tend(&ports, options.whole_for)),
        every(options.look_every, &stop, || look(&ports, options.look_every)),
        tidy_later(&ports, &options, &stop),
    );
}

/// Does it at once, and then again after each pause.
async fn every<F: Future<Output = ()>>(pause: Duration, stop: &StopToken, mut act: impl FnMut() -> F) {
    loop {
        act().await;
        if pause_or_stop(pause, stop).await {
            return;
        }
    }
}

async fn mend(ports: &Ports, quiet: Duration) {
    let quiet = time::Duration::try_from(quiet).unwrap_or(time::Duration::MINUTE);
    if let Err(error) = reconcile(ports, quiet).await {
        tracing::warn!(error = &error as &dyn Error, "mending of runs waits");
    }
}

async fn tend(ports: &Ports, whole_for: Duration) {
    let quiet = time::Duration::try_from(whole_for).unwrap_or(time::Duration::HOUR);
    match tend_uploads(ports, quiet).await {
        Ok(0) => {}
        Ok(uploads) => tracing::info!(uploads, "uploads given up"),
        Err(error) => tracing::warn!(error = &error as &dyn Error, "looking after uploads waits"),
    }
}

async fn look(ports: &Ports, window: Duration) {
    // A little less than the pause, so that the same process may go first in every round.
    if !is_ours(ports, "look", window.mul_f32(0.9)).await {
        return;
    }
    for status in ports.analyst.servers().await {
        let record = HealthRecord { id: ports.ambient.id(), status };
        if let Err(error) = ports.health.record(&record).await {
            tracing::warn!(error = &error as &dyn Error, "a look at an ML server was not kept");
        }
    }
}

/// Not at the start: a service that was set up wrongly is noticed and stopped before anything is removed.
async fn tidy_later(ports: &Ports, options: &CareOptions, stop: &StopToken) {
    if !pause_or_stop(options.tidy_every, stop).await {
        every(options.tidy_every, stop, || tidy(ports, options)).await;
    }
}

async fn tidy(ports: &Ports, options: &CareOptions) {
    if !is_ours(ports, "tidy", options.tidy_every.mul_f32(0.9)).await {
        return;
    }
    match forget_old(ports, options.keep).await {
        Ok(0) => {}
        Ok(rows) => tracing::info!(rows, "old rows removed"),
        Err(error) => tracing::warn!(error = &error as &dyn Error, "removing old rows waits"),
    }
    let age = time::Duration::try_from(options.orphan_age).unwrap_or(time::Duration::DAY);
    if let Err(error) = sweep_orphans(ports, age).await {
        tracing::warn!(error = &error as &dyn Error, "removing orphaned files waits");
    }
}

/// Whether this process is the first to ask within the window.
async fn is_ours(ports: &Ports, what: &str, window: Duration) -> bool {
    ports.limiter.take(&format!("caretaker:{what}"), Quota { limit: 1, window }).await.allowed
}
