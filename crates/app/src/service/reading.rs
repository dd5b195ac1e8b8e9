//! Reading a file blocks, and whoever waits for it may go away meanwhile: then the children that read it are stopped.

use dk_domain::ErrorCode;

use crate::StopToken;
use crate::ports::InspectError;

/// Reads a file on a thread of its own.
pub(super) async fn read_file<T: Send + 'static>(
    read: impl FnOnce(&StopToken) -> Result<T, InspectError> + Send + 'static,
) -> Result<T, InspectError> {
    let stop = StopOnDrop(StopToken::new());
    let token = stop.0.clone();
    tokio::task::spawn_blocking(move || read(&token)).await.unwrap_or_else(|_| {
        Err(InspectError {
            code: ErrorCode::UnreadableMedia,
            message: "the file could not be read".to_owned(),
            hint: Some("it may be damaged: try another copy".to_owned()),
        })
    })
}

/// Stops when whoever waits has gone.
struct StopOnDrop(StopToken);

impl Drop for StopOnDrop {
    fn drop(&mut self) {
        self.0.stop();
    }
}
