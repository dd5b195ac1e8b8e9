//! Live news between processes. May be lost at any time: rows are the truth.

use async_trait::async_trait;
use dk_domain::{RunId, UserId};
use futures_util::stream::BoxStream;

pub use dk_domain::{Event, EventKind};

/// What processes tell each other.
#[derive(Debug, Clone, PartialEq)]
pub enum Signal {
    /// For the owner of a medium.
    Event(Box<Event>),
    /// Stop working on a run.
    Cancel(RunId),
    /// A person's sessions were ended or the account was disabled: close sockets whose right has gone.
    Recheck(UserId),
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
