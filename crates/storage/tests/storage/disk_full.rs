//! A disk without room: a file system of one megabyte, which only root may make.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use bytes::Bytes;
use dk_app::ports::{Storage, StorageError};
use dk_contract::storage::{medium, read, sample, store};
use dk_domain::MediaKind;
use dk_storage::{LocalOptions, Options, open};
use dk_testkit::cloudinary::{SECRET, StandIn};
use tempfile::TempDir;

use crate::world::{NOW, Still, cloudinary_with, files_in};

/// A small disk. Unmounted when dropped.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=1m", "tmpfs"])
            .arg(folder.path())
            .output()
            .is_ok_and(|output| output.status.success());
        if mounted {
            return Some(Self(folder));
        }
        eprintln!("skipped: a small disk can only be mounted by root, on Linux");
        None
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.path()).status();
    }
}

/// Receives a file in pieces, as an upload comes.
async fn receive(storage: &dyn Storage, bytes: &[u8]) -> Result<(), StorageError> {
    let mut incoming = storage.receive().await?;
    for piece in bytes.chunks(50_000) {
        incoming.write(Bytes::copy_from_slice(piece)).await?;
    }
    incoming.finish().await.map(drop)
}

#[tokio::test]
async fn a_full_disk_is_said_to_be_full_and_has_room_again_afterwards() {
    let Some(disk) = SmallDisk::mount() else { return };
    let options = LocalOptions { root: disk.path().to_owned() };
    let storage = open(Options::Local(options), Arc::new(Still::default())).await.unwrap();
    let failure = receive(&*storage, &sample(3_000_000, 1)).await.unwrap_err();
    assert!(matches!(failure, StorageError::Full), "{failure:?}");
    // One that only the last block does not fit.
    let failure = receive(&*storage, &sample(1_100_000, 2)).await.unwrap_err();
    assert!(matches!(failure, StorageError::Full), "{failure:?}");
    assert_eq!(files_in(disk.path()), 0);
    let stored = store(&*storage, &sample(600_000, 3), MediaKind::Image, medium(1)).await;
    let failure = receive(&*storage, &sample(600_000, 4)).await.unwrap_err();
    assert!(matches!(failure, StorageError::Full), "{failure:?}");
    assert!(read(&*storage, &stored.key, None).await.unwrap() == sample(600_000, 3));
}

#[tokio::test]
async fn a_copy_that_does_not_fit_is_said_not_to_fit() {
    let Some(disk) = SmallDisk::mount() else { return };
    let service = StandIn::start(|| NOW).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let stored = {
        let storage = cloudinary_with(&service.url, SECRET, elsewhere.path()).await;
        store(&*storage, &sample(3_000_000, 1), MediaKind::Image, medium(1)).await
    };
    let storage = cloudinary_with(&service.url, SECRET, disk.path()).await;
    let failure = storage.local(&stored.key).await.unwrap_err();
    assert!(matches!(failure, StorageError::Full), "{failure:?}");
    assert_eq!(files_in(disk.path()), 0);
}
