//! The service spread over many processes, on servers of the test's own.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use dk_app::ports::Ambient;
use dk_app::{Detector, GatherOptions, StopToken};
use dk_ml_http::{ApiKey, BlobSettings, MlServer, MlSettings};
use dk_testkit::postgres::Private;
use dk_testkit::redis::{Keep, Server};
use reqwest::Method;
use serde_json::json;
use tokio::runtime::Runtime;

use crate::fake_ml::Scripted;
use crate::home::Home;
use crate::people::{PASSWORD, Person};
use crate::process::{Launch, Process};

pub(crate) const ML_KEY: &str = "a-key-between-servers";

/// Servers and the settings that lead to them.
pub(crate) struct Stage {
    pub(crate) home: Home,
    pub(crate) postgres: Private,
    pub(crate) redis: Server,
    ml_urls: Vec<String>,
    settings: Vec<(String, String)>,
    started: std::cell::Cell<u32>,
}

impl Stage {
    /// Servers and a migrated database; processes are started one by one.
    pub(crate) fn new() -> Self {
        let home = Home::new();
        let postgres = Private::start().expect("PostgreSQL starts");
        let redis = Server::start_with(Keep::Everything).expect("Redis starts");
        let stage = Self {
            home,
            postgres,
            redis,
            ml_urls: Vec::new(),
            settings: Vec::new(),
            started: std::cell::Cell::new(0),
        };
        let migrated = stage.launch(&["migrate"]).command().stdout(Stdio::null()).status();
        assert!(migrated.expect("the program can be run").success());
        stage
    }

    /// Has all processes that are started from now on know this ML server too.
    pub(crate) fn know_ml(&mut self, url: &str) {
        self.ml_urls.push(url.to_owned());
    }

    /// A setting for all processes that are started from now on.
    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.settings.push((name.to_owned(), value.to_owned()));
    }

    pub(crate) fn launch(&self, args: &[&str]) -> Launch {
        let number = self.started.get();
        self.started.set(number + 1);
        let log = self.home.path(format!("{}-{number}.log", args.join("-")));
        let launch = Launch::new(args, &self.home.path(""), log)
            .env("DATABASE_URL", self.postgres.url())
            .env("REDIS_URL", self.redis.url())
            .env("JWT_SECRET", "0123456789abcdef0123456789abcdef")
            .env("ML_API_KEY", ML_KEY)
            .env("ML_SERVER_URLS", self.ml_urls.join(","));
        self.settings.iter().fold(launch, |launch, (name, value)| launch.env(name, value.clone()))
    }

    /// Starts one process of a role.
    pub(crate) fn start(&self, role: &str) -> Process {
        self.launch(&[role]).start()
    }

    /// An answer of the database: rows as lines, columns separated by `|`.
    pub(crate) fn sql(&self, query: &str) -> String {
        let output = Command::new("psql")
            .args(["--no-psqlrc", "--tuples-only", "--no-align", "--dbname"])
            .arg(self.postgres.url())
            .args(["--command", query])
            .output()
            .expect("psql can be run");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// An administrator who has chosen a password, signed in at the API server at `base`.
    pub(crate) async fn administrator(&self, base: &str) -> Person {
        let added = self.launch(&["user", "add", "root@example.org", "--admin"]).command().output();
        let said = String::from_utf8_lossy(&added.expect("it runs").stdout).into_owned();
        let printed = said.split("password: ").nth(1).and_then(|rest| rest.split_whitespace().next());
        let printed = printed.expect("a password");
        let root = Person::log_in(base, "root@example.org", printed).await;
        let change = json!({"currentPassword": printed, "newPassword": PASSWORD});
        let (status, body) = root.ask(Method::PUT, "/api/v1/auth/profile/password", Some(change)).await;
        assert_eq!(status.as_u16(), 204, "{body}");
        root
    }

    /// What must hold whenever everything has come to rest: every run ended exactly once, no row without its parent,
    /// no file without a row, and its end was told once.
    pub(crate) fn is_tidy(&self) {
        self.rows_are_tidy();
        let stored = self.home.files("storage/media").len();
        assert_eq!(self.sql("select count(*) from media"), stored.to_string(), "media and files");
        assert!(self.home.files("storage/incoming").is_empty(), "half received files");
    }

    /// The part of it that holds also where an API server was killed in the middle of an upload.
    pub(crate) fn rows_are_tidy(&self) {
        // The last errands may still be on their way.
        let begin = std::time::Instant::now();
        while self.sql("select count(*) from outbox") != "0" {
            assert!(begin.elapsed() < crate::process::DEADLINE, "errands are left");
        }
        for (what, query) in [
            (
                "unfinished runs",
                "select count(*) from analysis_runs where status in ('QUEUED', 'PROCESSING')",
            ),
            (
                "unfinished analyses",
                "select count(*) from deepfake_analyses where status in ('PENDING', 'PROCESSING')",
            ),
            (
                "runs that are not told to have ended exactly once",
                "select count(*) from analysis_runs r where (select count(*) from events e where e.message->>'type' = 'video_update' and e.message->>'runId' = r.id::text) <> 1",
            ),
            (
                "analyses twice",
                "select count(*) from (select 1 from deepfake_analyses group by analysis_run_id, model_name having count(*) > 1) x",
            ),
            (
                "media that do not stand where their latest run stands",
                "select count(*) from media m join analysis_runs r on r.id = m.latest_analysis_run_id where m.status <> r.status",
            ),
        ] {
            assert_eq!(self.sql(query), "0", "{what}");
        }
    }
}

/// An ML server within the test, with the fake detector; gone with all its connections when dropped.
pub(crate) struct FakeMl {
    pub(crate) url: String,
    runtime: Option<Runtime>,
}

impl FakeMl {
    pub(crate) fn start(detector: &Arc<Scripted>, home: &Home) -> Self {
        let runtime = Runtime::new().expect("threads");
        let detector: Arc<dyn Detector> = Arc::clone(detector) as Arc<dyn Detector>;
        let cache = home.path(format!("blobs-{}", number()));
        let begin = async {
            let server = ml_server(detector, cache).await;
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
            let address = listener.local_addr().expect("an address");
            tokio::spawn(async move { axum::serve(listener, server.router()).await });
            format!("http://{address}")
        };
        // On a thread of its own: the test itself runs within a runtime.
        let url =
            std::thread::scope(|scope| scope.spawn(|| runtime.block_on(begin)).join().expect("it starts"));
        Self { url, runtime: Some(runtime) }
    }
}

impl Drop for FakeMl {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn ml_server(detector: Arc<dyn Detector>, folder: PathBuf) -> MlServer {
    let settings = MlSettings {
        api_keys: vec![ApiKey::new(ML_KEY)],
        // Each held request has a lane of its own, so that one does not keep the others waiting.
        gather: GatherOptions { lanes: 16, window_ms: 0, ..GatherOptions::default() },
        strict: true,
        blobs: BlobSettings {
            folder,
            max_bytes: 1 << 30,
            max_blob_bytes: 1 << 28,
            max_age: std::time::Duration::from_hours(1),
        },
    };
    let server = MlServer::open(detector, Arc::new(Moments), None, settings).await.expect("the server opens");
    server.load(&StopToken::new()).await.expect("the models are there");
    server
}

/// A clock that is good enough for a cache.
struct Moments;

impl Ambient for Moments {
    fn now(&self) -> time::OffsetDateTime {
        time::OffsetDateTime::UNIX_EPOCH
    }

    fn id(&self) -> uuid::Uuid {
        uuid::Uuid::from_u128(u128::from(number()))
    }

    fn secret(&self) -> [u8; 32] {
        [7; 32]
    }
}

/// A number that no other cache of this test has.
fn number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
