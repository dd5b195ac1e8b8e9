//! The whole way with files elsewhere than in a folder: in an object store, and at Cloudinary.

use dk_testkit::cloudinary::{self, StandIn};
use dk_testkit::s3::S3;
use time::OffsetDateTime;

use crate::home::testdata;
use crate::people::{Person, models_of};
use crate::sockets::Socket;
use crate::stage::Stage;

#[tokio::test]
async fn a_file_in_an_object_store_is_judged_played_and_removed() {
    let Some(store) = S3::start().expect("the S3 server starts") else { return };
    let settings = [
        ("STORAGE_PROVIDER", "s3"),
        ("S3_ENDPOINT", &store.endpoint),
        ("S3_BUCKET", S3::BUCKET),
        ("S3_ACCESS_KEY_ID", S3::KEY_ID),
        ("S3_SECRET_ACCESS_KEY", S3::KEY_SECRET),
    ];
    let stored = || store.keys().expect("the S3 server answers").len();
    is_judged_played_and_removed(&settings, stored).await;
}

// The stand-in lives in this process and answers while the test waits for events.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_at_cloudinary_is_judged_played_and_removed() {
    #[expect(clippy::disallowed_methods, reason = "the age of real requests is judged")]
    let cloud = StandIn::start(OffsetDateTime::now_utc).await;
    let settings = [
        ("STORAGE_PROVIDER", "cloudinary"),
        ("CLOUDINARY_CLOUD_NAME", cloudinary::CLOUD),
        ("CLOUDINARY_API_KEY", cloudinary::KEY),
        ("CLOUDINARY_API_SECRET", cloudinary::SECRET),
        ("CLOUDINARY_API_URL", &cloud.url),
    ];
    let stored = || cloud.inside.lock().expect("the lock").assets.len();
    is_judged_played_and_removed(&settings, stored).await;
}

/// Upload, verdict, content and deletion; `stored` counts what the storage holds.
async fn is_judged_played_and_removed(settings: &[(&str, &str)], stored: impl Fn() -> usize) {
    let mut stage = Stage::new();
    for (name, value) in settings {
        stage.set(name, value);
    }
    let ml = stage.start("ml");
    stage.know_ml(&ml.url("ml"));
    let (api, _worker) = (stage.start("api"), stage.start("worker"));
    let ada = Person::sign_up(&api.url("api"), "ada").await;
    let mut browser = Socket::connect(&api.url("api"), &ada);
    for (file, kind) in [("coffee.webp", "image"), ("portrait.mp4", "video"), ("reading.ogg", "audio")] {
        let path = testdata(&format!("samples/{file}"));
        let medium = ada.upload(&path).await;
        let media_id = medium["id"].as_str().expect("an id");
        assert_eq!(browser.until_ended(media_id)["status"], "ANALYZED");
        let medium = ada.ended(&medium).await;
        assert_eq!(medium["mediaType"], kind);
        browser.told_in_order(media_id, &models_of(&medium));
        assert!(stored() > 0);
        let content = format!("/api/v1/media/{media_id}/content");
        let answer = ada.try_ask(reqwest::Method::GET, &content, None).await.expect("the API answers");
        assert_eq!(answer.bytes().await.expect("bytes"), std::fs::read(&path).expect("the sample"));
        let medium_path = content.trim_end_matches("/content");
        assert_eq!(ada.ask(reqwest::Method::DELETE, medium_path, None).await.0.as_u16(), 204);
        ada.until("/api/v1/media", |_| stage.sql("select count(*) from outbox") == "0").await;
        assert_eq!(stored(), 0);
    }
}
