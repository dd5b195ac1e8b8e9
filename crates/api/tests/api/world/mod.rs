//! A service in memory whose clock the test moves.

mod farm;
mod others;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use dk_api::{ApiConfig, SigningKey};
use dk_app::local::{MemoryBus, MemoryLimiter};
use dk_app::memory::MemoryStore;
use dk_app::ports::{
    Accounts as _, Ambient, EndOfAnalysis, Event, EventKind, Runs as _, SetPassword, Signal, Start, User,
    UserEdit,
};
use dk_app::service::{OwnErrands, Ports};
use dk_app::{ErrorCode, StopToken};
use dk_domain::{AnalysisId, MediaId, ModelName, Phase, ProgressMark, Role, RunId, UserId};
use time::OffsetDateTime;
use uuid::Uuid;

pub(crate) use farm::{Failing, Farm, offer};
pub(crate) use others::{Disk, Sniffer};

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
    pub(crate) store: MemoryStore,
    pub(crate) farm: Arc<Farm>,
    pub(crate) disk: Arc<Disk>,
    pub(crate) sniffer: Arc<Sniffer>,
    pub(crate) ports: Ports,
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
        let ambient: Arc<dyn Ambient> = Arc::clone(&clock) as _;
        let store = MemoryStore::new(Arc::clone(&ambient));
        let shared = Arc::new(store.clone());
        let farm = Arc::new(Farm::default());
        let disk = Arc::new(Disk::new());
        let sniffer = Arc::new(Sniffer::default());
        let ports = Ports {
            accounts: Arc::clone(&shared) as _,
            library: Arc::clone(&shared) as _,
            runs: Arc::clone(&shared) as _,
            uploads: Arc::clone(&shared) as _,
            outbox: Arc::clone(&shared) as _,
            health: shared,
            queue: Arc::clone(&farm) as _,
            storage: Arc::clone(&disk) as _,
            bus: Arc::new(MemoryBus::new()),
            limiter: Arc::new(MemoryLimiter::new(Arc::clone(&ambient))),
            analyst: Arc::clone(&farm) as _,
            inspector: Arc::clone(&sniffer) as _,
            passwords: Arc::new(others::PlainPasswords),
            ambient,
            own_errands: OwnErrands::default(),
        };
        let mut config = ApiConfig::new(SigningKey::new(SECRET).unwrap());
        config.origins = vec![OWN_ORIGIN.to_owned()];
        config.max_upload_bytes = 64 * 1024;
        change(&mut config);
        let stop = StopToken::new();
        let router = dk_api::router(ports.clone(), config, &stop);
        Self { clock, store, farm, disk, sniffer, ports, router, stop }
    }

    /// Somebody without a credential.
    pub(crate) fn anyone(&self) -> Client {
        Client::new(self.router.clone())
    }

    /// Somebody with an account, signed in.
    pub(crate) async fn person(&self, name: &str) -> Client {
        self.add(name, Role::User).await;
        self.log_in(name).await
    }

    /// An administrator, signed in.
    pub(crate) async fn admin(&self, name: &str) -> Client {
        self.add(name, Role::Admin).await;
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
    pub(crate) async fn add(&self, name: &str, role: Role) -> UserId {
        let now = self.clock.now();
        let id = UserId::from(self.clock.id());
        let user = User {
            id,
            email: email(name).parse().unwrap(),
            first_name: name.to_owned(),
            last_name: "Tester".to_owned(),
            role,
            is_active: true,
            must_change_password: false,
            created_at: now,
            updated_at: now,
        };
        self.store.add_user(&user, &others::plain(PASSWORD)).await.unwrap();
        id
    }

    /// Gives an account the password that it has, chosen by somebody else this time. Its sessions stay.
    pub(crate) async fn demand_password(&self, id: UserId) {
        let open = self.store.sessions(id, 1, self.clock.now()).await.unwrap();
        let keep = open.first().map(|session| session.id);
        let change = SetPassword { hash: others::plain(PASSWORD), replaces: None, must_change: true, keep };
        assert!(self.store.set_password(id, &change, self.clock.now()).await.unwrap());
    }

    /// Disables an account behind the back of the API: nobody is told.
    pub(crate) async fn disable(&self, id: UserId) {
        let edit = UserEdit { is_active: Some(false), ..UserEdit::default() };
        self.store.edit_user(id, &edit, self.clock.now()).await.unwrap().unwrap();
    }

    /// A picture of somebody, uploaded and planned: one model is to look at it.
    pub(crate) async fn stage(&self, owner: &Client) -> Stage {
        let media = owner.picture().await;
        let run: RunId = media["latestAnalysisRunId"].as_str().unwrap().parse().unwrap();
        let analysis = AnalysisId::from(self.clock.id());
        let plan = [(analysis, model())];
        assert!(self.store.plan(run, &plan, 1, self.clock.now()).await.unwrap().is_some());
        let media = media["id"].as_str().unwrap().parse().unwrap();
        Stage { user: owner.id(), media, run, analysis }
    }

    /// The model begins (again), as rows know it; the event is still to be published.
    pub(crate) async fn begin_unheard(&self, stage: &Stage) -> Vec<Event> {
        match self.store.start(stage.run, &model(), self.clock.now()).await.unwrap() {
            Start::Go(_, events) => events,
            Start::Over => panic!("the run is over"),
        }
    }

    /// The model begins (again), and everyone hears of it: one event.
    pub(crate) async fn begin(&self, stage: &Stage) {
        let events = self.begin_unheard(stage).await;
        self.ports.publish(events).await;
    }

    /// The model fails for good, and the run with it.
    pub(crate) async fn fail(&self, stage: &Stage) {
        let end =
            EndOfAnalysis::Failed { code: ErrorCode::ServerUnavailable, message: "no server".to_owned() };
        let ended = self.store.end(stage.run, &model(), &end, self.clock.now()).await.unwrap();
        self.ports.publish(ended.events).await;
    }

    /// The model goes on, which no row keeps as an event.
    pub(crate) async fn go_on(&self, stage: &Stage, done: u64) {
        let mark = ProgressMark { phase: Phase::Frames, done, total: Some(500) };
        let event = Event {
            user_id: stage.user,
            number: None,
            media_id: stage.media,
            run_id: stage.run,
            at: self.clock.now(),
            kind: EventKind::Progress { model: model(), mark },
        };
        self.ports.tell(&Signal::Event(Box::new(event))).await;
    }
}

/// A picture that is being judged.
pub(crate) struct Stage {
    pub(crate) user: UserId,
    pub(crate) media: MediaId,
    pub(crate) run: RunId,
    pub(crate) analysis: AnalysisId,
}

pub(crate) fn model() -> ModelName {
    "some-model".parse().unwrap()
}

pub(crate) fn email(name: &str) -> String {
    format!("{name}@example.org")
}
