//! What is never written into a log.

use std::fmt::{self, Write};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use dk_app::StopToken;
use dk_app::ports::Analyst;
use dk_ml_http::{ApiKey, Fleet, FleetSettings};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::support::{Fake, KEY, MemoryStorage, OTHER_KEY, Running, TestAmbient, assignment, soon};

/// Writes down everything that anybody logs, at every level.
#[derive(Clone, Default)]
struct Recorder(Arc<Mutex<String>>);

struct Pen<'a>(&'a mut String);

impl Visit for Pen<'_> {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        writeln!(self.0, "{field}={value:?}").unwrap();
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut Pen(&mut self.0.lock().unwrap()));
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut Pen(&mut self.0.lock().unwrap()));
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut Pen(&mut self.0.lock().unwrap()));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[tokio::test]
async fn keys_are_never_logged_at_any_level_by_server_or_client() {
    let recorder = Recorder::default();
    // Where all tests run in one process another one may have set its own; each test has a process here.
    tracing::subscriber::set_global_default(recorder.clone()).unwrap();
    let mut server = Running::start(Fake::new(&["m-a", "m-fails"])).await;
    let wrong = server.request("GET", "/stats").header("x-api-key", "a-wrong-secret");
    soon("an answer", wrong.send()).await.unwrap();
    soon("an answer", server.request("GET", "/stats").header("x-api-key", OTHER_KEY).send()).await.unwrap();
    let storage = MemoryStorage::with(&[b"file", b"BROKEN"]);
    let settings = FleetSettings {
        refresh: Duration::from_millis(20),
        ..FleetSettings::new(vec![server.url()], ApiKey::new(KEY))
    };
    tracing::info!(?settings, "as somebody may log it");
    let fleet = Fleet::start(settings, storage, Arc::new(TestAmbient::default())).await.unwrap();
    for (file, model) in [(b"file".as_slice(), "m-a"), (b"file", "m-fails"), (b"BROKEN", "m-a")] {
        let what = assignment(file, model);
        let _ = soon("an answer", fleet.ask(&what, Arc::new(|_| ()), StopToken::new())).await;
    }
    server.kill();
    let what = assignment(b"file", "m-a");
    soon("an answer", fleet.ask(&what, Arc::new(|_| ()), StopToken::new())).await.unwrap_err();
    let log = recorder.0.lock().unwrap().clone();
    assert!(
        log.contains("route=\"/analyze\"") && log.contains("as somebody may log it"),
        "logs were written"
    );
    for secret in [KEY, OTHER_KEY, "a-wrong-secret"] {
        let place = log.find(secret).map(|at| &log[at.saturating_sub(200)..at]);
        assert_eq!(place, None, "a key is in the log");
    }
}
