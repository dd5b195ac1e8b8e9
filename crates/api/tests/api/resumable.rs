//! Files that come in part by part.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dk_app::ports::{Ambient as _, Library as _, MediaFilter, MediaPage, MediaSort, Uploads as _};
use dk_app::service::{KeepPart, keep_part, relay, tend_uploads};
use dk_domain::UploadId;
use futures_util::StreamExt as _;
use serde_json::json;

use crate::client::{Answer, Client, PICTURE};
use crate::world::World;

const PART: &str = "application/offset+octet-stream";

/// `Upload-Metadata` of these pairs.
fn metadata(pairs: &[(&str, &str)]) -> String {
    let pairs: Vec<_> =
        pairs.iter().map(|(word, text)| format!("{word} {}", STANDARD.encode(text))).collect();
    pairs.join(",")
}

pub(crate) fn tus(client: &Client) -> Client {
    client.with("tus-resumable", "1.0.0")
}

/// Begins an upload of so many bytes.
pub(crate) async fn begin(client: &Client, bytes: usize) -> String {
    let client = tus(client).with("upload-length", &bytes.to_string());
    let begun = client.send(Method::POST, "/api/v1/uploads", Body::empty()).await;
    assert_eq!(begun.status, 201, "{}", begun.text());
    begun.header("location").to_owned()
}

async fn append(client: &Client, path: &str, offset: usize, bytes: impl Into<Body>) -> Answer {
    let client = tus(client).with("upload-offset", &offset.to_string()).with("content-type", PART);
    client.send(Method::PATCH, path, bytes).await
}

async fn look(client: &Client, path: &str) -> Answer {
    tus(client).send(Method::HEAD, path, Body::empty()).await
}

async fn offset(client: &Client, path: &str) -> String {
    look(client, path).await.header("upload-offset").to_owned()
}

/// How many media somebody has.
async fn media_of(world: &World, client: &Client) -> usize {
    let page = MediaPage { limit: 9, sort: MediaSort::Newest, after: None };
    world.store.media(client.id(), &MediaFilter::default(), &page).await.unwrap().items.len()
}

#[tokio::test]
async fn a_file_comes_in_part_by_part_and_becomes_a_medium() {
    let world = World::new();
    let olga = world.person("olga").await;
    let said = metadata(&[
        ("filename", "../Ferien \u{202e}Köln.png"),
        ("description", " by the sea "),
        ("priority", "batch"),
        ("filetype", "image/png"),
    ]);
    let client = tus(&olga).with("upload-length", "32").with("upload-metadata", &said);
    let begun = client.send(Method::POST, "/api/v1/uploads", Body::empty()).await;
    assert_eq!((begun.status.as_u16(), begun.header("upload-offset")), (201, "0"), "{}", begun.text());
    assert_eq!(begun.header("tus-resumable"), "1.0.0");
    assert!(begun.header("upload-expires").ends_with(" GMT"));
    let path = begun.header("location").to_owned();
    assert_eq!(PICTURE.len(), 32);

    let first = append(&olga, &path, 0, &PICTURE[..10]).await;
    assert_eq!((first.status.as_u16(), first.header("upload-offset")), (204, "10"), "{}", first.text());
    assert_eq!(first.header("media-id"), "");
    let seen = look(&olga, &path).await;
    assert_eq!((seen.status.as_u16(), seen.header("upload-offset")), (200, "10"));
    assert_eq!((seen.header("upload-length"), seen.header("cache-control")), ("32", "no-store"));

    let last = append(&olga, &path, 10, &PICTURE[10..]).await;
    assert_eq!((last.status.as_u16(), last.header("upload-offset")), (204, "32"), "{}", last.text());
    let id = last.header("media-id").to_owned();
    let media = olga.get(&format!("/api/v1/media/{id}")).await.json();
    assert_eq!(
        (media["filename"].as_str(), media["description"].as_str()),
        (Some("Ferien Köln.png"), Some("by the sea"))
    );
    assert_eq!((media["size"].as_u64(), media["status"].as_str()), (Some(32), Some("QUEUED")));
    assert_eq!(media["runs"][0]["priority"], "batch");
    assert_eq!(olga.get(&format!("/api/v1/media/{id}/content")).await.body, PICTURE);
    assert_eq!(look(&olga, &path).await.header("media-id"), id);
    // Only the file stays.
    relay(&world.ports).await.unwrap();
    assert_eq!(world.disk.counts(), (1, 0));
}

#[tokio::test]
async fn a_client_whose_network_lets_only_post_through_says_in_a_header_what_it_means() {
    let world = World::new();
    let olga = world.person("olga").await;
    let path = begin(&olga, 32).await;
    let post = |method: &str, offset: usize, bytes: &'static [u8]| {
        let client = tus(&olga).with("x-http-method-override", method).with("content-type", PART);
        let client = client.with("upload-offset", &offset.to_string());
        let path = path.clone();
        async move { client.send(Method::POST, &path, bytes).await }
    };
    let part = post("PATCH", 0, &PICTURE[..10]).await;
    assert_eq!((part.status.as_u16(), part.header("upload-offset")), (204, "10"), "{}", part.text());
    assert_eq!(part.header("tus-resumable"), "1.0.0");
    assert_eq!(post("HEAD", 0, b"").await.header("upload-offset"), "10");
    post("PATCH", 0, &PICTURE[..10]).await.is_problem(409, "wrong_offset");
    for method in ["PUT", "patch", ""] {
        post(method, 10, &PICTURE[10..]).await.is_problem(405, "method_not_allowed");
    }
    tus(&olga).send(Method::POST, &path, "").await.is_problem(405, "method_not_allowed");
    assert_eq!(post("DELETE", 0, b"").await.status, 204);
    assert_eq!(look(&olga, &path).await.status, 404);
}

#[tokio::test]
async fn bytes_may_come_with_the_beginning() {
    let world = World::new();
    let olga = world.person("olga").await;
    let client = tus(&olga).with("upload-length", "32").with("content-type", PART);
    let whole = client.send(Method::POST, "/api/v1/uploads", PICTURE).await;
    assert_eq!((whole.status.as_u16(), whole.header("upload-offset")), (201, "32"), "{}", whole.text());
    assert!(!whole.header("media-id").is_empty());
    let part = client.send(Method::POST, "/api/v1/uploads", &PICTURE[..9]).await;
    assert_eq!((part.status.as_u16(), part.header("upload-offset")), (201, "9"));
    assert_eq!(offset(&olga, part.header("location")).await, "9");
}

#[tokio::test]
async fn the_last_bytes_sent_twice_make_one_medium_and_a_removed_one_stays_away() {
    let world = World::new();
    let olga = world.person("olga").await;
    let path = begin(&olga, PICTURE.len()).await;
    append(&olga, &path, 0, &PICTURE[..10]).await;
    let (one, other) =
        tokio::join!(append(&olga, &path, 10, &PICTURE[10..]), append(&olga, &path, 10, &PICTURE[10..]));
    let mut both = [one.status.as_u16(), other.status.as_u16()];
    both.sort_unstable();
    assert!(both == [204, 204] || both == [204, 409], "{both:?}");
    let again = append(&olga, &path, 32, Body::empty()).await;
    assert_eq!(again.status, 204);
    assert_eq!(media_of(&world, &olga).await, 1);
    let id = again.header("media-id").to_owned();
    assert_eq!(olga.delete(&format!("/api/v1/media/{id}")).await.status, 204);
    let late = append(&olga, &path, 32, Body::empty()).await;
    assert_eq!((late.status.as_u16(), late.header("media-id")), (204, id.as_str()));
    assert_eq!(media_of(&world, &olga).await, 0);
    relay(&world.ports).await.unwrap();
    assert_eq!(world.disk.counts(), (0, 0));
}

#[tokio::test]
async fn bytes_are_taken_where_the_upload_ends_and_nowhere_else() {
    let world = World::new();
    let olga = world.person("olga").await;
    let path = begin(&olga, PICTURE.len()).await;
    append(&olga, &path, 0, &PICTURE[..10]).await;
    for wrong in [0, 9, 11, 32] {
        append(&olga, &path, wrong, "x").await.is_problem(409, "wrong_offset");
    }
    let declared = tus(&olga).with("upload-offset", "10").with("content-type", PART);
    let declared = declared.with("content-length", "25");
    declared.send(Method::PATCH, &path, vec![0; 25]).await.is_problem(413, "too_large");
    let typed = tus(&olga).with("upload-offset", "10").with("content-type", "video/mp4");
    typed.send(Method::PATCH, &path, "x").await.is_problem(415, "unsupported_content_type");
    let nowhere = tus(&olga).with("content-type", PART);
    nowhere.send(Method::PATCH, &path, "x").await.is_problem(400, "malformed_request");
    assert_eq!(offset(&olga, &path).await, "10");
    // What does not say how much it is, is counted.
    append(&olga, &path, 10, vec![0; 25]).await.is_problem(413, "too_large");
}

#[tokio::test]
async fn another_version_is_refused_and_every_answer_says_which_one_is_spoken() {
    let world = World::new();
    let olga = world.person("olga").await;
    let path = begin(&olga, 10).await;
    for client in [olga.clone(), olga.with("tus-resumable", "0.2.2")] {
        let client = client.with("upload-length", "10").with("upload-offset", "0").with("content-type", PART);
        for (method, path) in [
            (Method::POST, "/api/v1/uploads"),
            (Method::PATCH, path.as_str()),
            (Method::DELETE, path.as_str()),
        ] {
            let refused = client.send(method, path, Body::empty()).await;
            refused.is_problem(412, "other_tus");
            assert_eq!((refused.header("tus-version"), refused.header("tus-resumable")), ("1.0.0", "1.0.0"));
        }
    }
    let anyone = world.anyone();
    let offered = anyone.send(Method::OPTIONS, "/api/v1/uploads", Body::empty()).await;
    assert_eq!((offered.status.as_u16(), offered.header("tus-version")), (204, "1.0.0"));
    assert_eq!(offered.header("tus-extension"), "creation,creation-with-upload,termination,expiration");
    assert_eq!(offered.header("tus-max-size"), "65536");
    // A browser that asks whether a page of another origin may is answered as everywhere.
    let asks = anyone.with("origin", crate::world::OWN_ORIGIN).with("access-control-request-method", "PATCH");
    let answer = asks.send(Method::OPTIONS, &path, Body::empty()).await;
    assert!(answer.header("access-control-allow-headers").contains("upload-offset"), "{answer:?}");
}

#[tokio::test]
async fn what_cannot_become_a_medium_is_refused_before_its_bytes() {
    let world = World::new();
    world.farm.offer(crate::world::offer("clip-probe"));
    let olga = world.person("olga").await;
    let post = async |client: Client| client.send(Method::POST, "/api/v1/uploads", Body::empty()).await;
    post(tus(&olga)).await.is_problem(400, "malformed_request");
    post(tus(&olga).with("upload-length", "-1")).await.is_problem(400, "malformed_request");
    post(tus(&olga).with("upload-length", "0")).await.is_problem(422, "empty_file");
    post(tus(&olga).with("upload-length", "65537")).await.is_problem(413, "too_large");
    let ten = tus(&olga).with("upload-length", "10");
    for (said, field) in [
        ("description !!".to_owned(), "description"),
        (metadata(&[("description", &"x".repeat(501))]), "description"),
        (metadata(&[("description", "a"), ("description", "b")]), "description"),
        (metadata(&[("priority", "now")]), "priority"),
        (metadata(&[("models", "Not A Name")]), "models"),
        (metadata(&[("filename", "a"), ("filename", "b")]), "filename"),
    ] {
        let refused = post(ten.with("upload-metadata", &said)).await.is_problem(422, "validation_failed");
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    }
    let unknown = ten.with("upload-metadata", &metadata(&[("models", "other-model")]));
    post(unknown).await.is_problem(422, "unknown_model");
    assert_eq!(post(ten.with("upload-metadata", &metadata(&[("models", "clip-probe")]))).await.status, 201);
    assert_eq!(world.disk.counts(), (0, 0));
}

#[tokio::test]
async fn a_file_that_is_not_accepted_is_refused_with_the_same_words_again() {
    let world = World::new();
    let olga = world.person("olga").await;
    for (bytes, status, code) in
        [(b"#!/bin/sh".as_slice(), 415, "unsupported_media"), (b"BAD picture", 422, "unreadable_media")]
    {
        let path = begin(&olga, bytes.len()).await;
        append(&olga, &path, 0, bytes).await.is_problem(status, code);
        assert_eq!(offset(&olga, &path).await, bytes.len().to_string());
        append(&olga, &path, bytes.len(), Body::empty()).await.is_problem(status, code);
    }
    relay(&world.ports).await.unwrap();
    assert_eq!(world.disk.counts(), (0, 0));
    // A fault of ours is no word on the file.
    let path = begin(&olga, 9).await;
    append(&olga, &path, 0, "OWN fault").await.is_problem(500, "internal");
    assert_eq!(world.disk.counts(), (1, 0));
}

#[tokio::test]
async fn what_came_before_a_cut_is_kept_however_it_was_cut() {
    let world = World::with(|config| {
        config.upload_idle = Duration::from_millis(50);
        config.part_bytes = 4;
    });
    let olga = world.person("olga").await;
    let piece = |range: std::ops::Range<usize>| Ok::<_, std::io::Error>(Bytes::from_static(&PICTURE[range]));
    let path = begin(&olga, PICTURE.len()).await;
    // The connection breaks.
    let broken = vec![piece(0..6), Err(std::io::Error::other("cut"))];
    let cut = append(&olga, &path, 0, Body::from_stream(futures_util::stream::iter(broken))).await;
    cut.is_problem(400, "malformed_request");
    assert_eq!(offset(&olga, &path).await, "6");
    // It stands still.
    let stalled = futures_util::stream::iter([piece(6..13)]).chain(futures_util::stream::pending());
    append(&olga, &path, 6, Body::from_stream(stalled)).await.is_problem(408, "request_timeout");
    assert_eq!(offset(&olga, &path).await, "13");
    // Whoever sends it goes away, and the server hears of it only later.
    let stalled = futures_util::stream::iter([piece(13..20)]).chain(futures_util::stream::pending());
    let sent = append(&olga, &path, 13, Body::from_stream(stalled));
    tokio::time::timeout(Duration::from_millis(20), sent).await.unwrap_err();
    for _ in 0..200 {
        if offset(&olga, &path).await == "20" {
            break;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let last = append(&olga, &path, 20, &PICTURE[20..]).await;
    assert_eq!(last.status, 204, "{}", last.text());
    let id = last.header("media-id");
    assert_eq!(olga.get(&format!("/api/v1/media/{id}/content")).await.body, PICTURE);
}

#[tokio::test]
async fn an_upload_is_given_up_when_nothing_comes_for_a_day() {
    let world = World::new();
    let olga = world.person("olga").await;
    let path = begin(&olga, PICTURE.len()).await;
    world.clock.forward(time::Duration::hours(23));
    let olga = world.log_in("olga").await;
    append(&olga, &path, 0, &PICTURE[..10]).await;
    world.clock.forward(time::Duration::hours(23));
    let olga = world.log_in("olga").await;
    assert_eq!(offset(&olga, &path).await, "10");
    assert_eq!(tend_uploads(&world.ports, time::Duration::minutes(2)).await.unwrap(), 0);
    world.clock.forward(time::Duration::hours(2));
    let olga = world.log_in("olga").await;
    assert_eq!(look(&olga, &path).await.status, 404);
    append(&olga, &path, 10, &PICTURE[10..]).await.is_problem(404, "not_found");
    assert_eq!(world.disk.counts(), (1, 0));
    assert_eq!(tend_uploads(&world.ports, time::Duration::minutes(2)).await.unwrap(), 1);
    relay(&world.ports).await.unwrap();
    assert_eq!(world.disk.counts(), (0, 0));
}

#[tokio::test]
async fn an_upload_whose_server_died_after_the_last_byte_is_taken_in_once() {
    let world = World::new();
    let olga = world.person("olga").await;
    let path = begin(&olga, PICTURE.len()).await;
    let id: UploadId = path.rsplit('/').next().unwrap().parse().unwrap();
    let upload = world.store.upload(olga.id(), id, world.clock.now()).await.unwrap().unwrap();
    let mut incoming = world.ports.storage.receive().await.unwrap();
    incoming.write(Bytes::from_static(PICTURE)).await.unwrap();
    let staged = incoming.finish().await.unwrap();
    let kept = keep_part(&world.ports, &upload, staged).await.unwrap();
    assert!(matches!(kept, KeepPart::Kept(upload) if upload.missing_bytes() == 0));
    // Here it dies.
    assert_eq!((media_of(&world, &olga).await, look(&olga, &path).await.header("media-id")), (0, ""));
    let quiet = time::Duration::minutes(2);
    tend_uploads(&world.ports, quiet).await.unwrap();
    assert_eq!(media_of(&world, &olga).await, 0, "its own server may be about to");
    world.clock.forward(time::Duration::minutes(3));
    tend_uploads(&world.ports, quiet).await.unwrap();
    assert_eq!(media_of(&world, &olga).await, 1);
    let last = append(&olga, &path, 32, Body::empty()).await;
    assert_eq!(last.header("media-id"), look(&olga, &path).await.header("media-id"));
    world.clock.forward(time::Duration::minutes(3));
    tend_uploads(&world.ports, quiet).await.unwrap();
    assert_eq!(media_of(&world, &olga).await, 1);
}

#[tokio::test]
async fn an_upload_that_is_taken_back_leaves_nothing() {
    let world = World::new();
    let olga = world.person("olga").await;
    let path = begin(&olga, PICTURE.len()).await;
    append(&olga, &path, 0, &PICTURE[..10]).await;
    let gone = tus(&olga).delete(&path).await;
    assert_eq!((gone.status.as_u16(), gone.header("tus-resumable")), (204, "1.0.0"));
    tus(&olga).delete(&path).await.is_problem(404, "not_found");
    append(&olga, &path, 10, &PICTURE[10..]).await.is_problem(404, "not_found");
    relay(&world.ports).await.unwrap();
    assert_eq!(world.disk.counts(), (0, 0));
    assert_eq!(olga.get("/api/v1/media").await.json()["items"], json!([]));
}

#[tokio::test]
async fn parts_are_limited_as_whole_files_are() {
    let world = World::with(|config| config.uploads_of_one = 0);
    let olga = world.person("olga").await;
    let path = begin(&olga, 10).await;
    let refused = append(&olga, &path, 0, "x").await;
    refused.is_problem(429, "rate_limited");
    assert_eq!(refused.header("retry-after"), "2");
    let world = World::with(|config| config.uploads_at_once = 0);
    let olga = world.person("olga").await;
    let path = begin(&olga, 10).await;
    append(&olga, &path, 0, "x").await.is_problem(503, "busy");
    let world = World::new();
    let olga = world.person("olga").await;
    let path = begin(&olga, 10).await;
    world.disk.is_full.store(true, std::sync::atomic::Ordering::SeqCst);
    append(&olga, &path, 0, "x").await.is_problem(507, "storage_full");
    for _ in 1..200 {
        begin(&olga, 10).await;
    }
    let client = tus(&olga).with("upload-length", "10");
    let refused = client.send(Method::POST, "/api/v1/uploads", Body::empty()).await;
    refused.is_problem(409, "too_many_uploads");
}
