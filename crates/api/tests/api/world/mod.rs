//! A service in memory whose clock the test moves.

mod accounts;
mod library;
mod others;
mod rows;
mod runs;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use dk_api::{ApiConfig, SigningKey};
use dk_app::StopToken;
use dk_app::local::{MemoryBus, MemoryLimiter};
use dk_app::ports::{Ambient, Bus as _, Event, EventKind, Signal, User};
use dk_app::service::Ports;
use dk_domain::{MediaId, Role, RunId, UserId};
use time::OffsetDateTime;
use uuid::Uuid;

pub(crate) use others::Disk;
pub(crate) use rows::{Failing, Rows};

use crate::client::Client;

pub(crate) const SECRET: &[u8] = b"a signing key of the tests, 32 bytes and more";
pub(crate) const PASSWORD: &str = "correct horse battery";
pub(crate) const OWN_ORIGIN: &str = "http://localhost:5173";

/// A clock, ids that rise and secrets that differ.
pub(crate) struct Clock(Mutex<(OffsetDateTime, u128)>);

impl Clock {
    fn lock(&self) -> MutexGuard<'_, (OffsetDateTime, u128)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn forward(&self, by: time::Duration) {
        self.lock().0 += by;
    }
}

impl Ambient for Clock {
    fn now(&self) -> OffsetDateTime {
        self.lock().0
    }

    fn id(&self) -> Uuid {
        let mut state = self.lock();
        state.1 += 1;
        let millis = (state.0.unix_timestamp() as u128) * 1000;
        Uuid::from_u128(millis << 80 | 0x7000 << 64 | 0x8 << 60 | state.1)
    }

    fn secret(&self) -> [u8; 32] {
        let mut state = self.lock();
        state.1 += 1;
        let mut bytes = [0xa5; 32];
        bytes[..16].copy_from_slice(&state.1.to_be_bytes());
        bytes
    }
}

/// The service.
pub(crate) struct World {
    pub(crate) clock: Arc<Clock>,
    pub(crate) rows: Arc<Rows>,
    pub(crate) disk: Arc<Disk>,
    pub(crate) bus: MemoryBus,
    pub(crate) router: Router,
    pub(crate) stop: StopToken,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::with(|_| {})
    }

    /// With other settings.
    pub(crate) fn with(change: impl FnOnce(&mut ApiConfig)) -> Self {
        let begin = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        let clock = Arc::new(Clock(Mutex::new((begin, 0))));
        let rows = Arc::new(Rows::default());
        let disk = Arc::new(Disk::new());
        let bus = MemoryBus::new();
        let ports = Ports {
            accounts: Arc::clone(&rows) as _,
            library: Arc::clone(&rows) as _,
            runs: Arc::clone(&rows) as _,
            outbox: Arc::new(others::NoOutbox),
            health: Arc::clone(&rows) as _,
            queue: Arc::clone(&rows) as _,
            storage: Arc::clone(&disk) as _,
            bus: Arc::new(bus.clone()),
            limiter: Arc::new(MemoryLimiter::new(Arc::clone(&clock) as _)),
            analyst: Arc::clone(&rows) as _,
            inspector: Arc::new(others::Sniffer),
            passwords: Arc::new(others::PlainPasswords),
            ambient: Arc::clone(&clock) as _,
        };
        let mut config = ApiConfig::new(SigningKey::new(SECRET).unwrap());
        config.origins = vec![OWN_ORIGIN.to_owned()];
        config.max_upload_bytes = 64 * 1024;
        change(&mut config);
        let stop = StopToken::new();
        let router = dk_api::router(ports, config, &stop);
        Self { clock, rows, disk, bus, router, stop }
    }

    /// Somebody without a credential.
    pub(crate) fn anyone(&self) -> Client {
        Client::new(self.router.clone())
    }

    /// Somebody with an account, signed in.
    pub(crate) async fn person(&self, name: &str) -> Client {
        self.add(name, Role::User);
        self.log_in(name).await
    }

    /// An administrator, signed in.
    pub(crate) async fn admin(&self, name: &str) -> Client {
        self.add(name, Role::Admin);
        self.log_in(name).await
    }

    pub(crate) async fn log_in(&self, name: &str) -> Client {
        let body = serde_json::json!({ "email": email(name), "password": PASSWORD });
        let answer = self.anyone().post("/api/v1/auth/login", &body).await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        let cookie = answer.cookie();
        let token = answer.json()["token"].as_str().unwrap().to_owned();
        let user = answer.json()["user"]["id"].as_str().unwrap().to_owned();
        self.anyone().with_token(&token).with_cookie(&cookie).of(user.parse().unwrap())
    }

    /// Adds an account.
    pub(crate) fn add(&self, name: &str, role: Role) -> UserId {
        let now = self.clock.now();
        let id = UserId::from(self.clock.id());
        let user = User {
            id,
            email: email(name).parse().unwrap(),
            first_name: name.to_owned(),
            last_name: "Tester".to_owned(),
            role,
            is_active: true,
            created_at: now,
            updated_at: now,
        };
        self.rows.insert_user(user, others::plain(PASSWORD));
        id
    }

    /// Something happens to somebody's medium: a row and a signal, as the use-cases do it.
    pub(crate) async fn happen(&self, user: UserId, media: MediaId, run: RunId, kind: EventKind) {
        let event = self.rows.happen(user, media, run, kind, self.clock.now());
        self.bus.send(&Signal::Event(Box::new(event))).await.unwrap();
    }

    /// As [`World::happen`], with the signal lost on the way.
    pub(crate) fn happen_unheard(&self, user: UserId, media: MediaId, run: RunId, kind: EventKind) -> Event {
        self.rows.happen(user, media, run, kind, self.clock.now())
    }
}

pub(crate) fn email(name: &str) -> String {
    format!("{name}@example.org")
}

/// A model that two servers have.
pub(crate) fn offer(name: &str) -> dk_app::ports::Offer {
    let card = dk_app::ModelCard {
        name: name.parse().unwrap(),
        version: "1".to_owned(),
        title: "Looks at pictures".to_owned(),
        family: "synthetic-image".parse().unwrap(),
        weight: dk_domain::Weight::Strong,
        kinds: vec![dk_domain::MediaKind::Image],
        pipeline: "image-classifier",
        licence: "MIT".to_owned(),
        origin: "here".to_owned(),
        limits: vec!["Small pictures.".to_owned()],
        quality: dk_app::Quality("AUC 0.9 (n = 10).".to_owned()),
        state: Ok("ort".to_owned()),
        is_detector: true,
    };
    dk_app::ports::Offer { card, servers: vec!["a".to_owned(), "b".to_owned()] }
}
