//! Hearing a stop while waiting for something else.

use std::sync::Arc;

use dk_app::StopToken;
use tokio::sync::Notify;

/// Ends when somebody asked to stop.
pub(super) async fn stopped(stop: &StopToken) {
    let heard = Arc::new(Notify::new());
    let notify = Arc::clone(&heard);
    // A permit is kept where the stop comes before the waiting.
    let _watch = stop.on_stop(move || notify.notify_one());
    heard.notified().await;
}
