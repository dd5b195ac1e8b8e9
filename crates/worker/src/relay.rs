//! The loop that runs the errands of the outbox: at once when somebody says that there are some, and every second
//! in case nobody could say it.

use std::time::Duration;

use dk_app::StopToken;
use dk_app::ports::Signal;
use dk_app::service::{Ports, relay};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;

use crate::until::{pause_or_stop, stopped};

const EVERY: Duration = Duration::from_secs(1);

/// Runs errands until `stop`. Any number of processes may do this together.
pub async fn relay_errands(ports: Ports, stop: StopToken) {
    let mut signals = listen(&ports).await;
    while !stop.is_stopped() {
        match relay(&ports).await {
            Ok(0) => {}
            Ok(_) => continue,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "errands wait for the database");
                if pause_or_stop(EVERY, &stop).await {
                    return;
                }
            }
        }
        let Some(stream) = &mut signals else {
            if pause_or_stop(EVERY, &stop).await {
                return;
            }
            signals = listen(&ports).await;
            continue;
        };
        tokio::select! {
            () = stopped(&stop) => return,
            () = tokio::time::sleep(EVERY) => {}
            more = told(stream) => if !more { signals = None },
        }
    }
}

async fn listen(ports: &Ports) -> Option<BoxStream<'static, Signal>> {
    ports.bus.listen().await.ok()
}

/// Waits for the news that errands were written; false when the bus has gone.
async fn told(signals: &mut BoxStream<'static, Signal>) -> bool {
    loop {
        match signals.next().await {
            Some(Signal::Errands) => return true,
            Some(_) => {}
            None => return false,
        }
    }
}
