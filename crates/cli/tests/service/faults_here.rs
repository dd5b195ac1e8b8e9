//! Files that are not what they say, in the service that is one process: each gets its answer, and the next one works.

use reqwest::StatusCode;
use serde_json::Value;

use crate::home::{Home, testdata};
use crate::media::clip;
use crate::people::Person;
use crate::process::Launch;

#[tokio::test]
async fn what_is_no_medium_is_refused_by_name_and_leaves_nothing() {
    let home = Home::new();
    let service = Launch::new(&["serve"], &home.path(""), home.path("serve.log"))
        .env("DRISHTIKSHA_MAX_FILE_BYTES", "2000000")
        .start();
    let ada = Person::sign_up(&service.url("api"), "ada").await;
    let jpeg = std::fs::read(testdata("samples/rocket.jpg")).expect("a sample");
    let cases = [
        ("empty.jpg", Vec::new(), StatusCode::UNPROCESSABLE_ENTITY, "empty_file"),
        ("words.mp4", b"these are words".repeat(50), StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media"),
        (
            "page.jpg",
            b"<html><script>alert(1)</script>".repeat(9),
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media",
        ),
        (
            "cut.jpg",
            jpeg[..jpeg.len().min(400)].to_vec(),
            StatusCode::UNPROCESSABLE_ENTITY,
            "unreadable_media",
        ),
        ("large.bmp", vec![b'B'; 2_100_000], StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
    ];
    for (name, bytes, status, code) in cases {
        let answer = ada.try_upload(name, bytes, None).await.expect("the server answers");
        assert_eq!(answer.headers()["content-type"], "application/problem+json", "{name}");
        let (got, problem) = (answer.status(), answer.json::<Value>().await.expect("JSON"));
        assert_eq!((got, problem["code"].as_str()), (status, Some(code)), "{name}: {problem}");
    }
    assert!(home.files("storage").is_empty(), "{:?}", home.files("storage"));
    let medium = ada.upload_bytes("../../etc/passwd\u{202e}.jpg", jpeg).await;
    assert!(!medium["filename"].as_str().unwrap().contains(['/', '\u{202e}']), "{medium}");
    assert_eq!(ada.ended(&medium).await["status"], "ANALYZED");
}

#[tokio::test]
async fn a_file_that_breaks_the_decoder_every_time_ends_its_run_and_nothing_else() {
    let home = Home::new();
    let service = Launch::new(&["serve"], &home.path(""), home.path("serve.log")).start();
    let ada = Person::sign_up(&service.url("api"), "ada").await;
    let mut broken = std::fs::read(clip(&home.path(""), "whole.mp4", 2)).expect("a clip");
    // The table of contents stays and says that there are pictures; the pictures are noise.
    let begin = broken.windows(4).position(|at| at == b"mdat").expect("media data") + 4;
    let length = u32::from_be_bytes(broken[begin - 8..begin - 4].try_into().unwrap()) as usize - 8;
    for (at, byte) in broken[begin..begin + length].iter_mut().enumerate() {
        *byte = (at.wrapping_mul(2_654_435_761) >> 13) as u8;
    }
    let medium = ada.upload_bytes("broken.mp4", broken).await;
    let medium = ada.ended(&medium).await;
    // What the file says of its origin can be read without its pictures.
    assert_eq!(medium["status"], "PARTIALLY_ANALYZED", "{medium:#}");
    assert_eq!(medium["verdict"], "NOT_APPLICABLE", "{medium:#}");
    let analyses = medium["runs"][0]["analyses"].as_array().expect("analyses");
    let (origin, others): (Vec<_>, Vec<_>) =
        analyses.iter().partition(|one| one["modelName"] == "file-origin");
    assert_eq!((origin[0]["status"].as_str(), others.is_empty()), (Some("COMPLETED"), false), "{medium:#}");
    for analysis in others {
        assert_eq!(analysis["errorCode"], "unreadable_media", "{analysis}");
        assert_eq!(analysis["attempts"], 1, "what cannot help is not tried again: {analysis}");
    }
    let good = ada.upload(&testdata("samples/rocket.jpg")).await;
    assert_eq!(ada.ended(&good).await["status"], "ANALYZED");
}
