//! Runs from acceptance to their end. Each call is one transaction that returns the events it wrote: they are
//! published after the commit, and replayed from the rows when they were lost.

use async_trait::async_trait;
use dk_domain::{
    AnalysisId, AnalysisStatus, MediaFacts, MediaId, MediaKind, ModelName, Prediction, Probability, RunId,
    RunStatus, Sha256, UploadId, Urgency, UserId, Verdict, Waiting,
};
use time::OffsetDateTime;

use super::{Answer, Errand, Event, Media, ProgressMark, StoreError};
use crate::ErrorCode;

/// One round of judging a medium.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Id.
    pub id: RunId,
    /// Of which medium.
    pub media_id: MediaId,
    /// 1 for the first run of a medium, then rising.
    pub number: u32,
    /// Where it stands.
    pub status: RunStatus,
    /// Only these models; empty means every one that fits.
    pub wanted: Vec<ModelName>,
    /// Who waits for it.
    pub urgency: Urgency,
    /// Why it has not begun, while it waits for something.
    pub waiting_for: Option<Waiting>,
    /// What is said of the file, once the run has ended with an answer.
    pub verdict: Option<Verdict>,
    /// When it was asked for.
    pub created_at: OffsetDateTime,
    /// When the first model began.
    pub started_at: Option<OffsetDateTime>,
    /// When it ended.
    pub ended_at: Option<OffsetDateTime>,
}

/// A run and what its models do, in order of name.
#[derive(Debug, Clone, PartialEq)]
pub struct RunDetail {
    /// The run.
    pub run: Run,
    /// Its analyses.
    pub analyses: Vec<Analysis>,
}

/// What one model does within a run.
#[derive(Debug, Clone, PartialEq)]
pub struct Analysis {
    /// Id.
    pub id: AnalysisId,
    /// Of which run.
    pub run_id: RunId,
    /// Which model.
    pub model: ModelName,
    /// Version of the package that answered.
    pub model_version: Option<String>,
    /// Where it stands.
    pub status: AnalysisStatus,
    /// What this model alone says.
    pub prediction: Option<Prediction>,
    /// How sure the prediction is of itself; `None` where it is neither FAKE nor REAL.
    pub confidence: Option<f64>,
    /// Calibrated P(synthetic).
    pub probability: Option<Probability>,
    /// Seconds.
    pub processing_secs: Option<f64>,
    /// Kind of the medium.
    pub kind: MediaKind,
    /// What went wrong last.
    pub error: Option<(ErrorCode, String)>,
    /// How far it is.
    pub progress: Option<ProgressMark>,
    /// How often it was begun.
    pub attempts: u32,
    /// When it was planned.
    pub created_at: OffsetDateTime,
    /// When it last changed.
    pub updated_at: OffsetDateTime,
}

/// A file that was stored and is to be accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct NewMedia {
    /// Id.
    pub id: MediaId,
    /// Owner.
    pub user_id: UserId,
    /// The client's name of the file.
    pub filename: String,
    /// What the owner says of it.
    pub description: Option<String>,
    /// Key within the storage.
    pub key: String,
    /// Where the storage says it is.
    pub url: String,
    /// MIME type by content.
    pub mimetype: String,
    /// What the file is.
    pub facts: MediaFacts,
}

/// A run that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRun {
    /// Id.
    pub id: RunId,
    /// Only these models; empty means every one that fits.
    pub wanted: Vec<ModelName>,
    /// Who waits for it.
    pub urgency: Urgency,
}

/// What is to be done when a run was written.
#[derive(Debug, Clone)]
pub struct Begun {
    /// Events to publish.
    pub events: Vec<Event>,
    /// To plan it.
    pub errand: Errand,
}

/// A name that somebody gave to a request, so that sending it twice is harmless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey {
    /// The name.
    pub name: String,
    /// Of everything that was asked for: the same name on another request is a mistake of the client.
    pub digest: Sha256,
}

/// What an idempotency key led to before.
#[derive(Debug, Clone, PartialEq)]
pub enum Before {
    /// The same request came; this is its medium.
    Same(Box<Media>),
    /// Another request came under this name.
    Other,
}

/// What makes accepting the same file twice harmless.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Once {
    /// A name that the owner gave the request; it is known for a day.
    Key(IdempotencyKey),
    /// The upload whose parts the file was put together from. It is over in the same transaction, with an errand to
    /// remove each of its parts.
    Upload(UploadId),
}

/// What came of accepting a file.
#[derive(Debug, Clone)]
pub enum Accepted {
    /// Media, run and outbox rows were written.
    New(Box<Media>, Begun),
    /// The same came before; this is what it led to.
    Again(Box<Media>),
    /// Another request came before under the same idempotency key.
    KeyTaken,
    /// The upload is no more: it was taken back, or what it led to was removed.
    Gone,
}

/// What came of asking for another run.
#[derive(Debug, Clone)]
pub enum AddRun {
    /// Written.
    Added(Box<Run>, Begun),
    /// The same request came before.
    Again(Box<Run>),
    /// Another request came before under the same idempotency key.
    KeyTaken,
    /// A run of this medium is under way.
    UnderWay,
    /// The owner has no such medium.
    NoMedia,
}

/// What a worker gets when it begins a job.
#[derive(Debug, Clone)]
pub enum Start {
    /// Go on. The attempt has been counted.
    Go(Box<super::Assignment>, Vec<Event>),
    /// The analysis or its run has ended, or the medium is gone: nothing to do.
    Over,
}

/// How an analysis ended.
#[derive(Debug, Clone, PartialEq)]
pub enum EndOfAnalysis {
    /// With an answer.
    Answered(Box<Answer>),
    /// For good, without one.
    Failed {
        /// Kind of error.
        code: ErrorCode,
        /// One line for the owner of the file.
        message: String,
    },
}

/// What came of ending an analysis.
#[derive(Debug, Clone)]
pub struct Ended {
    /// Events to publish; empty when it had ended before.
    pub events: Vec<Event>,
    /// Present when this ended the run.
    pub run: Option<RunStatus>,
}

/// What came of reopening a failed analysis.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reopened {
    /// It has not ended (any more) and needs a job.
    Open,
    /// Another run of the medium is under way; after its end the same call may work.
    Busy,
    /// It never will: it has an answer, its run was cancelled, or its medium is gone.
    Over,
}

/// A run that does not go on by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StalledRun {
    /// Which.
    pub id: RunId,
    /// Of which medium.
    pub media_id: MediaId,
    /// Models that have not ended, whose jobs may be lost; empty for a run that was never planned.
    pub models: Vec<ModelName>,
    /// Place in the queue.
    pub place: u32,
}

/// Runs.
#[async_trait]
pub trait Runs: Send + Sync {
    /// Media, first run, outbox errand [`super::ErrandKind::Plan`] and event, all or nothing.
    async fn accept(
        &self,
        media: &NewMedia,
        run: &NewRun,
        once: Option<&Once>,
        now: OffsetDateTime,
    ) -> Result<Accepted, StoreError>;
    /// What an idempotency key led to before, so that a file need not be stored again.
    async fn accepted_before(
        &self,
        owner: UserId,
        key: &IdempotencyKey,
    ) -> Result<Option<Before>, StoreError>;
    /// Another run, unless one is under way.
    async fn add_run(
        &self,
        owner: UserId,
        media: MediaId,
        run: &NewRun,
        key: Option<&IdempotencyKey>,
        now: OffsetDateTime,
    ) -> Result<AddRun, StoreError>;
    /// What planning needs to know: the run, its medium's kind, owner, and how many unfinished runs that owner has
    /// besides. `None` when the run is gone or not in need of a plan.
    async fn to_plan(&self, id: RunId) -> Result<Option<(Run, MediaKind, UserId, u32)>, StoreError>;
    /// Writes one PENDING row per model and the errand [`super::ErrandKind::Enqueue`], which is returned. Does nothing
    /// when the run is planned already or has ended.
    async fn plan(
        &self,
        id: RunId,
        analyses: &[(AnalysisId, ModelName)],
        place: u32,
        now: OffsetDateTime,
    ) -> Result<Option<Errand>, StoreError>;
    /// Notes why a run cannot be planned yet.
    async fn wait(&self, id: RunId, reason: &Waiting, now: OffsetDateTime) -> Result<(), StoreError>;
    /// Ends a run that no model can take: FAILED, with the verdict "not applicable: no model".
    async fn end_without_models(&self, id: RunId, now: OffsetDateTime) -> Result<Ended, StoreError>;
    /// Begins, or begins again, one model's part.
    async fn start(&self, run: RunId, model: &ModelName, now: OffsetDateTime) -> Result<Start, StoreError>;
    /// Notes how far analyses are, and that somebody still works on them. What has ended stays as it is.
    async fn progress(
        &self,
        marks: &[(RunId, ModelName, Option<ProgressMark>)],
        now: OffsetDateTime,
    ) -> Result<(), StoreError>;
    /// An attempt failed and another one follows: back to PENDING.
    async fn will_retry(
        &self,
        run: RunId,
        model: &ModelName,
        code: ErrorCode,
        message: &str,
        now: OffsetDateTime,
    ) -> Result<Vec<Event>, StoreError>;
    /// Ends one model's part, once; the last one ends the run in the same transaction by the verdict rule.
    async fn end(
        &self,
        run: RunId,
        model: &ModelName,
        end: &EndOfAnalysis,
        now: OffsetDateTime,
    ) -> Result<Ended, StoreError>;
    /// Ends the run if all its parts have ended and it has not: the safety net, which mostly does nothing.
    async fn conclude(&self, run: RunId, now: OffsetDateTime) -> Result<Ended, StoreError>;
    /// Ends a run of this owner as CANCELLED and names the models that had not ended; `None` when there is no such
    /// run, an empty list of events when it had ended.
    async fn cancel(
        &self,
        owner: UserId,
        run: RunId,
        now: OffsetDateTime,
    ) -> Result<Option<(RunDetail, Vec<ModelName>, Vec<Event>)>, StoreError>;
    /// Puts a failed analysis back to PENDING and its run to PROCESSING, for an administrator who retries a dead
    /// letter. Twice is harmless.
    async fn reopen(
        &self,
        run: RunId,
        model: &ModelName,
        now: OffsetDateTime,
    ) -> Result<Reopened, StoreError>;
    /// Runs that wait for a plan since before `before`, and planned runs in which nothing moved since then.
    async fn stalled(&self, before: OffsetDateTime, limit: u16) -> Result<Vec<StalledRun>, StoreError>;
    /// Removes events older than `before`; says how many rows went.
    async fn forget_events(&self, before: OffsetDateTime) -> Result<u64, StoreError>;
}
