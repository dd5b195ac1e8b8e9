//! Live news between processes. May be lost at any time: rows are the truth.

use async_trait::async_trait;
use dk_domain::{MediaId, ModelName, Prediction, Probability, RunId, RunStatus, UserId};
use futures_util::stream::BoxStream;
use time::OffsetDateTime;

use super::ProgressMark;
use crate::ErrorCode;

/// Something that happened to somebody's medium.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Whose medium.
    pub user_id: UserId,
    /// Position in the owner's list of events, from 1 without a gap; `None` for progress, which is not kept.
    pub number: Option<u64>,
    /// Which medium.
    pub media_id: MediaId,
    /// Which run.
    pub run_id: RunId,
    /// When.
    pub at: OffsetDateTime,
    /// What.
    pub kind: EventKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum EventKind {
    /// A file was accepted, or another run asked for.
    Accepted,
    /// A model began.
    Started {
        /// Which.
        model: ModelName,
    },
    /// A model goes on.
    Progress {
        /// Which.
        model: ModelName,
        /// How far.
        mark: ProgressMark,
    },
    /// A model answered.
    Completed {
        /// Which.
        model: ModelName,
        /// What it says.
        prediction: Prediction,
        /// Calibrated P(synthetic), where it looked.
        probability: Option<Probability>,
    },
    /// An attempt of a model failed.
    Failed {
        /// Which.
        model: ModelName,
        /// Kind of error.
        code: ErrorCode,
        /// One line.
        message: String,
        /// Whether another attempt follows.
        will_retry: bool,
    },
    /// The run ended.
    Ended {
        /// How.
        status: RunStatus,
        /// What is said of the file.
        verdict: Option<Prediction>,
        /// Analyses that answered.
        answered: u32,
    },
}

/// What processes tell each other.
#[derive(Debug, Clone, PartialEq)]
pub enum Signal {
    /// For the owner of a medium.
    Event(Box<Event>),
    /// Stop working on a run.
    Cancel(RunId),
    /// A person's sessions were ended or the account was disabled: close sockets whose right has gone.
    Recheck(UserId),
    /// Errands were written: the relay need not wait for its next round.
    Errands,
}

/// Why a signal was not sent.
#[derive(Debug, thiserror::Error)]
#[error("cannot publish a live event")]
pub struct BusError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Carries signals to every process that listens, in the order in which one process sent them.
#[async_trait]
pub trait Bus: Send + Sync {
    /// Sends.
    async fn send(&self, signal: &Signal) -> Result<(), BusError>;
    /// Everything sent from now on. Mends its connection by itself; who is too slow loses the oldest.
    async fn listen(&self) -> Result<BoxStream<'static, Signal>, BusError>;
    /// Whether the bus answers.
    async fn ping(&self) -> Result<(), BusError>;
}
