//! Cloudinary, against a server that behaves like it.

use std::sync::Arc;

use dk_app::ports::{Storage, StorageError};
use dk_contract::storage::{Subject, list_all, medium, read, sample, stage, store};
use dk_contract::storage_promises;
use dk_domain::MediaKind;
use dk_testkit::cloudinary::{SECRET, StandIn};
use tempfile::TempDir;

use crate::proxy::{Proxy, Way};
use crate::world::{HASTE, NOW, cloudinary_with, files_in};

/// Three chunks.
const LARGE: usize = 13_000_000;

/// A service, with a proxy before it, and a storage that goes through the proxy.
struct Behind {
    service: StandIn,
    proxy: Proxy,
    folder: TempDir,
    storage: Arc<dyn Storage>,
}

impl Behind {
    async fn start() -> Self {
        let service = StandIn::start(|| NOW).await;
        let proxy = Proxy::before(service.address()).await;
        let folder = tempfile::tempdir().unwrap();
        let storage = cloudinary_with(&proxy.url, SECRET, folder.path()).await;
        Self { service, proxy, folder, storage }
    }

    /// The next calls are answered with these, in this order.
    fn refuse(&self, statuses: &[u16]) {
        self.service.inside.lock().unwrap().refusals = statuses.iter().rev().copied().collect();
    }

    /// How many calls of this method were made whose path ends like this.
    fn calls(&self, method: &str, end: &str) -> usize {
        let inside = self.service.inside.lock().unwrap();
        inside.calls.iter().filter(|call| call.starts_with(method) && call.ends_with(end)).count()
    }
}

async fn subject() -> Option<Subject> {
    let service = StandIn::start(|| NOW).await;
    let folder = tempfile::tempdir().unwrap();
    let staging = folder.path().to_owned();
    let storage = cloudinary_with(&service.url, SECRET, &staging).await;
    Some(Subject { storage, staging, world: Box::new((service, folder)) })
}

mod promises {
    use super::*;

    storage_promises!(subject());
}

#[tokio::test]
async fn sound_goes_under_video_and_the_address_has_no_signature() {
    let behind = Behind::start().await;
    for (kind, resource_type) in
        [(MediaKind::Audio, "video"), (MediaKind::Video, "video"), (MediaKind::Image, "image")]
    {
        let stored = store(&*behind.storage, b"abc", kind, medium(1)).await;
        let expected = format!("{}/demo/{resource_type}/authenticated/v1/{}", behind.proxy.url, stored.key);
        assert_eq!(stored.url, expected);
        let assets = &behind.service.inside.lock().unwrap().assets;
        assert!(assets.contains_key(&(resource_type.to_owned(), stored.key)));
    }
}

#[tokio::test]
async fn a_large_file_goes_in_chunks_and_a_small_one_at_once() {
    let behind = Behind::start().await;
    store(&*behind.storage, &sample(6_000_000, 1), MediaKind::Video, medium(1)).await;
    assert_eq!(behind.calls("POST", "/upload"), 1);
    store(&*behind.storage, &sample(6_000_001, 2), MediaKind::Video, medium(2)).await;
    assert_eq!(behind.calls("POST", "/upload"), 3);
}

#[tokio::test]
async fn a_chunk_that_is_cut_off_is_sent_again_and_no_other() {
    let behind = Behind::start().await;
    let bytes = sample(LARGE, 3);
    behind.proxy.cut_once(Way::Up, 8_000_000);
    let stored = store(&*behind.storage, &bytes, MediaKind::Video, medium(1)).await;
    assert_eq!((behind.proxy.cuts(), behind.calls("POST", "/upload")), (1, 4));
    assert!(read(&*behind.storage, &stored.key, None).await.unwrap() == bytes);
}

#[tokio::test]
async fn a_download_that_is_cut_off_goes_on_where_it_ended() {
    let behind = Behind::start().await;
    let bytes = sample(LARGE, 4);
    let stored = store(&*behind.storage, &bytes, MediaKind::Video, medium(1)).await;
    behind.proxy.cut_once(Way::Down, 5_000_000);
    assert!(read(&*behind.storage, &stored.key, None).await.unwrap() == bytes);
    assert_eq!((behind.proxy.cuts(), behind.calls("GET", &stored.key)), (1, 2));
    behind.proxy.cut_once(Way::Down, 1_000_000);
    let range = read(&*behind.storage, &stored.key, Some(1_000_000..4_000_000)).await.unwrap();
    assert!(range == bytes[1_000_000..4_000_000]);
    assert_eq!(behind.proxy.cuts(), 1);
}

#[tokio::test]
async fn a_download_that_is_cut_off_again_and_again_still_gets_through_while_bytes_come() {
    let behind = Behind::start().await;
    let bytes = sample(LARGE, 5);
    let stored = store(&*behind.storage, &bytes, MediaKind::Video, medium(1)).await;
    behind.proxy.cut_always(Way::Down, 1_500_000);
    let copy = behind.storage.local(&stored.key).await.unwrap().unwrap();
    assert!(std::fs::read(copy.path()).unwrap() == bytes);
    assert!(behind.proxy.cuts() > HASTE.attempts);
}

#[tokio::test]
async fn an_upload_that_never_succeeds_is_an_error() {
    let behind = Behind::start().await;
    let staged = stage(&*behind.storage, &sample(LARGE, 6)).await;
    behind.proxy.cut_always(Way::Up, 1_000_000);
    let failure = behind.storage.keep(staged, MediaKind::Video, medium(1)).await.unwrap_err();
    assert!(
        matches!(failure, StorageError::Failed { tried: "store a file at Cloudinary", .. }),
        "{failure:?}"
    );
    assert_eq!(behind.proxy.cuts(), HASTE.attempts);
    assert_eq!(files_in(behind.folder.path()), 0);
    assert!(behind.service.inside.lock().unwrap().assets.is_empty());
}

#[tokio::test]
async fn what_may_pass_is_tried_again_and_what_cannot_is_not() {
    let behind = Behind::start().await;
    behind.refuse(&[503, 420, 429]);
    let stored = store(&*behind.storage, b"abc", MediaKind::Image, medium(1)).await;
    assert_eq!(behind.calls("POST", "/upload"), 4);
    behind.refuse(&[500]);
    assert_eq!(read(&*behind.storage, &stored.key, None).await.unwrap(), b"abc");
    behind.refuse(&[502]);
    assert_eq!(list_all(&*behind.storage, 10).await.len(), 1);
    behind.refuse(&[400]);
    assert!(behind.storage.remove(&stored.key).await.is_err());
    assert_eq!(behind.calls("POST", "/destroy"), 1);
    behind.refuse(&[504]);
    behind.storage.remove(&stored.key).await.unwrap();
    // The small picture is removed before its file.
    assert_eq!(behind.calls("POST", "/destroy"), 4);
}

#[tokio::test]
async fn a_refusal_is_told_in_the_words_of_the_service_and_without_a_secret() {
    let behind = Behind::start().await;
    let staging = behind.folder.path().join("other");
    let stored = store(&*behind.storage, b"abc", MediaKind::Image, medium(1)).await;
    let stranger = cloudinary_with(&behind.proxy.url, "wrong-secret", &staging).await;
    let staged = stage(&*stranger, b"abc").await;
    let failures = [
        stranger.keep(staged, MediaKind::Image, medium(1)).await.unwrap_err(),
        stranger.local(&stored.key).await.unwrap_err(),
        stranger.remove(&stored.key).await.unwrap_err(),
        stranger.list(NOW, None, 10).await.unwrap_err(),
        stranger.ping().await.unwrap_err(),
    ];
    for failure in failures {
        let told = format!("{failure:?}");
        assert!(told.contains("401") && !told.contains("wrong-secret"), "{told}");
    }
}

#[tokio::test]
async fn a_failed_download_does_not_tell_its_signed_address() {
    let behind = Behind::start().await;
    let stored = store(&*behind.storage, b"abc", MediaKind::Image, medium(1)).await;
    let Behind { service, proxy, folder: _folder, storage } = behind;
    drop((service, proxy));
    let Err(failure) = storage.read(&stored.key, None).await else { panic!("read from nowhere") };
    let told = format!("{failure:?}");
    assert!(!told.contains("s--") && !told.contains(&stored.key), "{told}");
    assert!(storage.ping().await.is_err());
}

#[tokio::test]
async fn a_copy_of_altered_bytes_is_refused() {
    let behind = Behind::start().await;
    let stored = store(&*behind.storage, b"abc", MediaKind::Image, medium(1)).await;
    for asset in behind.service.inside.lock().unwrap().assets.values_mut() {
        asset.bytes = b"abd".to_vec();
    }
    let failure = behind.storage.local(&stored.key).await.unwrap_err();
    assert!(format!("{failure:?}").contains("Altered"), "{failure:?}");
    assert_eq!(files_in(behind.folder.path()), 0);
}

#[tokio::test]
async fn foreign_files_are_nobodys_or_not_listed_and_the_age_counts() {
    let behind = Behind::start().await;
    let stored = store(&*behind.storage, b"abc", MediaKind::Image, medium(1)).await;
    {
        let assets = &mut behind.service.inside.lock().unwrap().assets;
        let asset = assets.values().next().unwrap().clone();
        for id in ["logo", "media/notes", "media/images/ba/notes"] {
            assets.insert(("image".into(), id.into()), asset.clone());
        }
    }
    let listed = list_all(&*behind.storage, 1).await;
    let found: Vec<_> = listed.iter().map(|entry| (&*entry.key, entry.media_id)).collect();
    assert_eq!(found, [(&*stored.key, Some(medium(1))), ("media/images/ba/notes", None)]);
    assert_eq!(listed[0].modified_at, NOW);
    assert_eq!(behind.storage.list(NOW, None, 10).await.unwrap(), []);
}
