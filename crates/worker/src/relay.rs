//! The loop that runs errands: those of this process at once, those that others left behind when they are due.

use std::time::Duration;

use dk_app::StopToken;
use dk_app::service::{Ports, relay, run_own_errands};

use crate::until::pause_or_stop;

const EVERY: Duration = Duration::from_secs(1);

/// Runs errands until `stop`. Any number of processes may do this together.
pub async fn relay_errands(ports: Ports, stop: StopToken) {
    tokio::select! {
        () = run_own_errands(&ports) => {}
        () = run_due_errands(&ports, &stop) => {}
        // What is cut off here is in the rows.
        () = stop.stopped() => {}
    }
}

async fn run_due_errands(ports: &Ports, stop: &StopToken) {
    while !stop.is_stopped() {
        match relay(ports).await {
            Ok(0) => {}
            Ok(_) => continue,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "errands wait for the database");
            }
        }
        if pause_or_stop(EVERY, stop).await {
            return;
        }
    }
}
