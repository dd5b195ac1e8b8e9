//! The store ports in memory, for tests of use-cases: it keeps the same promises as a database and forgets
//! everything at its end. One lock is its transaction.

mod accounts;
mod library;
mod others;
mod runs;
mod steps;
mod uploads;

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dk_domain::{
    Event, EventKind, MediaId, ModelName, RunId, RunStatus, SessionId, Sha256, UploadId, UserId, Vote,
};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::ports::{
    Ambient, Analysis, ApiKey, Errand, ErrandKind, HealthRecord, Media, NewSession, PasswordHash, Run,
    RunDetail, SecretHash, User,
};

/// Everything that a database would keep. Cheap to clone; clones are the same store.
#[derive(Clone)]
pub struct MemoryStore {
    state: Arc<Mutex<State>>,
    ambient: Arc<dyn Ambient>,
}

/// All rows.
#[derive(Default)]
struct State {
    people: BTreeMap<UserId, Person>,
    sessions: HashMap<SessionId, OpenSession>,
    keys: Vec<(ApiKey, SecretHash)>,
    media: BTreeMap<MediaId, Media>,
    runs: BTreeMap<RunId, RunRow>,
    /// By person, key and purpose: what was asked, what it led to, and until when that is known.
    requests: HashMap<(UserId, String, String), Requested>,
    uploads: BTreeMap<UploadId, uploads::UploadRow>,
    errands: BTreeMap<i64, ErrandRow>,
    last_errand: i64,
    events: Vec<Event>,
    looks: Vec<HealthRecord>,
    installation: Option<Uuid>,
    sweeps: u64,
}

/// The digest of a request, and what it led to.
type Requested = (Sha256, (MediaId, RunId, OffsetDateTime));

/// What a request of a name led to.
struct Led {
    media: MediaId,
    run: RunId,
    is_same: bool,
}

struct Person {
    user: User,
    password: PasswordHash,
    last_event: u64,
}

/// A session, also one that has ended.
struct OpenSession {
    begun: NewSession,
    token: SecretHash,
    previous: Option<(SecretHash, OffsetDateTime)>,
    expires_at: OffsetDateTime,
    ended_at: Option<OffsetDateTime>,
}

struct RunRow {
    run: Run,
    is_planned: bool,
    place: u32,
    updated_at: OffsetDateTime,
    parts: BTreeMap<ModelName, Part>,
}

struct Part {
    analysis: Analysis,
    vote: Option<Vote>,
    payload: Option<String>,
}

struct ErrandRow {
    kind: ErrandKind,
    attempts: u32,
    due_at: OffsetDateTime,
}

impl MemoryStore {
    /// An empty store.
    pub fn new(ambient: Arc<dyn Ambient>) -> Self {
        Self { state: Arc::default(), ambient }
    }

    /// Every change is whole before something can panic, so a panic elsewhere leaves good rows.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Writes events of a run's owner and numbers them.
    fn write_events(&mut self, run: RunId, kinds: Vec<EventKind>, at: OffsetDateTime) -> Vec<Event> {
        let Some(media) = self.runs.get(&run).and_then(|row| self.media.get(&row.run.media_id)) else {
            return Vec::new();
        };
        let (user_id, media_id) = (media.user_id, media.id);
        let Some(person) = self.people.get_mut(&user_id) else { return Vec::new() };
        let number = |kind| {
            person.last_event += 1;
            Event { user_id, number: Some(person.last_event), media_id, run_id: run, at, kind }
        };
        let events: Vec<Event> = kinds.into_iter().map(number).collect();
        self.events.extend(events.iter().cloned());
        events
    }

    fn write_errand(&mut self, kind: ErrandKind, due_at: OffsetDateTime) -> Errand {
        self.last_errand += 1;
        self.errands.insert(self.last_errand, ErrandRow { kind: kind.clone(), attempts: 0, due_at });
        Errand { id: self.last_errand, kind, attempts: 0 }
    }

    /// A run whose medium is this owner's.
    fn owned_run(&self, owner: UserId, id: RunId) -> Option<&RunRow> {
        let row = self.runs.get(&id)?;
        self.owned(owner, row.run.media_id).map(|_| row)
    }

    fn owned(&self, owner: UserId, id: MediaId) -> Option<&Media> {
        self.media.get(&id).filter(|media| media.user_id == owner)
    }

    /// Notes where a run stands, in its medium too where it is the latest one.
    fn stand(&mut self, id: RunId, status: RunStatus, now: OffsetDateTime) {
        let Some(row) = self.runs.get_mut(&id) else { return };
        row.run.status = status;
        row.updated_at = now;
        let verdict = row.run.verdict.as_ref().map(|verdict| verdict.prediction);
        if let Some(media) = self.media.get_mut(&row.run.media_id)
            && media.latest_run == Some(id)
            && (media.status, media.verdict) != (status, verdict)
        {
            (media.status, media.verdict, media.updated_at) = (status, verdict, now);
        }
    }
}

impl RunRow {
    fn detail(&self) -> RunDetail {
        let analyses = self.parts.values().map(|part| part.analysis.clone()).collect();
        RunDetail { run: self.run.clone(), analyses }
    }

    fn is_under_way(&self) -> bool {
        self.run.ended_at.is_none()
    }

    fn unfinished(&self) -> Vec<ModelName> {
        let open = self.parts.iter().filter(|(_, part)| !part.analysis.status.is_ended());
        open.map(|(model, _)| model.clone()).collect()
    }
}

/// Whether `text` is in one of the parts, upper and lower case alike.
fn holds(parts: &[&str], text: &str) -> bool {
    parts.join("\n").to_lowercase().contains(&text.to_lowercase())
}
