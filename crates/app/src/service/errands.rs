//! Errands on the short way: whoever wrote one hands it to the relay of the same process, which need not look for it
//! in the rows. Nothing depends on it: an errand that is lost here is found in the rows when its head start is over.

use std::sync::Arc;

use tokio::sync::{Mutex, mpsc};

use crate::ports::Errand;

/// Most errands that wait here; more than that are left to the rows.
const MAX_WAITING: usize = 4096;

/// Errands that this process wrote and has not run yet. Cheap to clone.
#[derive(Debug, Clone)]
pub struct OwnErrands {
    sender: mpsc::Sender<Errand>,
    receiver: Arc<Mutex<mpsc::Receiver<Errand>>>,
}

impl Default for OwnErrands {
    fn default() -> Self {
        let (sender, receiver) = mpsc::channel(MAX_WAITING);
        Self { sender, receiver: Arc::new(Mutex::new(receiver)) }
    }
}

impl OwnErrands {
    /// Hands one over.
    pub(super) fn hand_over(&self, errand: Errand) {
        if self.sender.try_send(errand).is_err() {
            tracing::debug!("many errands wait here: this one is left to the rows");
        }
    }

    /// Waits for the next one; each goes to one of those who wait.
    pub(super) async fn next(&self) -> Option<Errand> {
        self.receiver.lock().await.recv().await
    }
}
