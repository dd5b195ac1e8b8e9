//! Files that come in.

use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::Method;
use futures_util::StreamExt as _;
use serde_json::json;

use crate::client::{Form, PICTURE};
use crate::world::World;

#[tokio::test]
async fn a_file_is_accepted_by_its_content_with_parts_in_any_order() {
    let world = World::new();
    let olga = world.person("olga").await;
    let form = Form::new()
        .text("priority", "batch")
        .file("../../Urlaub am Meer\u{202e}.exe", b"RIFF and sound")
        .text("description", " by the sea ");
    let answer = olga.upload(&form).await;
    assert_eq!(answer.status, 202, "{}", answer.text());
    let media = answer.json();
    assert_eq!(answer.header("location"), format!("/api/v1/media/{}", media["id"].as_str().unwrap()));
    assert_eq!((media["status"].as_str(), media["mediaType"].as_str()), (Some("QUEUED"), Some("audio")));
    assert_eq!((media["mimetype"].as_str(), media["hasAudio"].as_bool()), (Some("audio/wav"), Some(true)));
    assert_eq!(media["filename"], "Urlaub am Meer.exe");
    assert_eq!(media["description"], "by the sea");
    assert_eq!(media["size"], 14);
    let run =
        olga.get(&format!("/api/v1/runs/{}", media["latestAnalysisRunId"].as_str().unwrap())).await.json();
    assert_eq!(run["priority"], "batch");
}

#[tokio::test]
async fn what_is_not_accepted_is_told_apart_and_leaves_nothing_behind() {
    let world = World::new();
    let olga = world.person("olga").await;
    let refused = [
        (b"#!/bin/sh".as_slice(), 415, "unsupported_media"),
        (b"BAD picture", 422, "unreadable_media"),
        (b"", 422, "empty_file"),
        (b"OWN fault", 500, "internal"),
    ];
    for (bytes, status, code) in refused {
        let answer = olga.upload(&Form::new().file("a.png", bytes)).await;
        answer.is_problem(status, code);
        assert!(!answer.text().contains("ffmpeg"), "{}", answer.text());
    }
    assert_eq!(world.disk.counts(), (0, 0));
    assert_eq!(olga.get("/api/v1/media").await.json()["items"], json!([]));
}

#[tokio::test]
async fn a_file_over_the_limit_is_refused_at_once_or_at_the_byte() {
    let world = World::new();
    let olga = world.person("olga").await;
    let limit = 64 * 1024;
    let mut bytes = PICTURE.to_vec();
    bytes.resize(limit, 0);
    assert_eq!(olga.upload(&Form::new().file("a.png", &bytes)).await.status, 202);
    bytes.push(0);
    olga.upload(&Form::new().file("a.png", &bytes)).await.is_problem(413, "too_large");
    // Nothing of a body that says it is too large is read.
    let kind = "multipart/form-data; boundary=x";
    let declared = olga.with("content-type", kind).with("content-length", "200000");
    let never = Body::from_stream(futures_util::stream::pending::<Result<Bytes, std::io::Error>>());
    declared.send(Method::POST, "/api/v1/media", never).await.is_problem(413, "too_large");
    assert_eq!(world.disk.counts(), (1, 0));
}

#[tokio::test]
async fn an_upload_that_stands_still_is_given_up() {
    let world = World::with(|config| config.upload_idle = Duration::from_millis(50));
    let olga = world.person("olga").await;
    let whole = Form::new().file("a.png", PICTURE).bytes();
    let begin = futures_util::stream::iter([Ok::<_, std::io::Error>(Bytes::from(whole[..90].to_vec()))]);
    let stalled = Body::from_stream(begin.chain(futures_util::stream::pending()));
    let kind = "multipart/form-data; boundary=a-boundary-that-is-nowhere-else";
    let answer = olga.with("content-type", kind).send(Method::POST, "/api/v1/media", stalled).await;
    answer.is_problem(408, "request_timeout");
    assert_eq!(world.disk.counts(), (0, 0));
}

#[tokio::test]
async fn an_upload_that_is_cut_leaves_nothing_behind() {
    let world = World::new();
    let olga = world.person("olga").await;
    let whole = Form::new().file("a.png", PICTURE).bytes();
    let kind = "multipart/form-data; boundary=a-boundary-that-is-nowhere-else";
    let cut =
        olga.with("content-type", kind).send(Method::POST, "/api/v1/media", whole[..110].to_vec()).await;
    cut.is_problem(400, "malformed_request");
    assert_eq!(world.disk.counts(), (0, 0));
}

#[tokio::test]
async fn forms_that_are_wrong_are_named() {
    let world = World::new();
    let olga = world.person("olga").await;
    let picture = || Form::new().file("a.png", PICTURE);
    let wrong = [
        (Form::new().text("description", "no file"), "media"),
        (picture().file("b.png", PICTURE), "media"),
        (picture().text("descripton", "typo"), "descripton"),
        (picture().text("description", &"x".repeat(501)), "description"),
        (picture().text("description", "a").text("description", "b"), "description"),
        (picture().text("priority", "now"), "priority"),
        (picture().text("models", "Not A Name"), "models"),
        (picture().text("models", &"x".repeat(9000)), "models"),
    ];
    for (form, field) in wrong {
        let refused = olga.upload(&form).await.is_problem(422, "validation_failed");
        assert_eq!(refused["errors"][0]["field"], field, "{refused}");
    }
    let plain = olga.post("/api/v1/media", &json!({})).await;
    plain.is_problem(415, "unsupported_content_type");
    let nameless =
        olga.with("content-type", "multipart/form-data").send(Method::POST, "/api/v1/media", "x").await;
    nameless.is_problem(400, "malformed_request");
    assert_eq!(world.disk.counts(), (0, 0));
}

#[tokio::test]
async fn the_same_key_brings_the_same_medium_and_no_second_file() {
    let world = World::new();
    let olga = world.person("olga").await;
    let form = Form::new().file("a.png", PICTURE);
    let once = olga.with("idempotency-key", "upload-1").upload(&form).await;
    assert_eq!(once.status, 202);
    // The client's name of the file is no part of what was asked.
    let renamed = Form::new().file("b.png", PICTURE);
    let twice = olga.with("idempotency-key", "upload-1").upload(&renamed).await;
    assert_eq!(twice.status, 202, "{}", twice.text());
    assert_eq!(once.json()["id"], twice.json()["id"]);
    let other = world.person("otto").await.with("idempotency-key", "upload-1").upload(&form).await;
    assert_ne!(other.json()["id"], once.json()["id"]);
    assert_eq!(world.disk.counts(), (2, 0));
}

#[tokio::test]
async fn the_same_key_with_another_file_or_other_fields_is_refused() {
    let world = World::new();
    let olga = world.person("olga").await.with("idempotency-key", "upload-1");
    let form = Form::new().file("a.png", PICTURE).text("description", "one");
    assert_eq!(olga.upload(&form).await.status, 202);
    let picture = || Form::new().file("a.png", PICTURE);
    for other in [
        Form::new().file("a.png", b"\x89PNG and other words").text("description", "one"),
        picture().text("description", "two"),
        picture(),
        picture().text("description", "one").text("priority", "batch"),
    ] {
        olga.upload(&other).await.is_problem(422, "idempotency_key_reused");
    }
    assert_eq!(world.disk.counts(), (1, 0));
}

#[tokio::test]
async fn a_model_that_no_server_has_is_refused_by_name() {
    let world = World::new();
    world.farm.offer(crate::world::offer("clip-probe"));
    let olga = world.person("olga").await;
    let form = Form::new().file("a.png", PICTURE).text("models", "clip-probe, other-model");
    let refused = olga.upload(&form).await.is_problem(422, "unknown_model");
    assert!(refused["detail"].as_str().unwrap().contains("other-model"), "{refused}");
    let form = Form::new().file("a.png", PICTURE).text("models", "clip-probe");
    assert_eq!(olga.upload(&form).await.status, 202);
    let models = olga.get("/api/v1/models").await.json();
    assert_eq!(
        (models["items"][0]["name"].as_str(), models["items"][0]["servers"].as_u64()),
        (Some("clip-probe"), Some(2))
    );
}

#[tokio::test]
async fn a_model_that_takes_long_runs_where_it_is_named_and_nowhere_else() {
    let world = World::new();
    world.farm.offer(crate::world::offer("clip-probe"));
    let mut slow = crate::world::offer("slow");
    slow.card.on_request = true;
    world.farm.offer(slow);
    let olga = world.person("olga").await;
    for (wanted, planned) in
        [("", &["clip-probe"][..]), ("slow", &["slow"]), ("clip-probe,slow", &["clip-probe", "slow"])]
    {
        let form = Form::new().file("a.png", PICTURE).text("models", wanted);
        let medium = olga.upload(&form).await.json();
        let run = medium["latestAnalysisRunId"].as_str().unwrap().parse().unwrap();
        dk_app::service::plan(&world.ports, run).await.unwrap();
        let medium = olga.get(&format!("/api/v1/media/{}", medium["id"].as_str().unwrap())).await.json();
        let analyses = medium["runs"][0]["analyses"].as_array().unwrap();
        let names: Vec<&str> =
            analyses.iter().map(|analysis| analysis["modelName"].as_str().unwrap()).collect();
        assert_eq!(names, planned, "{wanted:?}");
    }
}

#[tokio::test]
async fn a_full_disk_and_a_busy_server_say_so() {
    let world = World::new();
    let olga = world.person("olga").await;
    let form = Form::new().file("a.png", PICTURE);
    world.disk.is_full.store(true, Ordering::SeqCst);
    olga.upload(&form).await.is_problem(507, "storage_full");
    let busy = World::with(|config| config.uploads_at_once = 0);
    let otto = busy.person("otto").await;
    let refused = otto.upload(&form).await;
    refused.is_problem(503, "busy");
    assert_eq!(refused.header("retry-after"), "2");
}

/// Pieces without an end, each of 16 KiB.
fn endless(begin: Vec<u8>) -> Body {
    let rest = futures_util::stream::repeat_with(|| Ok(Bytes::from(vec![b'x'; 16 * 1024])));
    Body::from_stream(futures_util::stream::iter([Ok::<_, std::io::Error>(Bytes::from(begin))]).chain(rest))
}

#[tokio::test]
async fn what_belongs_to_no_part_does_not_pile_up() {
    let world = World::new();
    let olga = world.person("olga").await;
    let kind = "multipart/form-data; boundary=a-boundary-that-is-nowhere-else";
    let client = olga.with("content-type", kind);
    let head =
        b"--a-boundary-that-is-nowhere-else\r\nContent-Disposition: form-data; name=\"media\"; x=\"".to_vec();
    for begin in [Vec::new(), head] {
        let answer = client.send(Method::POST, "/api/v1/media", endless(begin)).await;
        answer.is_problem(400, "malformed_request");
    }
    // The file itself may be as long as it likes, up to its limit.
    let file = b"--a-boundary-that-is-nowhere-else\r\nContent-Disposition: form-data; name=\"media\"\r\n\r\n"
        .to_vec();
    client.send(Method::POST, "/api/v1/media", endless(file)).await.is_problem(413, "too_large");
    assert_eq!(world.disk.counts(), (0, 0));
}
