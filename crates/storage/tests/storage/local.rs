//! A folder.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use dk_app::ports::Storage;
use dk_contract::storage::{Subject, list_all, medium, store};
use dk_contract::storage_promises;
use dk_domain::MediaKind;
use dk_storage::{LocalOptions, Options, open};

use crate::world::{NOW, Still, files_in};

async fn storage_in(root: &Path) -> Arc<dyn Storage> {
    open(Options::Local(LocalOptions { root: root.to_owned() }), Arc::new(Still::default())).await.unwrap()
}

async fn subject() -> Option<Subject> {
    let folder = tempfile::tempdir().unwrap();
    let storage = storage_in(folder.path()).await;
    Some(Subject { storage, staging: folder.path().join("incoming"), world: Box::new(folder) })
}

mod promises {
    use super::*;

    storage_promises!(subject());
}

#[tokio::test]
async fn a_file_lies_in_the_folder_of_its_kind_under_its_checksum() {
    let folder = tempfile::tempdir().unwrap();
    let storage = storage_in(folder.path()).await;
    let stored = store(&*storage, b"abc", MediaKind::Video, medium(1)).await;
    let sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    assert_eq!(stored.key, format!("media/videos/ba/{sha256}-{}", medium(1)));
    assert_eq!(stored.url, format!("local:{}", stored.key));
    let path = folder.path().join(&stored.key);
    assert_eq!(fs::read(&path).unwrap(), b"abc");
    assert_eq!(storage.local(&stored.key).await.unwrap().unwrap().path(), path);
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_but_the_owner_and_the_group_can_look_at_a_file() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let storage = storage_in(folder.path()).await;
    let stored = store(&*storage, b"private", MediaKind::Image, medium(1)).await;
    let mut path = folder.path().join(&stored.key);
    while path != folder.path() {
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o007,
            0,
            "{} is open",
            path.display()
        );
        path.pop();
    }
}

#[tokio::test]
async fn opening_removes_what_was_left_half_received_a_day_ago_and_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let incoming = folder.path().join("incoming");
    fs::create_dir(&incoming).unwrap();
    let uuid = "0198c9a4-7c1e-7b5e-9d43-0f6f5a8f2a1";
    let hours = |hours| NOW - Duration::from_hours(hours);
    for (name, written_at) in [
        (format!("{uuid}1.part"), hours(25)),
        (format!("{uuid}2.part"), hours(23)),
        ("notes.txt".into(), hours(100)),
        ("other.part".into(), hours(100)),
    ] {
        File::create(incoming.join(name)).unwrap().set_modified(written_at.into()).unwrap();
    }
    storage_in(folder.path()).await;
    let mut left: Vec<_> = fs::read_dir(&incoming).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, [format!("{uuid}2.part").as_str(), "notes.txt", "other.part"]);
}

#[tokio::test]
async fn what_was_stored_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let stored = store(&*storage_in(folder.path()).await, b"stays", MediaKind::Audio, medium(1)).await;
    let again = storage_in(folder.path()).await;
    assert_eq!(dk_contract::storage::read(&*again, &stored.key, None).await.unwrap(), b"stays");
}

#[tokio::test]
async fn foreign_files_are_listed_as_nobodys_in_the_order_of_all_keys() {
    let folder = tempfile::tempdir().unwrap();
    let storage = storage_in(folder.path()).await;
    let stored = store(&*storage, b"abc", MediaKind::Video, medium(1)).await;
    let media = folder.path().join("media");
    for path in ["notes.txt", "videos.txt", "videos/ba.txt", "videos/ba/notes", "videos/ca/deep/notes"] {
        let path = media.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "foreign").unwrap();
    }
    #[cfg(unix)]
    std::os::unix::fs::symlink(folder.path(), media.join("loop")).unwrap();
    for limit in [1, 2, 100] {
        let listed = list_all(&*storage, limit).await;
        let keys: Vec<&str> = listed.iter().map(|entry| &*entry.key).collect();
        let expected = [
            "media/notes.txt",
            "media/videos.txt",
            "media/videos/ba.txt",
            &*stored.key,
            "media/videos/ba/notes",
            "media/videos/ca/deep/notes",
        ];
        assert_eq!(keys, expected, "in pages of {limit}");
        let owned: Vec<_> = listed.iter().filter_map(|entry| entry.media_id).collect();
        assert_eq!(owned, [medium(1)]);
    }
}

#[tokio::test]
async fn a_folder_that_went_away_is_an_error_and_not_a_panic() {
    let folder = tempfile::tempdir().unwrap();
    let storage = storage_in(folder.path()).await;
    fs::remove_dir_all(folder.path()).unwrap();
    assert!(storage.receive().await.is_err());
    assert!(storage.ping().await.is_err());
}

#[tokio::test]
async fn a_receipt_that_is_dropped_while_it_writes_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let storage = storage_in(folder.path()).await;
    for pieces in 1..8 {
        let mut incoming = storage.receive().await.unwrap();
        for _ in 0..pieces {
            incoming.write(Bytes::from(vec![1; 200_000])).await.unwrap();
        }
        drop(incoming);
        assert_eq!(files_in(folder.path()), 0);
    }
}
