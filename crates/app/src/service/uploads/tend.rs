//! Look after uploads that nobody looks after: give up what is over, and finish what is whole.

use std::error::Error;

use time::Duration;

use super::finish::finish_upload;
use crate::ports::StoreError;
use crate::service::Ports;

const BATCH: u16 = 20;

/// Gives up uploads whose time is over, and puts together those whose last byte came but whose server died before it
/// did; the latter when nothing has moved in them for `quiet`. Says how many were given up.
pub async fn tend_uploads(ports: &Ports, quiet: Duration) -> Result<u64, StoreError> {
    let now = ports.ambient.now();
    let over = ports.uploads.forget_over(now, BATCH).await?;
    for upload in ports.uploads.left_whole(now - quiet, now, BATCH).await? {
        match finish_upload(ports, &upload).await {
            Ok(media) => tracing::info!(media.id = %media, "an upload that was left whole is taken in"),
            Err(error) => {
                tracing::warn!(error = &error as &dyn Error, "an upload that was left whole is not taken in");
            }
        }
    }
    Ok(over)
}
