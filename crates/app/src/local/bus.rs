//! Signals from one part of this process to the others. Never leaves it.

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, StreamExt as _};
use tokio::sync::broadcast::{self, error::RecvError};

use crate::ports::{Bus, BusError, Signal};

/// A listener may be this many signals behind before it loses the oldest.
const BACKLOG: usize = 4096;

/// A bus within one process. Clones are the same bus.
#[derive(Debug, Clone)]
pub struct MemoryBus {
    signals: broadcast::Sender<Signal>,
}

impl MemoryBus {
    /// A bus to which nobody listens.
    pub fn new() -> Self {
        Self { signals: broadcast::Sender::new(BACKLOG) }
    }
}

impl Default for MemoryBus {
    fn default() -> Self {
        Self::new()
    }
}

#[async_trait]
impl Bus for MemoryBus {
    async fn send(&self, signal: &Signal) -> Result<(), BusError> {
        // An error means that nobody listens now, which is no fault.
        let _ = self.signals.send(signal.clone());
        Ok(())
    }

    async fn listen(&self) -> Result<BoxStream<'static, Signal>, BusError> {
        let signals = stream::unfold(self.signals.subscribe(), |mut receiver| async {
            loop {
                match receiver.recv().await {
                    Ok(signal) => return Some((signal, receiver)),
                    Err(RecvError::Lagged(lost)) => {
                        tracing::warn!(lost, "a listener was too slow for the bus");
                    }
                    Err(RecvError::Closed) => return None,
                }
            }
        });
        Ok(signals.boxed())
    }

    async fn ping(&self) -> Result<(), BusError> {
        Ok(())
    }
}
