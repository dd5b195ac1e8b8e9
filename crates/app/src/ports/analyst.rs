//! Who judges one file with one model: this process, or an ML server.

use std::sync::Arc;

use async_trait::async_trait;
use dk_domain::{MediaId, MediaKind, ModelName, Prediction, Probability, RunId, Sha256, UserId, Vote};
use time::OffsetDateTime;

use crate::{ErrorCode, ModelCard, StopToken};

pub use dk_domain::ProgressMark;

/// One model's part of a run, with all that is needed to do it.
#[derive(Debug, Clone, PartialEq)]
pub struct Assignment {
    /// Owner of the file.
    pub user_id: UserId,
    /// The file.
    pub media_id: MediaId,
    /// The run.
    pub run_id: RunId,
    /// The model.
    pub model: ModelName,
    /// Key of the file within the storage.
    pub key: String,
    /// Checksum of the file.
    pub sha256: Sha256,
    /// Size of the file.
    pub bytes: u64,
}

/// Hears how far an analysis is; quick, never blocks, called at most a few times a second.
pub type Watcher = Arc<dyn Fn(ProgressMark) + Send + Sync>;

/// A model's answer on one file.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// What the verdict rule needs.
    pub vote: Vote,
    /// What this model alone says.
    pub prediction: Prediction,
    /// How sure the prediction is of itself.
    pub confidence: Option<f64>,
    /// Calibrated P(synthetic).
    pub probability: Option<Probability>,
    /// Seconds.
    pub processing_secs: f64,
    /// Kind of the medium.
    pub kind: MediaKind,
    /// Version of the package that answered.
    pub model_version: String,
    /// The whole result payload of the contract, as JSON text; stored and passed on, never looked into here.
    pub payload: String,
}

/// Why no answer came.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct AskError {
    /// Kind of error; [`ErrorCode::may_pass`] says whether another attempt may help.
    pub code: ErrorCode,
    /// One line for the owner of the file: no path, no address.
    pub message: String,
}

/// A model that can be asked now.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    /// Its card.
    pub card: ModelCard,
    /// Names of the servers that have it.
    pub servers: Vec<String>,
}

/// How a server of models is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ServerState {
    /// Answers and has models.
    Healthy,
    /// Answers, and something is wrong with it.
    Degraded,
    /// Does not answer.
    Unreachable,
}

impl ServerState {
    /// The word in messages and rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Healthy => "HEALTHY",
            Self::Degraded => "DEGRADED",
            Self::Unreachable => "UNREACHABLE",
        }
    }
}

/// A server of models as it was last seen.
#[derive(Debug, Clone, PartialEq)]
pub struct ServerStatus {
    /// Its name: the host and port of its address, or `in-process`.
    pub name: String,
    /// How it is.
    pub state: ServerState,
    /// How long it took to answer.
    pub response_ms: Option<u32>,
    /// What it says of itself (`/stats`), as JSON text.
    pub stats: Option<String>,
    /// When it was asked.
    pub checked_at: OffsetDateTime,
}

/// Judges files with models, here or elsewhere.
#[async_trait]
pub trait Analyst: Send + Sync {
    /// Detectors that can be asked now, in order of name. Empty when no server answers.
    async fn offers(&self) -> Vec<Offer>;
    /// Judges one file with exactly the model that is named; never another one in its place.
    async fn ask(&self, what: &Assignment, watcher: Watcher, stop: StopToken) -> Result<Answer, AskError>;
    /// Every server, asked now or a moment ago; takes well below 200 ms because it waits for no slow one.
    async fn servers(&self) -> Vec<ServerStatus>;
    /// Progress of asked files is published to the bus by the server itself, so the asker need not.
    fn publishes_progress(&self) -> bool;
}
