//! Rows in memory. Follows the promises of the store ports as far as the edge needs them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use dk_app::ports::{
    Analysis, ApiKey, Event, EventKind, FailedJob, HealthRecord, Media, NewSession, PasswordHash, Run,
    RunDetail, SecretHash, ServerStatus, StoreError, User,
};
use dk_domain::{MediaId, RunId, SessionId, UserId};
use time::OffsetDateTime;

/// How calls fail, where they are told to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failing {
    /// Cannot be reached.
    Away,
    /// Answers nonsense.
    Broken,
    /// Panics.
    Panicking,
    /// Never answers.
    Hanging,
}

pub(super) struct Session {
    pub(super) row: NewSession,
    pub(super) replaced: Option<(SecretHash, OffsetDateTime)>,
    pub(super) has_ended: bool,
}

#[derive(Default)]
pub(super) struct Tables {
    pub(super) users: Vec<(User, PasswordHash)>,
    pub(super) sessions: Vec<Session>,
    pub(super) keys: Vec<(ApiKey, SecretHash)>,
    pub(super) audit: Vec<&'static str>,
    pub(super) media: Vec<Media>,
    pub(super) runs: Vec<Run>,
    pub(super) analyses: Vec<(Analysis, Option<String>)>,
    pub(super) events: Vec<Event>,
    pub(super) idempotent: Vec<(UserId, String, uuid::Uuid)>,
    pub(super) failed: Vec<FailedJob>,
    pub(super) looks: Vec<HealthRecord>,
    pub(super) servers: Vec<ServerStatus>,
    pub(super) offers: Vec<dk_app::ports::Offer>,
    pub(super) failing: Option<Failing>,
}

/// Rows.
#[derive(Default)]
pub(crate) struct Rows(Mutex<Tables>);

impl Rows {
    /// For a test to look at or to change.
    pub(super) fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// For a port: fails where the test said so.
    pub(super) async fn open(&self, tried: &'static str) -> Result<MutexGuard<'_, Tables>, StoreError> {
        let failing = self.tables().failing;
        let source = || "192.0.2.7:5432 refused user drishtiksha".into();
        match failing {
            None => Ok(self.tables()),
            Some(Failing::Away) => Err(StoreError::Unavailable { tried, source: source() }),
            Some(Failing::Broken) => Err(StoreError::Refused { tried, source: source() }),
            Some(Failing::Panicking) => panic!("a bug"),
            Some(Failing::Hanging) => std::future::pending().await,
        }
    }

    pub(crate) fn fail(&self, how: Option<Failing>) {
        self.tables().failing = how;
    }

    pub(crate) fn insert_user(&self, user: User, password: PasswordHash) {
        self.tables().users.push((user, password));
    }

    pub(crate) fn edit<T>(&self, id: UserId, change: impl FnOnce(&mut User, &mut PasswordHash) -> T) -> T {
        let mut tables = self.tables();
        let (user, password) = tables.users.iter_mut().find(|(user, _)| user.id == id).expect("a person");
        change(user, password)
    }

    pub(crate) fn end_session(&self, id: SessionId) {
        for session in &mut self.tables().sessions {
            session.has_ended |= session.row.id == id;
        }
    }

    pub(crate) fn sessions_of(&self, user: UserId) -> Vec<SessionId> {
        let tables = self.tables();
        let open = tables.sessions.iter().filter(|session| !session.has_ended && session.row.user_id == user);
        open.map(|session| session.row.id).collect()
    }

    pub(crate) fn audited(&self) -> Vec<&'static str> {
        self.tables().audit.clone()
    }

    pub(crate) fn add_failed_job(&self, job: FailedJob) {
        self.tables().failed.push(job);
    }

    pub(crate) fn add_look(&self, look: HealthRecord) {
        self.tables().servers.push(look.status.clone());
        self.tables().looks.push(look);
    }

    pub(crate) fn offer(&self, offer: dk_app::ports::Offer) {
        self.tables().offers.push(offer);
    }

    /// Changes a run, its medium with it.
    pub(crate) fn edit_run(&self, id: RunId, change: impl FnOnce(&mut Run)) {
        let mut tables = self.tables();
        let run = tables.runs.iter_mut().find(|run| run.id == id).expect("a run");
        change(run);
        let (media, status, verdict) = (run.media_id, run.status, run.verdict.as_ref().map(|v| v.prediction));
        if let Some(media) = tables.media.iter_mut().find(|row| row.id == media && row.latest_run == Some(id))
        {
            media.status = status;
            media.verdict = verdict;
        }
    }

    pub(crate) fn add_analysis(&self, analysis: Analysis, payload: Option<String>) {
        self.tables().analyses.push((analysis, payload));
    }

    pub(crate) fn happen(
        &self,
        user_id: UserId,
        media_id: MediaId,
        run_id: RunId,
        kind: EventKind,
        at: OffsetDateTime,
    ) -> Event {
        self.tables().happen(user_id, media_id, run_id, kind, at)
    }
}

impl Tables {
    pub(super) fn user(&self, id: UserId) -> Option<&User> {
        self.users.iter().map(|(user, _)| user).find(|user| user.id == id)
    }

    pub(super) fn owned(&self, owner: UserId, id: MediaId) -> Option<&Media> {
        self.media.iter().find(|media| media.id == id && media.user_id == owner)
    }

    pub(super) fn detail(&self, owner: UserId, id: RunId) -> Option<RunDetail> {
        let run = self.runs.iter().find(|run| run.id == id)?;
        self.owned(owner, run.media_id)?;
        let analyses = self.analyses.iter().filter(|(row, _)| row.run_id == id);
        Some(RunDetail { run: run.clone(), analyses: analyses.map(|(row, _)| row.clone()).collect() })
    }

    pub(super) fn happen(
        &mut self,
        user_id: UserId,
        media_id: MediaId,
        run_id: RunId,
        kind: EventKind,
        at: OffsetDateTime,
    ) -> Event {
        let number = match kind {
            EventKind::Progress { .. } => None,
            _ => Some(self.last_event(user_id) + 1),
        };
        let event = Event { user_id, number, media_id, run_id, at, kind };
        if number.is_some() {
            self.events.push(event.clone());
        }
        event
    }

    pub(super) fn last_event(&self, user: UserId) -> u64 {
        self.events
            .iter()
            .filter(|event| event.user_id == user)
            .filter_map(|event| event.number)
            .max()
            .unwrap_or(0)
    }
}
