//! Progress on its way to the bus. One task sends, so that marks arrive in order; when it cannot keep up, marks are
//! left out: rows are the truth.

use std::sync::Arc;

use dk_app::ports::{Bus, Event, Signal};
use tokio::sync::mpsc;

/// Events that may wait for the bus.
const WAITING: usize = 256;

/// Sends events without anybody waiting for it.
pub(super) struct Publisher(mpsc::Sender<Event>);

impl Publisher {
    /// Sends as long as the publisher lives.
    pub(super) fn start(bus: Arc<dyn Bus>) -> Self {
        let (sender, mut events) = mpsc::channel(WAITING);
        tokio::spawn(async move {
            while let Some(event) = events.recv().await {
                if let Err(error) = bus.send(&Signal::Event(Box::new(event))).await {
                    tracing::debug!(error = &error as &dyn std::error::Error, "progress was not published");
                }
            }
        });
        Self(sender)
    }

    /// Where to put events.
    pub(super) fn sender(&self) -> mpsc::Sender<Event> {
        self.0.clone()
    }
}
