//! The client against servers that do what ours never should.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use dk_app::ports::{Analyst, AskError, Storage, Watcher};
use dk_app::{ErrorCode, StopToken};
use dk_ml_http::{ApiKey, Fleet, FleetSettings};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::support::{Fake, KEY, MemoryStorage, Running, TestAmbient, assignment, soon};

/// What the server says next to `POST /analyze`.
type Script = Arc<dyn Fn(usize) -> Response + Send + Sync>;

/// A server that says what the test wants.
struct Odd {
    url: String,
    puts: Arc<AtomicUsize>,
    asks: Arc<AtomicUsize>,
}

#[derive(Clone)]
struct Parts {
    stats: Value,
    models: Value,
    puts: Arc<AtomicUsize>,
    asks: Arc<AtomicUsize>,
    script: Script,
}

impl Odd {
    /// Shows itself as this server does, and answers as scripted.
    async fn like(server: &Running, script: impl Fn(usize) -> Response + Send + Sync + 'static) -> Self {
        let models = crate::support::json(server.get("/models").await).await;
        let parts = Parts {
            stats: server.stats().await,
            models,
            puts: Arc::default(),
            asks: Arc::default(),
            script: Arc::new(script),
        };
        let (puts, asks) = (Arc::clone(&parts.puts), Arc::clone(&parts.asks));
        let router = Router::new()
            .route("/stats", get(async |State(parts): State<Parts>| Json(parts.stats)))
            .route("/models", get(async |State(parts): State<Parts>| Json(parts.models)))
            .route("/blobs/{sha256}", put(put_blob).head(async || StatusCode::NOT_FOUND))
            .route("/analyze", post(ask))
            .with_state(parts);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self { url, puts, asks }
    }
}

async fn put_blob(State(parts): State<Parts>, body: axum::body::Bytes) -> StatusCode {
    assert!(!body.is_empty());
    parts.puts.fetch_add(1, Ordering::SeqCst);
    StatusCode::NO_CONTENT
}

async fn ask(State(parts): State<Parts>, _: axum::body::Bytes) -> Response {
    (parts.script)(parts.asks.fetch_add(1, Ordering::SeqCst))
}

fn problem(status: StatusCode, code: &str) -> Response {
    let body = json!({ "type": "x", "title": "x", "status": status.as_u16(), "detail": "no", "code": code });
    (status, Json(body)).into_response()
}

fn lines(text: impl Into<String>) -> Response {
    ([("content-type", "application/x-ndjson")], text.into()).into_response()
}

/// A result of our own server, as one line.
async fn result(server: &Running) -> String {
    server.put(b"file").await;
    let payload = server.ask_now(b"file", "m-a").await.text().await.unwrap();
    format!("\n{{\"result\":{payload}}}\n")
}

async fn ask_at(odd: &Odd) -> Result<dk_app::ports::Answer, AskError> {
    let settings = FleetSettings::new(vec![odd.url.clone()], ApiKey::new(KEY));
    ask_with(settings, StopToken::new(), Arc::new(|_| ())).await
}

async fn ask_with(
    settings: FleetSettings,
    stop: StopToken,
    watcher: Watcher,
) -> Result<dk_app::ports::Answer, AskError> {
    let storage: Arc<dyn Storage> = MemoryStorage::with(&[b"file"]);
    let fleet = Fleet::start(settings, storage, Arc::new(TestAmbient::default())).await.unwrap();
    soon("an answer", fleet.ask(&assignment(b"file", "m-a"), watcher, stop)).await
}

#[tokio::test]
async fn a_file_that_went_in_the_meantime_is_sent_once_more_and_not_for_ever() {
    let ours = Running::start(Fake::new(&["m-a"])).await;
    let good = result(&ours).await;
    let odd = Odd::like(&ours, move |number| {
        if number == 0 { problem(StatusCode::NOT_FOUND, "blob_missing") } else { lines(good.clone()) }
    })
    .await;
    ask_at(&odd).await.unwrap();
    assert_eq!((odd.puts.load(Ordering::SeqCst), odd.asks.load(Ordering::SeqCst)), (2, 2));
    let odd = Odd::like(&ours, |_| problem(StatusCode::NOT_FOUND, "blob_missing")).await;
    assert_eq!(ask_at(&odd).await.unwrap_err().code, ErrorCode::ServerUnavailable);
    assert_eq!((odd.puts.load(Ordering::SeqCst), odd.asks.load(Ordering::SeqCst)), (2, 2));
}

#[tokio::test]
async fn the_answer_of_another_model_or_version_is_never_taken() {
    let ours = Running::start(Fake::new(&["m-a"])).await;
    let good = result(&ours).await;
    for (from, to) in
        [("\"name\":\"m-a\"", "\"name\":\"m-b\""), ("\"version\":\"1.0.0\"", "\"version\":\"2.0.0\"")]
    {
        let other = good.replace(from, to);
        assert_ne!(other, good);
        let odd = Odd::like(&ours, move |_| lines(other.clone())).await;
        let error = ask_at(&odd).await.unwrap_err();
        assert_eq!(
            (error.code, error.message.as_str()),
            (ErrorCode::ModelUnavailable, "the ML server answered with another model")
        );
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_or_makes_no_sense_is_none() {
    let ours = Running::start(Fake::new(&["m-a"])).await;
    let odd_answers: [fn() -> Response; 6] = [
        || lines("\n\n"),
        || lines("{\"progress\":{\"phase\":\"frames\",\"done\":1,\"total\":null}}\n"),
        || lines("not json\n"),
        || lines("x".repeat((1 << 20) + 1)),
        || Json(json!({})).into_response(),
        || (StatusCode::BAD_GATEWAY, "<html>").into_response(),
    ];
    for odd_answer in odd_answers {
        let odd = Odd::like(&ours, move |_| odd_answer()).await;
        assert_eq!(ask_at(&odd).await.unwrap_err().code, ErrorCode::ServerUnavailable);
        assert_eq!(odd.asks.load(Ordering::SeqCst), 1);
    }
}

#[tokio::test]
async fn a_server_that_falls_silent_is_passed_over() {
    let ours = Running::start(Fake::new(&["m-a"])).await;
    let good = result(&ours).await;
    let silent = Odd::like(&ours, |_| {
        let never = futures_util::stream::pending::<Result<axum::body::Bytes, std::io::Error>>();
        ([("content-type", "application/x-ndjson")], axum::body::Body::from_stream(never)).into_response()
    })
    .await;
    let alive = Odd::like(&ours, move |_| lines(good.clone())).await;
    // Whichever is asked first, an answer comes.
    let settings = FleetSettings {
        silence_timeout: Duration::from_millis(300),
        ..FleetSettings::new(vec![silent.url.clone(), alive.url.clone()], ApiKey::new(KEY))
    };
    ask_with(settings, StopToken::new(), Arc::new(|_| ())).await.unwrap();
    let settings = FleetSettings {
        silence_timeout: Duration::from_millis(300),
        ..FleetSettings::new(vec![silent.url.clone()], ApiKey::new(KEY))
    };
    let error = ask_with(settings, StopToken::new(), Arc::new(|_| ())).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::ServerUnavailable);
}

#[tokio::test]
async fn an_analysis_that_takes_too_long_ends_and_progress_of_unknown_phases_is_left_out() {
    let ours = Running::start(Fake::new(&["m-a"])).await;
    let mark = |phase: &str, done: u32| {
        format!("{{\"progress\":{{\"phase\":\"{phase}\",\"done\":{done},\"total\":null}}}}\n")
    };
    let begin = format!("{}{}", mark("smelling", 1), mark("frames", 2));
    let odd = Odd::like(&ours, move |_| {
        let begin =
            futures_util::stream::iter([Ok::<_, std::io::Error>(axum::body::Bytes::from(begin.clone()))]);
        let never = futures_util::stream::pending();
        let body = axum::body::Body::from_stream(futures_util::StreamExt::chain(begin, never));
        ([("content-type", "application/x-ndjson")], body).into_response()
    })
    .await;
    let settings = FleetSettings {
        ask_timeout: Duration::from_secs(1),
        ..FleetSettings::new(vec![odd.url.clone()], ApiKey::new(KEY))
    };
    let marks = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&marks);
    let watcher: Watcher = Arc::new(move |mark| told.lock().unwrap().push(mark.done));
    let error = ask_with(settings, StopToken::new(), watcher).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::TimedOut);
    assert_eq!(*marks.lock().unwrap(), [2]);
}
