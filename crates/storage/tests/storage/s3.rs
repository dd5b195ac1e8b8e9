//! S3, against moto.

use std::path::Path;
use std::sync::Arc;

use dk_app::ports::{Storage, StorageError};
use dk_contract::storage::{Subject, list_all, medium, read, sample, stage, store};
use dk_contract::storage_promises;
use dk_domain::MediaKind;
use dk_storage::{Options, S3Keys, S3Options, Secret, open};
use dk_testkit::s3::S3;
use tempfile::TempDir;

use crate::proxy::{Proxy, Way};
use crate::world::{HASTE, Still, files_in};

/// More than one part.
const LARGE: usize = 12 * 1024 * 1024;

/// A storage on the bucket of a server at this address.
pub(crate) async fn storage_at(endpoint: &str, staging: &Path) -> Arc<dyn Storage> {
    let options = S3Options {
        endpoint: Some(endpoint.to_owned()),
        bucket: S3::BUCKET.to_owned(),
        region: S3::REGION.to_owned(),
        keys: Some(S3Keys { id: S3::KEY_ID.to_owned(), secret: Secret::from(S3::KEY_SECRET.to_owned()) }),
        path_style: true,
        allow_http: true,
        staging: staging.to_owned(),
        patience: HASTE,
    };
    open(Options::S3(options), Arc::new(Still::default())).await.unwrap()
}

/// A server, with a proxy before it, and a storage that goes through the proxy.
struct Behind {
    server: S3,
    proxy: Proxy,
    folder: TempDir,
    storage: Arc<dyn Storage>,
}

impl Behind {
    async fn start() -> Option<Self> {
        let server = S3::start().unwrap()?;
        let proxy = Proxy::before(server.address()).await;
        let folder = tempfile::tempdir().unwrap();
        let storage = storage_at(&proxy.url, folder.path()).await;
        Some(Self { server, proxy, folder, storage })
    }

    /// Ids of the uploads in parts that have not ended, straight from the server.
    async fn unfinished_uploads(&self) -> usize {
        let url = format!("{}/{}?uploads", self.server.endpoint, S3::BUCKET);
        let answer = reqwest::get(url).await.unwrap().text().await.unwrap();
        answer.matches("<UploadId>").count()
    }
}

async fn subject() -> Option<Subject> {
    let server = S3::start().unwrap()?;
    let folder = tempfile::tempdir().unwrap();
    let staging = folder.path().to_owned();
    let storage = storage_at(&server.endpoint, &staging).await;
    Some(Subject { storage, staging, world: Box::new((server, folder)) })
}

mod promises {
    use super::*;

    storage_promises!(subject());
}

#[tokio::test]
async fn a_file_is_named_by_its_bucket_and_key() {
    let Some(subject) = subject().await else { return };
    let stored = store(&*subject.storage, b"abc", MediaKind::Audio, medium(1)).await;
    assert_eq!(stored.url, format!("s3://{}/{}", S3::BUCKET, stored.key));
}

#[tokio::test]
async fn an_upload_that_is_cut_off_is_sent_again() {
    let Some(behind) = Behind::start().await else { return };
    for (number, length, cut) in [(1, LARGE, 7_000_000), (2, 2_000_000, 1_000_000)] {
        let bytes = sample(length, number);
        behind.proxy.cut_once(Way::Up, cut);
        let stored = store(&*behind.storage, &bytes, MediaKind::Video, medium(number.into())).await;
        assert_eq!(behind.proxy.cuts(), 1);
        assert!(read(&*behind.storage, &stored.key, None).await.unwrap() == bytes);
    }
    assert_eq!(behind.unfinished_uploads().await, 0);
}

#[tokio::test]
async fn a_download_that_is_cut_off_goes_on_where_it_ended() {
    let Some(behind) = Behind::start().await else { return };
    let bytes = sample(LARGE, 2);
    let stored = store(&*behind.storage, &bytes, MediaKind::Video, medium(1)).await;
    behind.proxy.cut_once(Way::Down, 5_000_000);
    assert!(read(&*behind.storage, &stored.key, None).await.unwrap() == bytes);
    assert_eq!(behind.proxy.cuts(), 1);
    behind.proxy.cut_once(Way::Down, 1_000_000);
    let range = read(&*behind.storage, &stored.key, Some(1_000_000..4_000_000)).await.unwrap();
    assert!(range == bytes[1_000_000..4_000_000]);
    assert_eq!(behind.proxy.cuts(), 1);
}

#[tokio::test]
async fn an_upload_that_never_succeeds_is_an_error_and_leaves_no_parts() {
    let Some(behind) = Behind::start().await else { return };
    let staged = stage(&*behind.storage, &sample(LARGE, 3)).await;
    // Enough for the calls around the parts, not for a part.
    behind.proxy.cut_always(Way::Up, 1_000_000);
    let failure = behind.storage.keep(staged, MediaKind::Video, medium(1)).await.unwrap_err();
    assert!(
        matches!(failure, StorageError::Failed { tried: "store a file in the bucket", .. }),
        "{failure:?}"
    );
    assert!(behind.proxy.cuts() >= HASTE.attempts);
    assert_eq!(behind.unfinished_uploads().await, 0);
    assert_eq!(files_in(behind.folder.path()), 0);
}

#[tokio::test]
async fn an_upload_that_is_given_up_takes_its_parts_back() {
    let Some(behind) = Behind::start().await else { return };
    let staged = stage(&*behind.storage, &sample(LARGE, 4)).await;
    let keeping = behind.storage.keep(staged, MediaKind::Video, medium(1));
    tokio::select! {
        outcome = keeping => panic!("it ended: {outcome:?}"),
        () = async { while behind.unfinished_uploads().await == 0 {} } => {}
    }
    while behind.unfinished_uploads().await > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(list_all(&*behind.storage, 10).await, []);
    assert_eq!(files_in(behind.folder.path()), 0);
}

#[tokio::test]
async fn a_server_that_is_gone_is_an_error_for_every_call() {
    let Some(behind) = Behind::start().await else { return };
    let Behind { server, proxy, folder, storage } = behind;
    let stored = store(&*storage, b"abc", MediaKind::Image, medium(1)).await;
    let staged = stage(&*storage, b"def").await;
    drop((server, proxy));
    assert!(storage.ping().await.is_err());
    assert!(storage.read(&stored.key, None).await.is_err());
    assert!(storage.local(&stored.key).await.is_err());
    assert!(storage.remove(&stored.key).await.is_err());
    assert!(storage.list(crate::world::NOW, None, 10).await.is_err());
    assert!(storage.keep(staged, MediaKind::Image, medium(2)).await.is_err());
    assert_eq!(files_in(folder.path()), 0);
}

#[tokio::test]
async fn foreign_files_of_the_bucket_are_nobodys_or_not_listed() {
    let Some(behind) = Behind::start().await else { return };
    let stored = store(&*behind.storage, b"abc", MediaKind::Image, medium(1)).await;
    for key in ["elsewhere/notes", "media/notes", "media/images/ba/notes", "mediafile"] {
        let url = format!("{}/{}/{key}", behind.server.endpoint, S3::BUCKET);
        assert!(reqwest::Client::new().put(url).body("foreign").send().await.unwrap().status().is_success());
    }
    let listed = list_all(&*behind.storage, 2).await;
    let found: Vec<_> = listed.iter().map(|entry| (&*entry.key, entry.media_id)).collect();
    let expected = [(&*stored.key, Some(medium(1))), ("media/images/ba/notes", None), ("media/notes", None)];
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_bucket_that_is_not_there_does_not_answer() {
    let Some(server) = S3::start().unwrap() else { return };
    let folder = tempfile::tempdir().unwrap();
    let options = S3Options {
        endpoint: Some(server.endpoint.clone()),
        bucket: "another".to_owned(),
        region: S3::REGION.to_owned(),
        keys: Some(S3Keys { id: "test".to_owned(), secret: Secret::from("test".to_owned()) }),
        path_style: true,
        allow_http: true,
        staging: folder.path().to_owned(),
        patience: HASTE,
    };
    let storage = open(Options::S3(options), Arc::new(Still::default())).await.unwrap();
    assert!(storage.ping().await.is_err());
    let staged = stage(&*storage, b"abc").await;
    assert!(storage.keep(staged, MediaKind::Image, medium(1)).await.is_err());
}
