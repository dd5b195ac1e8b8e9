//! What the use-cases need from outside. Adapters on higher floors bring it; `dk-cli` chooses which.

mod accounts;
mod ambient;
mod analyst;
mod bus;
mod health;
mod inspector;
mod library;
mod limits;
mod outbox;
mod passwords;
mod queue;
mod runs;
mod storage;
mod uploads;

pub use accounts::{
    Accounts, AddUser, ApiKey, AuditEntry, Caller, Exchange, NewSession, PasswordHash, Rotation, SecretHash,
    Session, SetPassword, TokenHashes, User, UserEdit,
};
pub use ambient::Ambient;
pub use analyst::{
    Analyst, Answer, AskError, Assignment, Offer, ProgressMark, ServerState, ServerStatus, Watcher,
};
pub use bus::{Bus, BusError, Event, EventKind, Signal};
pub use health::{HealthLog, HealthRecord};
pub use inspector::{Content, InspectError, Inspector};
pub use library::{
    Library, Media, MediaDetail, MediaFilter, MediaPage, MediaPart, MediaPlace, MediaSort, Page, Paged,
    RemovedMedia, searched,
};
pub use limits::{Allowance, Limiter, Quota};
pub use outbox::{Errand, ErrandKind, HEAD_START, Outbox};
pub use passwords::{PasswordError, Passwords};
pub use queue::{
    FailedJob, Job, JobFailure, JobHandler, JobKind, JobQueue, Planned, QueueCounts, QueueError, WorkOptions,
    told,
};
pub use runs::{
    Accepted, AddRun, Analysis, Before, Begun, EndOfAnalysis, Ended, IdempotencyKey, NewMedia, NewRun, Once,
    Reopened, Run, RunDetail, Runs, StalledRun, Start,
};
pub use storage::{
    ByteStream, Incoming, LocalFile, Mark, NoMark, Staged, Storage, StorageError, Stored, StoredEntry,
};
pub use uploads::{
    AddPart, NewUpload, PartPlace, PartialUpload, UploadPart, UploadRefusal, UploadState, Uploads,
};

/// Why a store of rows could not answer.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached now; the same call may succeed later.
    #[error("the database cannot be reached while trying to {tried}")]
    Unavailable {
        /// What was tried, such as `read a run`.
        tried: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It answered with something that cannot be: a fault of ours.
    #[error("the database refused to {tried}")]
    Refused {
        /// What was tried.
        tried: &'static str,
        /// Why.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

impl StoreError {
    /// Whether the same call may succeed later.
    pub fn may_pass(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }
}
