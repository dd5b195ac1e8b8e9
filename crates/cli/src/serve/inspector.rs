//! Finds out what an uploaded file is, with the room that reads media.

use std::path::Path;
use std::sync::{Condvar, Mutex, PoisonError};

use dk_app::ports::{InspectError, Inspector};
use dk_app::{Silent, StopToken};
use dk_domain::MediaFacts;
use dk_media::{Limits, MediaError, MediaFile, Tools, mime};

/// Looks at files in this process; what is dangerous happens in limited children.
pub(crate) struct MediaInspector {
    tools: Tools,
    limits: Limits,
    /// Files that may be looked at now; each may need a child with memory of its own.
    free: Mutex<usize>,
    freed: Condvar,
}

impl MediaInspector {
    /// As many files at a time as the machine has cores.
    pub(crate) fn new(tools: Tools, limits: Limits) -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { tools, limits, free: Mutex::new(cores), freed: Condvar::new() }
    }

    fn turn(&self) -> Turn<'_> {
        let free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let mut free = self.freed.wait_while(free, |free| *free == 0).unwrap_or_else(PoisonError::into_inner);
        *free -= 1;
        Turn(self)
    }
}

/// Gives the turn to the next one when dropped.
struct Turn<'a>(&'a MediaInspector);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.free.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.0.freed.notify_one();
    }
}

impl Inspector for MediaInspector {
    fn inspect(&self, path: &Path, stop: &StopToken) -> Result<(MediaFacts, String), InspectError> {
        let _turn = self.turn();
        let file =
            MediaFile::open(path, &self.tools, &self.limits, &Silent, stop).map_err(|fault| error(&fault))?;
        let mime = mime(&file.facts).to_owned();
        Ok((file.facts, mime))
    }
}

/// Words for whoever sent the file: the path of our copy says nothing to them.
fn error(error: &MediaError) -> InspectError {
    let message = match error {
        MediaError::Io { source, .. } => {
            tracing::error!(%error, cause = %source, "an uploaded file could not be read back");
            "the stored copy of the file could not be read".to_owned()
        }
        other => other.to_string(),
    };
    InspectError { code: error.code(), hint: error.hint(), message }
}
