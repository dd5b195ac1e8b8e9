//! Pauses that end early when the process must go.

use std::time::Duration;

use dk_app::StopToken;

/// Waits for `pause`; true when it was cut short by the token.
pub(crate) async fn pause_or_stop(pause: Duration, stop: &StopToken) -> bool {
    tokio::select! {
        () = stop.stopped() => true,
        () = tokio::time::sleep(pause) => false,
    }
}
