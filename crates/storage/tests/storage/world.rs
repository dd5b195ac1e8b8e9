//! What the tests share: a clock that stands still, and folders.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dk_app::ports::{Ambient, Storage};
use dk_storage::{CloudinaryOptions, Options, Patience, Secret, open};
use dk_testkit::cloudinary::{CLOUD, KEY};
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

/// When the tests happen.
pub(crate) const NOW: OffsetDateTime = datetime!(2026-01-01 12:00 UTC);

/// Time stands still, ids count up.
#[derive(Debug, Default)]
pub(crate) struct Still(AtomicU64);

impl Ambient for Still {
    fn now(&self) -> OffsetDateTime {
        NOW
    }

    fn id(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.0.fetch_add(1, Ordering::SeqCst)) + 1)
    }

    fn secret(&self) -> [u8; 32] {
        [7; 32]
    }
}

/// Tries as often as in earnest and hardly waits.
pub(crate) const HASTE: Patience = Patience {
    attempts: 4,
    first_pause: Duration::from_millis(5),
    connect: Duration::from_secs(5),
    stall: Duration::from_mins(1),
};

/// A storage that reaches a stand-in for Cloudinary at `url`, with this secret.
pub(crate) async fn cloudinary_with(url: &str, secret: &str, staging: &Path) -> Arc<dyn Storage> {
    let options = CloudinaryOptions {
        cloud_name: CLOUD.to_owned(),
        api_key: KEY.to_owned(),
        api_secret: Secret::from(secret.to_owned()),
        api_base: url.to_owned(),
        delivery_base: format!("{url}/"),
        staging: staging.to_owned(),
        patience: HASTE,
    };
    open(Options::Cloudinary(options), Arc::new(Still::default())).await.unwrap()
}

/// Number of files in a folder, at any depth.
pub(crate) fn files_in(folder: &Path) -> usize {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { files_in(&path) } else { 1 }).sum()
}
