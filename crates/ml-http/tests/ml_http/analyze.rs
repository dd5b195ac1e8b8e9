//! One model looks at one file, asked over HTTP.

use std::sync::Arc;

use dk_app::GatherOptions;
use dk_app::local::MemoryBus;
use dk_app::ports::{Bus, EventKind, Signal};
use dk_wire::ResultPayload;
use futures_util::StreamExt;
use reqwest::StatusCode;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::support::{Fake, Options, Running, assignment, json, soon, until};

async fn post(server: &Running, form: Form) -> reqwest::Response {
    soon("an answer", server.request("POST", "/analyze").multipart(form).send()).await.unwrap()
}

#[tokio::test]
async fn a_file_in_the_form_is_judged_and_held_for_the_next_model() {
    let server = Running::start(Fake::new(&["m-a", "m-b"])).await;
    let form =
        Form::new().text("model", "m-a").part("media", Part::bytes(b"file".to_vec()).file_name("x.png"));
    let response = post(&server, form).await;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["content-type"], "application/json");
    let payload: ResultPayload = serde_json::from_str(&response.text().await.unwrap()).unwrap();
    assert_eq!((payload.model.name.as_str(), payload.prediction.as_str()), ("m-a", "NOT_APPLICABLE"));
    assert_eq!(payload.reasons, ["no_face"]);
    let response = server.ask_now(b"file", "m-b").await;
    assert_eq!(json(response).await["model"]["name"], "m-b");
}

#[tokio::test]
async fn a_wrong_form_is_refused_by_the_name_of_its_field() {
    let server = Running::start(Fake::new(&["m-a"])).await;
    server.put(b"file").await;
    let sha256 = crate::support::sha_of(b"file").to_string();
    let form = || Form::new().text("model", "m-a").text("sha256", sha256.clone());
    let cases = [
        (Form::new().text("sha256", sha256.clone()), "`model` is missing"),
        (Form::new().text("model", "m-a"), "`media`"),
        (form().part("media", Part::bytes(b"x".to_vec())), "`media`"),
        (Form::new().text("model", "../etc").text("sha256", sha256.clone()), "`model`"),
        (Form::new().text("model", "m-a").text("sha256", "abc"), "`sha256`"),
        (form().text("mediaId", "7"), "`mediaId`"),
        (form().text("runId", "x".repeat(2000)), "`runId` is too long"),
        (form().text("colour", "red"), "not known"),
    ];
    for (form, named) in cases {
        let response = post(&server, form).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{named}");
        let problem = json(response).await;
        assert_eq!(problem["code"], "invalid_request");
        assert!(problem["detail"].as_str().unwrap().contains(named), "{problem} names {named}");
    }
    assert_eq!(server.detector.counts().calls.len(), 0);
}

#[tokio::test]
async fn what_cannot_be_judged_is_told_with_its_code() {
    let server = Running::start(Fake::new(&["m-a", "m-fails"])).await;
    let files: [&[u8]; 4] = [b"UNSUPPORTED", b"BROKEN", b"PANIC", b"good"];
    for file in files {
        server.put(file).await;
    }
    let cases = [
        (files[0], "m-a", StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media"),
        (files[1], "m-a", StatusCode::UNPROCESSABLE_ENTITY, "unreadable_media"),
        (files[2], "m-a", StatusCode::INTERNAL_SERVER_ERROR, "model_failed"),
        (files[3], "m-fails", StatusCode::INTERNAL_SERVER_ERROR, "model_failed"),
        (files[3], "m-unknown", StatusCode::NOT_FOUND, "model_unavailable"),
        (b"never sent", "m-a", StatusCode::NOT_FOUND, "blob_missing"),
    ];
    for (file, model, status, code) in cases {
        let response = server.ask_now(file, model).await;
        assert_eq!(response.status(), status, "{code}");
        let problem = json(response).await;
        assert_eq!(problem["code"], code);
        assert!(!problem["detail"].as_str().unwrap().contains('/') || code == "model_unavailable");
    }
    // The lane survived the panic.
    assert_eq!(server.ask_now(b"good", "m-a").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn one_request_more_than_may_wait_is_told_to_come_later() {
    let gather = GatherOptions { lanes: 1, window_ms: 0, max_waiting: 1, illustrate: false };
    let server = Running::with(Fake::new(&["m-a"]), Options { gather, ..Options::default() }).await;
    for file in [b"1", b"2", b"3"] {
        server.put(file).await;
    }
    server.detector.close_gate();
    let first = server.spawn_ask(b"1", "m-a");
    server.detector.until("the call", |counts| counts.calls.len() == 1).await;
    let second = server.spawn_ask(b"2", "m-a");
    until("one to wait", || async { server.stats().await["waiting"] == 1 }).await;
    let response = server.ask_now(b"3", "m-a").await;
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(response.headers()["retry-after"].to_str().unwrap().parse::<u64>().unwrap() >= 1);
    assert_eq!(json(response).await["code"], "overloaded");
    server.detector.open_gate();
    for asked in [first, second] {
        assert_eq!(soon("the answer", asked).await.unwrap().status(), StatusCode::OK);
    }
    assert_eq!(server.ask_now(b"3", "m-a").await.status(), StatusCode::OK);
}

#[tokio::test]
async fn when_the_client_goes_away_the_work_stops() {
    let server = Running::start(Fake::new(&["m-a"])).await;
    server.put(b"file").await;
    server.detector.close_gate();
    for (number, accept) in [(1, "application/json"), (2, "application/x-ndjson")] {
        let ask = server.ask(b"file", "m-a").header("accept", accept);
        let asked = tokio::spawn(async move {
            let response = ask.send().await?;
            response.text().await
        });
        server.detector.until("the call", |counts| counts.calls.len() == number).await;
        asked.abort();
        server.detector.until("the stop", |counts| counts.stopped == number).await;
    }
    until("nothing to be left", || async {
        let stats = server.stats().await;
        stats["active"] == 0 && stats["waiting"] == 0
    })
    .await;
}

#[tokio::test]
async fn five_models_on_one_file_cost_one_look_at_it() {
    let models = ["m-a", "m-b", "m-c", "m-d", "m-e"];
    let server = Running::start(Fake::new(&models)).await;
    server.put(b"other").await;
    server.put(b"file").await;
    server.detector.close_gate();
    let first = server.spawn_ask(b"other", "m-a");
    server.detector.until("the call", |counts| counts.calls.len() == 1).await;
    let asked: Vec<_> = models.iter().map(|model| server.spawn_ask(b"file", model)).collect();
    until("all to wait", || async { server.stats().await["waiting"] == 5 }).await;
    server.detector.open_gate();
    for (asked, model) in asked.into_iter().zip(models) {
        assert_eq!(json(soon("the answer", asked).await.unwrap()).await["model"]["name"], model);
    }
    soon("the answer", first).await.unwrap();
    assert_eq!(server.detector.counts().calls, [vec!["m-a"], models.to_vec()]);
}

#[tokio::test]
async fn one_who_reads_lines_hears_progress_and_then_the_result() {
    let server = Running::start(Fake::new(&["m-a", "m-fails"])).await;
    server.put(b"file").await;
    let ask = |model: &str| server.ask(b"file", model).header("accept", "application/x-ndjson").send();
    let response = soon("the head", ask("m-a")).await.unwrap();
    assert_eq!(response.headers()["content-type"], "application/x-ndjson");
    let text = soon("the lines", response.text()).await.unwrap();
    let lines: Vec<Value> = text
        .lines()
        .filter(|line| !line.is_empty())
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let mark = |done| json!({ "progress": { "phase": "frames", "done": done, "total": 2 } });
    assert_eq!(lines[..2], [mark(1), mark(2)]);
    assert_eq!(lines[2]["result"]["model"]["name"], "m-a");
    assert_eq!(lines.len(), 3);
    let text = soon("the lines", soon("the head", ask("m-fails")).await.unwrap().text()).await.unwrap();
    let last: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
    assert_eq!((&last["problem"]["code"], &last["problem"]["status"]), (&json!("model_failed"), &json!(500)));
}

#[tokio::test]
async fn progress_is_published_for_the_owner_who_was_named_and_for_nobody_else() {
    let bus = MemoryBus::new();
    let mut signals = bus.listen().await.unwrap();
    let options = Options { bus: Some(Arc::new(bus)), ..Options::default() };
    let server = Running::with(Fake::new(&["m-a", "m-b"]), options).await;
    server.put(b"file").await;
    // Nobody is named, so nothing of this may be heard.
    assert_eq!(server.ask_now(b"file", "m-b").await.status(), StatusCode::OK);
    let what = assignment(b"file", "m-a");
    let form = Form::new()
        .text("sha256", what.sha256.to_string())
        .text("model", "m-a")
        .text("mediaId", what.media_id.to_string())
        .text("runId", what.run_id.to_string())
        .text("userId", what.user_id.to_string());
    assert_eq!(post(&server, form).await.status(), StatusCode::OK);
    for done in 1..=2 {
        let Some(Signal::Event(event)) = soon("a signal", signals.next()).await else { panic!("no event") };
        assert_eq!((event.user_id, event.media_id, event.run_id), (what.user_id, what.media_id, what.run_id));
        assert_eq!(event.number, None);
        let EventKind::Progress { model, mark } = event.kind else { panic!("no progress") };
        assert_eq!((model.as_str(), mark.done, mark.total), ("m-a", done, Some(2)));
    }
}

#[tokio::test]
async fn closing_ends_what_is_under_way() {
    let server = Running::start(Fake::new(&["m-a"])).await;
    server.put(b"file").await;
    server.detector.close_gate();
    let asked = server.spawn_ask(b"file", "m-a");
    server.detector.until("the call", |counts| counts.calls.len() == 1).await;
    server.server.close();
    let response = soon("the answer", asked).await.unwrap();
    assert_eq!(response.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(json(response).await["code"], "stopped");
    server.detector.until("the stop", |counts| counts.stopped == 1).await;
}
