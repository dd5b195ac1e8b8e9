//! Waits that end early when the process must go.

use std::time::Duration;

use dk_app::StopToken;
use tokio::sync::oneshot;

/// Returns when the token is stopped.
pub(crate) async fn stopped(stop: &StopToken) {
    let (sender, receiver) = oneshot::channel();
    let _watch = stop.on_stop(move || {
        // Nobody listens any more: the wait has ended otherwise.
        let _ = sender.send(());
    });
    // The sender lives in the token as long as the watch does, so this only ends by a stop.
    let _ = receiver.await;
}

/// Waits for `pause`; true when it was cut short by the token.
pub(crate) async fn pause_or_stop(pause: Duration, stop: &StopToken) -> bool {
    tokio::select! {
        () = stopped(stop) => true,
        () = tokio::time::sleep(pause) => false,
    }
}
