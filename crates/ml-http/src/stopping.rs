//! Waiting that ends when somebody says stop.

use std::future::Future;

use dk_app::StopToken;
use dk_app::ports::AskError;
use dk_domain::ErrorCode;

/// Drops the work at once when the token is stopped.
pub(crate) async fn unless_stopped<T>(
    stop: &StopToken,
    work: impl Future<Output = Result<T, AskError>>,
) -> Result<T, AskError> {
    tokio::select! {
        biased;
        () = stop.stopped() => Err(AskError { code: ErrorCode::Stopped, message: "the analysis was stopped".to_owned() }),
        end = work => end,
    }
}
