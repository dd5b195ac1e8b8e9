//! Several servers asked as one.

use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use dk_app::ports::{Analyst, ServerState, Storage, Watcher};
use dk_app::{ErrorCode, GatherOptions, StopToken};
use dk_ml_http::{ApiKey, Fleet, FleetError, FleetSettings, InProcess};
use reqwest::StatusCode;

use crate::support::{
    DEADLINE, Fake, KEY, MemoryStorage, Options, Running, TestAmbient, assignment, card, soon, until,
};

fn silent() -> Watcher {
    Arc::new(|_| ())
}

async fn fleet_of(servers: &[&Running], storage: &Arc<MemoryStorage>) -> Fleet {
    let urls = servers.iter().map(|server| server.url()).collect();
    let settings =
        FleetSettings { refresh: Duration::from_millis(20), ..FleetSettings::new(urls, ApiKey::new(KEY)) };
    let storage: Arc<dyn Storage> = Arc::<MemoryStorage>::clone(storage);
    Fleet::start(settings, storage, Arc::new(TestAmbient::default())).await.unwrap()
}

async fn state_of(fleet: &Fleet, server: &Running) -> ServerState {
    let name = server.address.to_string();
    fleet.servers().await.into_iter().find(|status| status.name == name).unwrap().state
}

#[tokio::test]
async fn an_answer_from_afar_is_the_same_as_one_from_here() {
    let storage = MemoryStorage::with(&[b"file"]);
    let server = Running::start(Fake::new(&["m-a"])).await;
    let fleet = fleet_of(&[&server], &storage).await;
    let marks = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&marks);
    let watcher: Watcher = Arc::new(move |mark| told.lock().unwrap().push(mark.done));
    let what = assignment(b"file", "m-a");
    let far = soon("an answer", fleet.ask(&what, watcher, StopToken::new())).await.unwrap();
    let here = InProcess::open(
        Fake::new(&["m-a"]),
        GatherOptions::default(),
        Arc::<MemoryStorage>::clone(&storage),
        Arc::new(TestAmbient::default()),
        DEADLINE,
    );
    let near = soon("an answer", here.unwrap().ask(&what, silent(), StopToken::new())).await.unwrap();
    assert_eq!(far, near);
    assert_eq!(*marks.lock().unwrap(), [1, 2]);
    assert!(fleet.publishes_progress());
}

#[tokio::test]
async fn five_models_send_the_file_once_and_cost_one_look_at_it() {
    let models = ["m-a", "m-b", "m-c", "m-d", "m-e"];
    let file = vec![3; 1 << 20];
    let storage = MemoryStorage::with(&[&file, b"other"]);
    let server = Running::start(Fake::new(&models)).await;
    let fleet = Arc::new(fleet_of(&[&server], &storage).await);
    server.put(b"other").await;
    server.detector.close_gate();
    let other = server.spawn_ask(b"other", "m-a");
    server.detector.until("the call", |counts| counts.calls.len() == 1).await;
    let ask = |model: &&str| {
        let (fleet, what) = (Arc::clone(&fleet), assignment(&file, model));
        tokio::spawn(async move { fleet.ask(&what, silent(), StopToken::new()).await })
    };
    let asked: Vec<_> = models.iter().map(ask).collect();
    until("all to wait", || async { server.stats().await["waiting"] == 5 }).await;
    server.detector.open_gate();
    for asked in asked {
        soon("an answer", asked).await.unwrap().unwrap();
    }
    soon("the other answer", other).await.unwrap();
    assert_eq!(server.detector.counts().calls, [vec!["m-a"], models.to_vec()]);
    assert_eq!(server.count("PUT"), 2, "the other file and this one");
    assert_eq!(storage.reads.load(Ordering::SeqCst), 1);
    // A file that is held is not sent again later either.
    let what = assignment(&file, "m-a");
    soon("an answer", fleet.ask(&what, silent(), StopToken::new())).await.unwrap();
    assert_eq!(server.count("PUT"), 2);
}

#[tokio::test]
async fn two_fleets_send_one_file_once() {
    let file = vec![3; 1 << 20];
    let storage = MemoryStorage::with(&[&file]);
    let server = Running::start(Fake::new(&["m-a", "m-b"])).await;
    let (one, two) = (fleet_of(&[&server], &storage).await, fleet_of(&[&server], &storage).await);
    let (a, b) = (assignment(&file, "m-a"), assignment(&file, "m-b"));
    let both = async {
        tokio::join!(one.ask(&a, silent(), StopToken::new()), two.ask(&b, silent(), StopToken::new()))
    };
    let (first, second) = soon("both answers", both).await;
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(server.count("PUT"), 1);
}

#[tokio::test]
async fn a_model_is_asked_where_it_is_and_nowhere_else() {
    let storage = MemoryStorage::with(&[b"file"]);
    let one = Running::start(Fake::new(&["m-a"])).await;
    let two = Running::start(Fake::new(&["m-a", "m-b"])).await;
    let fleet = fleet_of(&[&one, &two], &storage).await;
    let offers = fleet.offers().await;
    let named: Vec<_> = offers.iter().map(|offer| (offer.card.name.as_str(), offer.servers.len())).collect();
    assert_eq!(named, [("m-a", 2), ("m-b", 1)]);
    for _ in 0..3 {
        let what = assignment(b"file", "m-b");
        soon("an answer", fleet.ask(&what, silent(), StopToken::new())).await.unwrap();
    }
    assert_eq!((one.count("POST"), two.count("POST")), (0, 3));
    let what = assignment(b"file", "m-c");
    let error = soon("an answer", fleet.ask(&what, silent(), StopToken::new())).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::ModelUnavailable);
}

#[tokio::test]
async fn of_two_versions_only_the_newer_one_is_asked() {
    let storage = MemoryStorage::with(&[b"file"]);
    let old = Running::start(Fake::of(vec![card("m-a", "1.9.0")], None)).await;
    let new = Running::start(Fake::of(vec![card("m-a", "1.10.0")], None)).await;
    let fleet = fleet_of(&[&old, &new], &storage).await;
    let offers = fleet.offers().await;
    assert_eq!((offers.len(), offers[0].card.version.as_str(), offers[0].servers.len()), (1, "1.10.0", 1));
    let what = assignment(b"file", "m-a");
    let answer = soon("an answer", fleet.ask(&what, silent(), StopToken::new())).await.unwrap();
    assert_eq!(answer.model_version, "1.10.0");
    assert_eq!((old.count("POST"), new.count("POST")), (0, 1));
}

#[tokio::test]
async fn the_server_with_the_least_to_do_is_asked() {
    let storage = MemoryStorage::with(&[b"file"]);
    let one = Running::start(Fake::new(&["m-a"])).await;
    let two = Running::start(Fake::new(&["m-a"])).await;
    let fleet = fleet_of(&[&one, &two], &storage).await;
    for (busy, idle) in [(&one, &two), (&two, &one)] {
        let before = idle.count("POST");
        busy.put(b"foreign").await;
        busy.detector.close_gate();
        let foreign = busy.spawn_ask(b"foreign", "m-a");
        let name = busy.address.to_string();
        until("the fleet to see it", || async {
            let servers = fleet.servers().await;
            let status = servers.iter().find(|status| status.name == name).unwrap();
            status.stats.as_ref().is_some_and(|stats| stats.contains("\"files\":1"))
        })
        .await;
        let what = assignment(b"file", "m-a");
        soon("an answer", fleet.ask(&what, silent(), StopToken::new())).await.unwrap();
        assert_eq!(idle.count("POST"), before + 1);
        busy.detector.open_gate();
        soon("the foreign answer", foreign).await.unwrap();
        until("the fleet to see it", || async {
            let servers = fleet.servers().await;
            servers.iter().all(|status| status.stats.as_ref().is_some_and(|s| s.contains("\"files\":0")))
        })
        .await;
    }
}

#[tokio::test]
async fn an_answer_tells_of_the_work_of_others_before_the_next_look_does() {
    let files: Vec<[u8; 1]> = (0..8).map(|name| [name]).collect();
    let storage = MemoryStorage::with(&files.iter().map(|file| &file[..]).collect::<Vec<_>>());
    let (busy, idle) = (Running::start(Fake::new(&["m-a"])).await, Running::start(Fake::new(&["m-a"])).await);
    let urls = vec![busy.url(), idle.url()];
    let settings =
        FleetSettings { refresh: Duration::from_hours(1), ..FleetSettings::new(urls, ApiKey::new(KEY)) };
    let kept: Arc<dyn Storage> = Arc::<MemoryStorage>::clone(&storage);
    let fleet = Arc::new(Fleet::start(settings, kept, Arc::new(TestAmbient::default())).await.unwrap());
    for server in [&busy, &idle] {
        server.detector.close_gate();
    }
    // Others came after the only look.
    let mut others = Vec::new();
    for name in 100..108_u8 {
        busy.put(&[name]).await;
        others.push(busy.spawn_ask(&[name], "m-a"));
    }
    until("the work of others", || async { busy.stats().await["files"] == 8 }).await;
    let mut asked = Vec::new();
    for (count, file) in files.iter().enumerate() {
        let (fleet, what) = (Arc::clone(&fleet), assignment(file, "m-a"));
        asked.push(tokio::spawn(async move { fleet.ask(&what, silent(), StopToken::new()).await }));
        let there = || async {
            busy.stats().await["files"].as_u64().unwrap() + idle.stats().await["files"].as_u64().unwrap()
        };
        until("it to be there", || async { there().await == 9 + count as u64 }).await;
    }
    // One or two had to find out.
    let at_idle = idle.stats().await["files"].as_u64().unwrap();
    assert!(at_idle >= 6, "{at_idle} of 8 files went where nothing was to be done");
    for server in [&busy, &idle] {
        server.detector.open_gate();
    }
    for asked in asked {
        soon("an answer", asked).await.unwrap().unwrap();
    }
    for other in others {
        soon("an answer", other).await.unwrap();
    }
}

#[tokio::test]
async fn when_a_server_is_killed_in_the_middle_another_one_answers() {
    let storage = MemoryStorage::with(&[b"file"]);
    let mut servers = [Running::start(Fake::new(&["m-a"])).await, Running::start(Fake::new(&["m-a"])).await];
    let fleet = Arc::new(fleet_of(&[&servers[0], &servers[1]], &storage).await);
    for server in &servers {
        server.detector.close_gate();
    }
    let (asking, what) = (Arc::clone(&fleet), assignment(b"file", "m-a"));
    let asked = tokio::spawn(async move { asking.ask(&what, silent(), StopToken::new()).await });
    until("a call", || async { servers.iter().any(|server| server.detector.counts().calls.len() == 1) })
        .await;
    let first = usize::from(servers[1].detector.counts().calls.len() == 1);
    servers[first].kill();
    let other = 1 - first;
    servers[other].detector.until("the call", |counts| counts.calls.len() == 1).await;
    servers[other].detector.open_gate();
    soon("an answer", asked).await.unwrap().unwrap();
    until("it to be seen as gone", || async {
        state_of(&fleet, &servers[first]).await == ServerState::Unreachable
    })
    .await;
    assert_eq!(state_of(&fleet, &servers[other]).await, ServerState::Healthy);
    let offers = fleet.offers().await;
    assert_eq!(offers[0].servers, [servers[other].address.to_string()]);
}

#[tokio::test]
async fn a_server_that_is_gone_is_an_error_that_passes_and_one_that_comes_back_is_asked_again() {
    let storage = MemoryStorage::with(&[b"file"]);
    let mut server = Running::start(Fake::new(&["m-a"])).await;
    let fleet = fleet_of(&[&server], &storage).await;
    server.kill();
    let what = assignment(b"file", "m-a");
    let error = soon("an answer", fleet.ask(&what, silent(), StopToken::new())).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::ServerUnavailable);
    assert!(error.code.may_pass() && !error.message.contains("127.0.0.1"));
    until("it to be seen as gone", || async { fleet.offers().await.is_empty() }).await;
    let begin = Instant::now();
    assert_eq!(fleet.servers().await[0].state, ServerState::Unreachable);
    assert!(begin.elapsed() < Duration::from_secs(1), "the answer comes from the last look");
    let options = Options { address: server.address, ..Options::default() };
    let _again = Running::with(Fake::new(&["m-a"]), options).await;
    until("it to be seen again", || async { !fleet.offers().await.is_empty() }).await;
    soon("an answer", fleet.ask(&what, silent(), StopToken::new())).await.unwrap();
}

#[tokio::test]
async fn a_server_that_has_too_much_to_do_is_passed_over() {
    let storage = MemoryStorage::with(&[b"file"]);
    let gather = GatherOptions { lanes: 1, window_ms: 0, max_waiting: 0, illustrate: false };
    let full = Running::with(Fake::new(&["m-a", "m-b"]), Options { gather, ..Options::default() }).await;
    let good = Running::start(Fake::new(&["m-a"])).await;
    let fleet = fleet_of(&[&full, &good], &storage).await;
    for _ in 0..4 {
        let what = assignment(b"file", "m-a");
        soon("an answer", fleet.ask(&what, silent(), StopToken::new())).await.unwrap();
    }
    assert_eq!(good.detector.counts().calls.len(), 4);
    let what = assignment(b"file", "m-b");
    let error = soon("an answer", fleet.ask(&what, silent(), StopToken::new())).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::ServerUnavailable);
    assert_eq!(state_of(&fleet, &full).await, ServerState::Healthy, "busy is not gone");
}

#[tokio::test]
async fn stopping_answers_at_once_and_stops_the_work_on_the_server() {
    let storage = MemoryStorage::with(&[b"file"]);
    let server = Running::start(Fake::new(&["m-a"])).await;
    let fleet = fleet_of(&[&server], &storage).await;
    server.detector.close_gate();
    let (stop, what) = (StopToken::new(), assignment(b"file", "m-a"));
    let stopping = async {
        server.detector.until("the call", |counts| counts.calls.len() == 1).await;
        stop.stop();
    };
    let (end, ()) = tokio::join!(soon("an answer", fleet.ask(&what, silent(), stop.clone())), stopping);
    assert_eq!(end.unwrap_err().code, ErrorCode::Stopped);
    server.detector.until("the stop", |counts| counts.stopped == 1).await;
    assert_eq!(state_of(&fleet, &server).await, ServerState::Healthy);
}

#[tokio::test]
async fn what_lies_in_the_file_is_told_at_once_and_no_other_server_is_bothered() {
    let storage = MemoryStorage::with(&[b"BROKEN", b"UNSUPPORTED", b"good"]);
    let one = Running::start(Fake::new(&["m-a", "m-fails"])).await;
    let two = Running::start(Fake::new(&["m-a", "m-fails"])).await;
    let fleet = fleet_of(&[&one, &two], &storage).await;
    let cases: [(&[u8], _, _); 3] = [
        (b"BROKEN", "m-a", ErrorCode::UnreadableMedia),
        (b"UNSUPPORTED", "m-a", ErrorCode::UnsupportedMedia),
        (b"good", "m-fails", ErrorCode::ModelFailed),
    ];
    for (file, model, code) in cases {
        let what = assignment(file, model);
        let error = soon("an answer", fleet.ask(&what, silent(), StopToken::new())).await.unwrap_err();
        assert_eq!(error.code, code);
    }
    assert_eq!(one.count("POST") + two.count("POST"), 3);
}

#[tokio::test]
async fn a_stored_file_that_is_gone_changed_or_too_large_is_an_error_that_does_not_pass() {
    let large = vec![1; 2000];
    let storage = MemoryStorage::with(&[b"same", b"shorter", b"longer", &large]);
    let options = Options { max_blob_bytes: 1000, ..Options::default() };
    let server = Running::with(Fake::new(&["m-a"]), options).await;
    let fleet = fleet_of(&[&server], &storage).await;
    storage.change(b"same", b"emas");
    storage.change(b"shorter", b"short");
    storage.change(b"longer", b"now longer than before");
    let cases: [(&[u8], _); 5] = [
        (b"gone", ErrorCode::FileMissing),
        (b"same", ErrorCode::FileMissing),
        (b"shorter", ErrorCode::FileMissing),
        (b"longer", ErrorCode::FileMissing),
        (&large, ErrorCode::FileTooLarge),
    ];
    for (file, code) in cases {
        let what = assignment(file, "m-a");
        let error = soon("an answer", fleet.ask(&what, silent(), StopToken::new())).await.unwrap_err();
        assert_eq!((error.code, error.code.may_pass()), (code, false), "{}", String::from_utf8_lossy(file));
    }
    assert_eq!(server.count(&format!("PUT /blobs/{}", assignment(&large, "m-a").sha256)), 0);
    assert_eq!(state_of(&fleet, &server).await, ServerState::Healthy);
}

#[tokio::test]
async fn a_storage_that_breaks_off_is_not_taken_for_a_broken_server() {
    let file = vec![1; 1 << 20];
    let storage = MemoryStorage::breaking(&[&file]);
    let server = Running::start(Fake::new(&["m-a"])).await;
    let fleet = fleet_of(&[&server], &storage).await;
    let what = assignment(&file, "m-a");
    let error = soon("an answer", fleet.ask(&what, silent(), StopToken::new())).await.unwrap_err();
    assert_eq!(error.code, ErrorCode::Io);
    assert_eq!(state_of(&fleet, &server).await, ServerState::Healthy);
}

#[tokio::test]
async fn a_server_is_well_without_weights_that_nobody_fetched_and_does_not_offer_them() {
    let detector =
        Fake::of(vec![crate::support::card("m-a", "1.0.0"), crate::support::absent("m-far")], None);
    let server = Running::start(detector).await;
    let fleet = fleet_of(&[&server], &MemoryStorage::with(&[])).await;
    assert_eq!(state_of(&fleet, &server).await, ServerState::Healthy);
    let offers = fleet.offers().await;
    assert_eq!(offers.iter().map(|offer| offer.card.name.as_str()).collect::<Vec<_>>(), ["m-a"]);
}

#[tokio::test]
async fn a_server_that_the_key_does_not_open_or_that_still_loads_offers_nothing() {
    let storage = MemoryStorage::with(&[b"file"]);
    let server = Running::start(Fake::new(&["m-a"])).await;
    let settings = FleetSettings::new(vec![server.url()], ApiKey::new("another-key"));
    let fleet =
        Fleet::start(settings, Arc::<MemoryStorage>::clone(&storage), Arc::new(TestAmbient::default()));
    let fleet = fleet.await.unwrap();
    assert_eq!(state_of(&fleet, &server).await, ServerState::Degraded);
    assert!(fleet.offers().await.is_empty());
    let loading = Running::with(Fake::new(&["m-a"]), Options { load: false, ..Options::default() }).await;
    let fleet = fleet_of(&[&loading], &storage).await;
    assert_eq!(state_of(&fleet, &loading).await, ServerState::Degraded);
    assert!(fleet.offers().await.is_empty());
    assert_eq!(loading.get("/ready").await.status(), StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn wrong_settings_are_refused_before_anything_is_asked() {
    let start = |urls: &[&str], key: &str| {
        let urls = urls.iter().map(|url| (*url).to_owned()).collect();
        let storage: Arc<dyn Storage> = MemoryStorage::with(&[]);
        Fleet::start(FleetSettings::new(urls, ApiKey::new(key)), storage, Arc::new(TestAmbient::default()))
    };
    assert!(matches!(start(&[], KEY).await.err(), Some(FleetError::NoServer)));
    assert!(matches!(start(&["ml:8000"], KEY).await.err(), Some(FleetError::Address(_))));
    assert!(matches!(start(&["http://127.0.0.1:1"], "").await.err(), Some(FleetError::NoKey)));
    assert!(matches!(start(&["http://127.0.0.1:1"], "new\nline").await.err(), Some(FleetError::NoKey)));
}
