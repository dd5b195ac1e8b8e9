//! Files that are sent by their checksum.

use std::fs;
use std::sync::Arc;

use bytes::Bytes;
use dk_app::ports::Ambient;
use dk_ml_http::MlServer;
use futures_util::StreamExt;
use reqwest::{Body, StatusCode};
use tokio::sync::mpsc;

use crate::support::{Fake, Options, Running, TestAmbient, json, settings, sha_of, soon, until};

fn files_in(server: &Running) -> usize {
    fs::read_dir(server.blobs()).unwrap().count()
}

/// A body whose pieces the test sends.
fn slow_body() -> (mpsc::Sender<Bytes>, Body) {
    let (sender, pieces) = mpsc::channel::<Bytes>(1);
    let stream = futures_util::stream::unfold(pieces, async |mut pieces| {
        Some((Ok::<Bytes, std::io::Error>(pieces.recv().await?), pieces))
    });
    (sender, Body::wrap_stream(stream.boxed()))
}

#[tokio::test]
async fn a_file_that_was_sent_is_there_and_one_that_was_not_is_not() {
    let server = Running::start(Fake::new(&["m-a"])).await;
    let file = vec![7; 300_000];
    assert_eq!(server.head(&file).await.status(), StatusCode::NOT_FOUND);
    assert_eq!(server.put(&file).await.status(), StatusCode::NO_CONTENT);
    let response = server.head(&file).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-length"], "300000");
    assert_eq!(server.put(&file).await.status(), StatusCode::NO_CONTENT);
    assert_eq!((files_in(&server), server.stats().await["blobs"]["bytes"].as_u64()), (1, Some(300_000)));
}

#[tokio::test]
async fn a_file_that_is_not_what_its_name_says_is_refused_and_not_kept() {
    let server = Running::start(Fake::new(&["m-a"])).await;
    let path = format!("/blobs/{}", sha_of(b"what was meant"));
    let put = server.request("PUT", &path).body("something else").send();
    let response = soon("PUT", put).await.unwrap();
    assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(json(response).await["code"], "hash_mismatch");
    assert_eq!(server.head(b"what was meant").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(server.head(b"something else").await.status(), StatusCode::NOT_FOUND);
    assert_eq!((files_in(&server), server.stats().await["blobs"]["bytes"].as_u64()), (0, Some(0)));
}

#[tokio::test]
async fn a_file_over_the_limit_is_refused_whether_it_says_so_or_not() {
    let options = Options { max_blob_bytes: 10, ..Options::default() };
    let server = Running::with(Fake::new(&["m-a"]), options).await;
    assert_eq!(server.put(&[1; 10]).await.status(), StatusCode::NO_CONTENT);
    let declared = server.put(&[1; 11]).await;
    let (sender, body) = slow_body();
    let path = format!("/blobs/{}", sha_of(&[1; 11]));
    let undeclared = tokio::spawn(server.request("PUT", &path).body(body).send());
    sender.send(Bytes::from_static(&[1; 11])).await.unwrap();
    let undeclared = soon("PUT", undeclared).await.unwrap().unwrap();
    for response in [declared, undeclared] {
        assert_eq!(response.status(), StatusCode::PAYLOAD_TOO_LARGE);
        assert_eq!(json(response).await["code"], "file_too_large");
    }
    until("the part to go", || async { files_in(&server) == 1 }).await;
}

#[tokio::test]
async fn a_file_whose_sender_goes_away_leaves_nothing() {
    let server = Running::start(Fake::new(&["m-a"])).await;
    let (sender, body) = slow_body();
    let put = server.request("PUT", &format!("/blobs/{}", sha_of(b"whole"))).body(body);
    let put = tokio::spawn(put.send());
    sender.send(Bytes::from_static(b"who")).await.unwrap();
    until("a part to come", || async { server.stats().await["blobs"]["bytes"] == 3 }).await;
    put.abort();
    until("the part to go", || async {
        server.stats().await["blobs"]["bytes"] == 0 && files_in(&server) == 0
    })
    .await;
}

#[tokio::test]
async fn when_room_is_needed_the_file_that_was_used_the_longest_ago_goes_first() {
    let options = Options { max_bytes: 30, max_blob_bytes: 10, ..Options::default() };
    let server = Running::with(Fake::new(&["m-a"]), options).await;
    for content in 1..=3u8 {
        assert_eq!(server.put(&[content; 10]).await.status(), StatusCode::NO_CONTENT);
    }
    assert_eq!(server.head(&[1; 10]).await.status(), StatusCode::OK);
    assert_eq!(server.put(&[4; 10]).await.status(), StatusCode::NO_CONTENT);
    let mut there = Vec::new();
    for content in 1..=4u8 {
        there.push(server.head(&[content; 10]).await.status() == StatusCode::OK);
    }
    assert_eq!(there, [true, false, true, true]);
    assert_eq!(files_in(&server), 3);
}

#[tokio::test]
async fn a_file_in_use_stays_and_where_all_are_in_use_there_is_no_room() {
    let options = Options { max_bytes: 15, max_blob_bytes: 10, ..Options::default() };
    let server = Running::with(Fake::new(&["m-a"]), options).await;
    server.put(&[1; 10]).await;
    server.detector.close_gate();
    let asked = server.spawn_ask(&[1; 10], "m-a");
    server.detector.until("the call", |counts| counts.calls.len() == 1).await;
    let response = server.put(&[2; 10]).await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(response.headers().contains_key("retry-after"));
    assert_eq!(json(response).await["code"], "no_room");
    assert_eq!(server.head(&[1; 10]).await.status(), StatusCode::OK);
    server.detector.open_gate();
    assert_eq!(soon("the answer", asked).await.unwrap().status(), StatusCode::OK);
    assert_eq!(server.put(&[2; 10]).await.status(), StatusCode::NO_CONTENT);
}

#[tokio::test]
async fn one_who_wants_to_send_what_another_sends_already_waits_for_it() {
    let server = Running::start(Fake::new(&["m-a"])).await;
    let path = format!("/blobs/{}", sha_of(b"whole"));
    let head = |path: String| server.request("HEAD", &path).header("prefer", "wait=60").send();
    assert_eq!(soon("HEAD", head(path.clone())).await.unwrap().status(), StatusCode::NOT_FOUND);
    let (sender, body) = slow_body();
    let put = tokio::spawn(server.request("PUT", &path).body(body).send());
    sender.send(Bytes::from_static(b"who")).await.unwrap();
    until("a part to come", || async { server.stats().await["blobs"]["bytes"] == 3 }).await;
    let second = tokio::spawn(head(path.clone()));
    until("the second question", || async { server.count("HEAD") == 2 }).await;
    // Without the wish to wait the answer comes at once.
    assert_eq!(server.head(b"whole").await.status(), StatusCode::NOT_FOUND);
    sender.send(Bytes::from_static(b"le")).await.unwrap();
    drop(sender);
    assert_eq!(soon("PUT", put).await.unwrap().unwrap().status(), StatusCode::NO_CONTENT);
    assert_eq!(soon("HEAD", second).await.unwrap().unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn the_one_who_waits_sends_it_when_the_other_goes_away() {
    let server = Running::start(Fake::new(&["m-a"])).await;
    let path = format!("/blobs/{}", sha_of(b"whole"));
    let (sender, body) = slow_body();
    let put = tokio::spawn(server.request("PUT", &path).body(body).send());
    sender.send(Bytes::from_static(b"who")).await.unwrap();
    until("a part to come", || async { server.stats().await["blobs"]["bytes"] == 3 }).await;
    let second = tokio::spawn(server.request("HEAD", &path).header("prefer", "wait=60").send());
    until("the question", || async { server.count("HEAD") == 1 }).await;
    put.abort();
    assert_eq!(soon("HEAD", second).await.unwrap().unwrap().status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn what_an_earlier_process_left_is_removed_and_what_is_not_ours_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (old, part, foreign) = (sha_of(b"old").to_string(), "12.part".to_owned(), "notes.txt".to_owned());
    for name in [&old, &part, &foreign] {
        fs::write(folder.path().join(name), "x").unwrap();
    }
    let settings = settings(folder.path().to_owned(), &Options::default(), false);
    let ambient: Arc<dyn Ambient> = Arc::new(TestAmbient::default());
    let _server = MlServer::open(Fake::new(&["m-a"]), ambient, None, settings).await.unwrap();
    let left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, [foreign.as_str()]);
}

#[tokio::test]
async fn a_held_file_that_was_damaged_on_the_disk_gives_no_answer_and_is_asked_for_anew() {
    let server = Running::start(Fake::new(&["m-a"])).await;
    server.put(b"whole").await;
    fs::write(server.blobs().join(sha_of(b"whole").to_string()), "rotten").unwrap();
    let response = server.ask_now(b"whole", "m-a").await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(json(response).await["code"], "blob_missing");
    assert_eq!(server.head(b"whole").await.status(), StatusCode::NOT_FOUND);
    assert_eq!(server.put(b"whole").await.status(), StatusCode::NO_CONTENT);
    assert_eq!(server.ask_now(b"whole", "m-a").await.status(), StatusCode::OK);
}
