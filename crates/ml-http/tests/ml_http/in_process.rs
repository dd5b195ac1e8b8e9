//! The analyst of this process.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dk_app::ports::{Analyst, ServerState, Watcher};
use dk_app::{ErrorCode, GatherOptions, StopToken};
use dk_domain::Prediction;
use dk_ml_http::InProcess;
use dk_wire::ResultPayload;
use futures_util::future::join_all;

use crate::support::{DEADLINE, Fake, MemoryStorage, TestAmbient, assignment, soon, until};

fn analyst(detector: &Arc<Fake>, storage: &Arc<MemoryStorage>, max_waiting: usize) -> InProcess {
    impatient(detector, storage, max_waiting, DEADLINE)
}

fn impatient(
    detector: &Arc<Fake>,
    storage: &Arc<MemoryStorage>,
    max_waiting: usize,
    ask_timeout: Duration,
) -> InProcess {
    let options = GatherOptions { lanes: 1, window_ms: 0, max_waiting, illustrate: false };
    let (detector, storage) = (Arc::clone(detector), Arc::clone(storage));
    InProcess::open(detector, options, storage, Arc::new(TestAmbient::default()), ask_timeout).unwrap()
}

fn silent() -> Watcher {
    Arc::new(|_| ())
}

#[tokio::test]
async fn it_answers_with_the_payload_of_the_contract_and_tells_how_far_it_is() {
    let (detector, storage) = (Fake::new(&["m-a"]), MemoryStorage::with(&[b"file"]));
    let analyst = analyst(&detector, &storage, 10);
    let marks = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&marks);
    let watcher: Watcher = Arc::new(move |mark| told.lock().unwrap().push(mark.done));
    let what = assignment(b"file", "m-a");
    let answer = soon("an answer", analyst.ask(&what, watcher, StopToken::new())).await.unwrap();
    assert_eq!((answer.prediction, answer.model_version.as_str()), (Prediction::NotApplicable, "1.0.0"));
    let payload: ResultPayload = serde_json::from_str(&answer.payload).unwrap();
    assert_eq!(payload.vote().unwrap(), answer.vote);
    assert_eq!(*marks.lock().unwrap(), [1, 2]);
    assert!(!analyst.publishes_progress());
}

#[tokio::test]
async fn five_models_fetch_the_file_once_and_look_at_it_once() {
    let models = ["m-a", "m-b", "m-c", "m-d", "m-e"];
    let (detector, storage) = (Fake::new(&models), MemoryStorage::with(&[b"other", b"file"]));
    let analyst = analyst(&detector, &storage, 10);
    detector.close_gate();
    let other = assignment(b"other", "m-a");
    let first = analyst.ask(&other, silent(), StopToken::new());
    let what: Vec<_> = models.iter().map(|model| assignment(b"file", model)).collect();
    let asked = join_all(what.iter().map(|what| analyst.ask(what, silent(), StopToken::new())));
    let open = async {
        detector.until("the call", |counts| counts.calls.len() == 1).await;
        until("all to wait", || async {
            let stats = analyst.servers().await[0].stats.clone().unwrap();
            stats.contains("\"waiting\":5")
        })
        .await;
        detector.open_gate();
    };
    let begun = async {
        // The other file is being looked at before these are asked.
        detector.until("the call", |counts| counts.calls.len() == 1).await;
        asked.await
    };
    let (first, answers, ()) = tokio::join!(first, begun, open);
    assert!(first.is_ok() && answers.iter().all(Result::is_ok));
    assert_eq!(detector.counts().calls, [vec!["m-a"], models.to_vec()]);
    assert_eq!(storage.copies.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn it_says_what_it_offers_and_how_it_is() {
    let detector = Fake::of(
        vec![crate::support::card("m-a", "1.0.0"), crate::support::card("m-cut", "1.0.0")],
        Some("m-cut"),
    );
    let analyst = analyst(&detector, &MemoryStorage::with(&[]), 10);
    analyst.load(&StopToken::new());
    let offers = analyst.offers().await;
    assert_eq!(offers.len(), 1);
    assert_eq!(
        (offers[0].card.name.as_str(), offers[0].servers.as_slice()),
        ("m-a", ["in-process".to_owned()].as_slice())
    );
    let server = analyst.servers().await.remove(0);
    assert_eq!((server.name.as_str(), server.state), ("in-process", ServerState::Degraded));
    assert!(server.stats.unwrap().contains("the weights are cut off"));
    let what = assignment(b"file", "m-cut");
    let error = soon("an answer", analyst.ask(&what, silent(), StopToken::new())).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::ModelUnavailable);
}

#[tokio::test]
async fn weights_that_nobody_fetched_are_no_fault() {
    let detector =
        Fake::of(vec![crate::support::card("m-a", "1.0.0"), crate::support::absent("m-far")], None);
    let analyst = analyst(&detector, &MemoryStorage::with(&[]), 10);
    analyst.load(&StopToken::new());
    assert_eq!(analyst.offers().await.len(), 1);
    let server = analyst.servers().await.remove(0);
    assert_eq!(server.state, ServerState::Healthy);
    let stats: serde_json::Value = serde_json::from_str(&server.stats.unwrap()).unwrap();
    assert_eq!(stats["models"][1]["state"], "absent");
}

#[tokio::test]
async fn stopping_answers_at_once_and_ends_the_look() {
    let (detector, storage) = (Fake::new(&["m-a"]), MemoryStorage::with(&[b"file"]));
    let analyst = analyst(&detector, &storage, 10);
    detector.close_gate();
    let stop = StopToken::new();
    let what = assignment(b"file", "m-a");
    let stopping = async {
        detector.until("the call", |counts| counts.calls.len() == 1).await;
        stop.stop();
    };
    let (end, ()) = tokio::join!(soon("an answer", analyst.ask(&what, silent(), stop.clone())), stopping);
    assert_eq!(end.unwrap_err().code, ErrorCode::Stopped);
    detector.until("the stop", |counts| counts.stopped == 1).await;
}

#[tokio::test]
async fn an_analysis_that_takes_too_long_is_ended_and_its_look_is_stopped() {
    let (detector, storage) = (Fake::new(&["m-a"]), MemoryStorage::with(&[b"file"]));
    detector.close_gate();
    let analyst = impatient(&detector, &storage, 10, Duration::from_millis(50));
    let what = assignment(b"file", "m-a");
    let error = soon("an answer", analyst.ask(&what, silent(), StopToken::new())).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::TimedOut);
    assert!(error.code.may_pass(), "another attempt may be faster");
    detector.until("the stop", |counts| counts.stopped == 1).await;
}

#[tokio::test]
async fn a_stored_file_that_is_gone_or_changed_is_an_error_that_does_not_pass() {
    let (detector, storage) = (Fake::new(&["m-a"]), MemoryStorage::with(&[b"file"]));
    let analyst = analyst(&detector, &storage, 10);
    storage.change(b"file", b"something else");
    for file in [b"file".as_slice(), b"gone"] {
        let what = assignment(file, "m-a");
        let error = soon("an answer", analyst.ask(&what, silent(), StopToken::new())).await.unwrap_err();
        assert_eq!(error.code, ErrorCode::FileMissing);
        assert!(!error.code.may_pass());
    }
}

#[tokio::test]
async fn more_than_may_wait_is_an_error_that_passes() {
    let (detector, storage) = (Fake::new(&["m-a"]), MemoryStorage::with(&[b"file"]));
    let analyst = analyst(&detector, &storage, 0);
    let what = assignment(b"file", "m-a");
    let error = soon("an answer", analyst.ask(&what, silent(), StopToken::new())).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::ServerUnavailable);
    assert!(error.code.may_pass());
}
