//! The worker: claims jobs, runs them, tries again and stops; relays the outbox and mends what was lost. Knows
//! nothing about media, models or databases: all of that is behind the ports of `dk-app`.

mod caretaker;
mod handler;
mod keeper;
mod relay;
mod until;

pub use caretaker::{CareOptions, take_care};
pub use relay::relay_errands;

use std::sync::Arc;

use dk_app::StopToken;
use dk_app::ports::{QueueError, WorkOptions};
use dk_app::service::Ports;

use handler::Handler;
use keeper::Keeper;

/// Takes jobs until `stop` and returns when every running one has ended or was given back.
pub async fn work(ports: Ports, options: WorkOptions, stop: StopToken) -> Result<(), QueueError> {
    let keeper = Arc::new(Keeper::default());
    let handler = Arc::new(Handler::new(ports.clone(), Arc::clone(&keeper)));
    let ended = StopToken::new();
    let cancels = tokio::spawn(handler::hear_cancels(Arc::clone(&handler), ended.clone()));
    let notes = tokio::spawn(keeper::keep(keeper, ports.clone(), ended.clone()));
    let worked = ports.queue.work(handler, options, stop).await;
    ended.stop();
    for task in [cancels, notes] {
        if let Err(error) = task.await {
            tracing::error!(%error, "a task of the worker panicked");
        }
    }
    worked
}
