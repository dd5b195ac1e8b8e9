//! `drishtiksha serve` with nothing beside it: upload to verdict, for each kind of media, and after a restart.

use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::home::{Home, testdata};
use crate::media::picture;
use crate::people::{PASSWORD, Person, models_of};
use crate::process::{Launch, Process};
use crate::sockets::Socket;

fn serve(home: &Home) -> Process {
    Launch::new(&["serve"], &home.path(""), home.path("serve.log")).start()
}

fn id(medium: &Value) -> &str {
    medium["id"].as_str().expect("an id")
}

#[tokio::test]
async fn every_kind_of_media_goes_from_upload_to_verdict_with_live_progress() {
    let home = Home::new();
    let service = serve(&home);
    let base = service.url("api");
    let ada = Person::sign_up(&base, "ada").await;
    let mut browser = Socket::connect(&base, &ada);
    for (file, kind) in [("rocket.jpg", "image"), ("portrait.mp4", "video"), ("machine-voice.wav", "audio")] {
        let medium = ada.upload(&testdata(&format!("samples/{file}"))).await;
        assert_eq!(
            (medium["status"].as_str(), medium["mediaType"].as_str()),
            (Some("QUEUED"), Some(kind)),
            "{medium}"
        );
        let update = browser.until_ended(id(&medium));
        assert_eq!(update["status"], "ANALYZED", "{update}");
        let medium = ada.ended(&medium).await;
        assert_eq!(medium["status"], "ANALYZED", "{medium:#}");
        assert_eq!(medium["verdict"], update["verdict"], "{medium:#}");
        let run = &medium["runs"][0];
        assert_eq!(run["runNumber"], 1);
        let analyses = run["analyses"].as_array().expect("analyses");
        assert!(!analyses.is_empty());
        for analysis in analyses {
            assert_eq!(analysis["status"], "COMPLETED", "{analysis}");
            let whole = ada.get(&format!("/api/v1/analyses/{}", id(analysis))).await;
            assert_eq!(whole["resultPayload"]["prediction"], analysis["prediction"]);
            assert_eq!(whole["resultPayload"]["media_type"], kind);
        }
        browser.told_in_order(id(&medium), &models_of(&medium));
        assert!(kind != "video" || browser.heard_progress(id(&medium)), "no progress: {:?}", browser.heard);
    }
    let numbers = browser.numbers();
    assert!(numbers.windows(2).all(|pair| pair[0] < pair[1]), "{numbers:?}");
}

#[tokio::test]
async fn the_answer_is_the_one_of_the_command_line() {
    let home = Home::new();
    let service = serve(&home);
    let ada = Person::sign_up(&service.url("api"), "ada").await;
    let path = testdata("samples/rocket.jpg");
    let medium = ada.upload(&path).await;
    let medium = ada.ended(&medium).await;
    let run = medium["runs"][0]["id"].as_str().unwrap();
    let served = ada.get(&format!("/api/v1/runs/{run}/report")).await;
    let output = Launch::new(
        &["analyze", "--json", "--quiet", &path.to_string_lossy()],
        &home.path(""),
        home.path("analyze.log"),
    )
    .command()
    .output()
    .expect("the program can be run");
    let said: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(served["verdict"], said["verdict"]);
    assert_eq!(served["media"], said["media"]);
    let scores = |document: &Value| -> Vec<(Value, Value, Value)> {
        let analyses = document["analyses"].as_array().expect("analyses");
        analyses.iter().map(|a| (a["model"].clone(), a["probability"].clone(), a["score"].clone())).collect()
    };
    assert_eq!(scores(&served), scores(&said));
}

#[tokio::test]
async fn the_first_administrator_gets_a_password_that_is_printed_once() {
    let home = Home::new();
    let mut service = serve(&home);
    let password = service.word_after("password: ").expect("a printed password");
    let base = service.url("api");
    let early = Person::log_in(&base, "admin@localhost", &password).await;
    let (refused, body) = early.ask(Method::GET, "/api/v1/monitoring/queue-status", None).await;
    assert_eq!((refused, &body["code"]), (StatusCode::FORBIDDEN, &Value::from("password_change_required")));
    let admin = Person::first_admin(&base, &password).await;
    let status = admin.get("/api/v1/monitoring/server-status").await;
    assert!(status.to_string().contains("in-process"), "{status}");
    assert_eq!(admin.get("/api/v1/monitoring/queue-status").await["failed"], 0);
    service.restart();
    assert_eq!(service.word_after("password: "), None);
    assert!(!service.log().contains(&password), "the password is in the log");
    Person::log_in(&service.url("api"), "admin@localhost", PASSWORD).await;
}

#[tokio::test]
async fn a_restart_in_the_middle_loses_nothing() {
    let home = Home::new();
    let mut service = serve(&home);
    let ada = Person::sign_up(&service.url("api"), "ada").await;
    let mut media = Vec::new();
    for seed in 0..6 {
        media.push(ada.upload_bytes("picture.bmp", picture(seed)).await);
    }
    let launch = service.launch();
    service.kill();
    let service = launch.start();
    let ada = ada.at(&service.url("api"));
    for medium in &media {
        assert_eq!(ada.ended(medium).await["status"], "ANALYZED");
    }
    assert_eq!(home.files("storage/media").len(), media.len());
}

#[tokio::test]
async fn what_is_deleted_is_gone_with_its_file_and_a_stranger_never_saw_it() {
    let home = Home::new();
    let service = serve(&home);
    let base = service.url("api");
    let (ada, eve) = (Person::sign_up(&base, "ada").await, Person::sign_up(&base, "eve").await);
    let medium = ada.upload(&testdata("samples/rocket.jpg")).await;
    ada.ended(&medium).await;
    let path = format!("/api/v1/media/{}", id(&medium));
    for method in [Method::GET, Method::DELETE] {
        assert_eq!(eve.ask(method, &path, None).await.0, StatusCode::NOT_FOUND);
    }
    assert_eq!(home.files("storage/media").len(), 1);
    assert_eq!(ada.ask(Method::DELETE, &path, None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(ada.ask(Method::GET, &path, None).await.0, StatusCode::NOT_FOUND);
    ada.until("/api/v1/media", |list| {
        list["items"].as_array().is_some_and(Vec::is_empty) && home.files("storage/media").is_empty()
    })
    .await;
}
