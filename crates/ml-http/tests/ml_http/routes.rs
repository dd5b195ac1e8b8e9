//! Who gets in, what the server says of itself, and how it refuses.

use std::sync::Arc;

use dk_app::Unready;
use dk_app::ports::Ambient;
use dk_ml_http::{ApiKey, MlServer, MlSettings, StartError};
use reqwest::{Client, StatusCode};
use serde_json::json;

use crate::support::{Fake, OTHER_KEY, Options, Running, TestAmbient, card, json, settings, soon};

const GUARDED: [(&str, &str); 7] = [
    ("GET", "/ready"),
    ("GET", "/stats"),
    ("GET", "/models"),
    ("POST", "/analyze"),
    ("PUT", "/blobs/0000000000000000000000000000000000000000000000000000000000000000"),
    ("HEAD", "/blobs/0000000000000000000000000000000000000000000000000000000000000000"),
    ("GET", "/nothing-here"),
];

#[tokio::test]
async fn only_ping_is_answered_without_a_key() {
    let server = Running::start(Fake::new(&["m-a"])).await;
    let client = Client::new();
    let ping = soon("ping", client.get(format!("{}/ping", server.url())).send()).await.unwrap();
    assert_eq!(ping.status(), StatusCode::OK);
    for (method, path) in GUARDED {
        for key in [None, Some("wrong"), Some("")] {
            let mut request = client.request(method.parse().unwrap(), format!("{}{path}", server.url()));
            if let Some(key) = key {
                request = request.header("x-api-key", key);
            }
            let response = soon(path, request.send()).await.unwrap();
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{method} {path} with {key:?}");
            if method != "HEAD" {
                assert_eq!(response.headers()["content-type"], "application/problem+json");
                assert_eq!(json(response).await["code"], "unauthorized");
            }
        }
    }
    let request = client.get(format!("{}/stats", server.url())).header("X-API-Key", OTHER_KEY);
    assert_eq!(soon("stats", request.send()).await.unwrap().status(), StatusCode::OK);
}

#[tokio::test]
async fn it_is_ready_when_its_models_are_loaded_and_not_before() {
    let options = Options { load: false, ..Options::default() };
    let server = Running::with(Fake::new(&["m-a"]), options).await;
    server.put(b"file").await;
    for response in [server.get("/ready").await, server.ask_now(b"file", "m-a").await] {
        assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(response.headers().contains_key("retry-after"));
        assert_eq!(json(response).await["code"], "not_ready");
    }
    assert_eq!(server.stats().await["models"][0]["state"], "loading");
    server.server.load(&dk_app::StopToken::new()).await.unwrap();
    assert_eq!(server.get("/ready").await.status(), StatusCode::OK);
    assert_eq!(server.ask_now(b"file", "m-a").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn stats_tell_of_the_process_and_of_every_model() {
    let refused = Unready { why: "the checksum is wrong".into(), hint: "pull it".into(), is_absent: false };
    let mut poor = card("m-poor", "0.1.0");
    poor.state = Err(refused);
    let detector = Fake::of(vec![card("m-a", "1.0.0"), card("m-fails", "1.0.0"), poor], None);
    let server = Running::start(detector).await;
    server.put(b"file").await;
    assert_eq!(server.ask_now(b"file", "m-a").await.status(), StatusCode::OK);
    assert_eq!(server.ask_now(b"file", "m-fails").await.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let stats = server.stats().await;
    assert_eq!(stats["service"], "drishtiksha-ml");
    assert_eq!(stats["ready"], true);
    assert_eq!(stats["engines"], json!(["fake 1.0"]));
    assert_eq!(stats["device"]["kind"], "cpu");
    assert_eq!(
        (&stats["lanes"], &stats["active"], &stats["waiting"], &stats["files"]),
        (&json!(1), &json!(0), &json!(0), &json!(0))
    );
    assert_eq!(stats["blobs"]["count"], 1);
    assert_eq!(stats["blobs"]["bytes"], 4);
    if cfg!(target_os = "linux") {
        assert!(stats["memory"]["rssBytes"].as_u64().unwrap() > 1_000_000);
        assert!(stats["cpu"]["seconds"].as_f64().unwrap() >= 0.0);
    }
    let good = &stats["models"][0];
    assert_eq!((&good["name"], &good["state"], &good["loadMs"]), (&json!("m-a"), &json!("ready"), &json!(7)));
    assert_eq!(good["inferences"], 1);
    assert_eq!(good["latencyMs"], json!({ "mean": 250.0, "p50": 250.0, "p95": 250.0 }));
    assert_eq!(good["sha256"], "05".repeat(32));
    let failing = &stats["models"][1];
    assert_eq!((&failing["inferences"], &failing["failures"]), (&json!(0), &json!(1)));
    let poor = &stats["models"][2];
    assert_eq!((&poor["state"], &poor["reason"]), (&json!("refused"), &json!("the checksum is wrong")));
}

#[tokio::test]
async fn models_are_shown_with_their_cards() {
    let server = Running::start(Fake::new(&["m-a"])).await;
    let cards = json(server.get("/models").await).await;
    let card = &cards[0];
    assert_eq!((&card["name"], &card["version"]), (&json!("m-a"), &json!("1.0.0")));
    assert_eq!((&card["licence"], &card["kinds"]), (&json!("MIT"), &json!(["image", "video"])));
    assert_eq!(
        (&card["quality"], &card["limits"]),
        (&json!("Never measured."), &json!(["It sees nothing."]))
    );
}

#[tokio::test]
async fn what_is_not_there_is_refused_as_a_problem() {
    let server = Running::start(Fake::new(&["m-a"])).await;
    let cases = [
        ("GET", "/nothing", StatusCode::NOT_FOUND, "not_found"),
        ("DELETE", "/stats", StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
        ("POST", "/ping", StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed"),
        ("PUT", "/blobs/xyz", StatusCode::BAD_REQUEST, "invalid_request"),
        ("POST", "/analyze", StatusCode::BAD_REQUEST, "invalid_request"),
    ];
    for (method, path, status, code) in cases {
        let response = soon(path, server.request(method, path).send()).await.unwrap();
        assert_eq!(response.status(), status, "{method} {path}");
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        let problem = json(response).await;
        assert_eq!((&problem["code"], &problem["status"]), (&json!(code), &json!(status.as_u16())));
        assert!(problem["type"].is_string() && problem["title"].is_string() && problem["detail"].is_string());
    }
}

#[tokio::test]
async fn the_id_of_a_request_comes_back_and_stands_in_problems() {
    let server = Running::start(Fake::new(&["m-a"])).await;
    let with_id = |id: &str| server.request("GET", "/nothing").header("x-request-id", id).send();
    let response = soon("an answer", with_id("run-7")).await.unwrap();
    assert_eq!(response.headers()["x-request-id"], "run-7");
    assert_eq!(json(response).await["requestId"], "run-7");
    for bad in ["two words", &"x".repeat(129)] {
        let response = soon("an answer", with_id(bad)).await.unwrap();
        let id = response.headers()["x-request-id"].to_str().unwrap().to_owned();
        assert_eq!(id.len(), 36, "{id} is one of ours");
        assert_eq!(json(response).await["requestId"], id);
    }
}

#[tokio::test]
async fn a_server_without_a_key_does_not_start() {
    let folder = tempfile::tempdir().unwrap();
    let good = settings(folder.path().to_owned(), &Options::default(), false);
    for api_keys in [vec![], vec![ApiKey::new("good-key"), ApiKey::new("")]] {
        let settings = MlSettings { api_keys, ..good.clone() };
        let ambient: Arc<dyn Ambient> = Arc::new(TestAmbient::default());
        let opened = MlServer::open(Fake::new(&["m-a"]), ambient, None, settings).await;
        assert!(matches!(opened.err(), Some(StartError::NoKey)));
    }
}

#[tokio::test]
async fn a_strict_server_does_not_start_with_a_refused_model_and_says_why() {
    let mut poor = card("m-poor", "1.0.0");
    poor.state =
        Err(Unready { why: "an unknown key".into(), hint: "mend model.toml".into(), is_absent: false });
    let detector =
        || Fake::of(vec![card("m-a", "1.0.0"), poor.clone(), card("m-cut", "1.0.0")], Some("m-cut"));
    let error = Running::try_load(detector(), true).await.unwrap_err().to_string();
    assert_eq!(
        error,
        "2 models cannot be used: m-poor: an unknown key (hint: mend model.toml); m-cut: the weights are cut off \
         (hint: pull them again)"
    );
    Running::try_load(detector(), false).await.unwrap();
}

#[tokio::test]
async fn a_model_that_could_not_be_loaded_is_not_offered() {
    let detector = Fake::of(vec![card("m-a", "1.0.0"), card("m-cut", "1.0.0")], Some("m-cut"));
    let server = Running::start(detector).await;
    server.put(b"file").await;
    let response = server.ask_now(b"file", "m-cut").await;
    assert_eq!(response.status(), StatusCode::NOT_FOUND);
    assert_eq!(json(response).await["code"], "model_unavailable");
    let stats = server.stats().await;
    assert_eq!(stats["models"][1]["state"], "refused");
    assert_eq!(stats["models"][1]["reason"], "the weights are cut off");
}
