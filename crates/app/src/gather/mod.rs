//! Gathers requests for one file: all that come within a moment become one look at it, so that several models cost
//! one decode. Runs the detector on a few plain threads. Knows nothing of storage, servers or people.

mod pace;
mod relay;
mod room;
mod words;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::{io, thread};

use dk_domain::{Finding, MediaFacts, ModelName, Sha256};

use crate::ports::{AskError, LocalFile, Watcher};
use crate::{Detector, StopToken};
use room::Room;

/// How requests are gathered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GatherOptions {
    /// Files that are looked at at the same time; at least 1.
    pub lanes: usize,
    /// How long the first request for a file waits for others.
    pub window_ms: u64,
    /// Most requests that wait; one more is [`Busy`].
    pub max_waiting: usize,
    /// Whether heat maps are wanted with the findings; see [`crate::Request::illustrate`].
    pub illustrate: bool,
}

impl Default for GatherOptions {
    fn default() -> Self {
        Self { lanes: 1, window_ms: 20, max_waiting: 256, illustrate: true }
    }
}

/// A file that stays where it is while this is held.
pub trait HeldFile: Send + Sync {
    /// Where it is.
    fn path(&self) -> &Path;
}

impl HeldFile for LocalFile {
    fn path(&self) -> &Path {
        Self::path(self)
    }
}

/// One model is to look at one file.
pub struct Ask {
    /// Checksum of the file; requests with the same one are gathered.
    pub sha256: Sha256,
    /// The file, held until it is no longer needed.
    pub file: Arc<dyn HeldFile>,
    /// Which model.
    pub model: ModelName,
    /// Hears how far it is, at most a few times a second.
    pub watcher: Watcher,
    /// Ends this request at once; the look goes on as long as another request needs it.
    pub stop: StopToken,
}

/// What the file is, and what the model says of it.
pub type Found = (MediaFacts, Finding);

/// Gets the answer, exactly once; quick, never blocks, never panics.
pub type Reply = Box<dyn FnOnce(Result<Found, AskError>) + Send>;

/// So many requests wait that another one is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many requests are waiting")]
pub struct Busy;

/// How much there is to do at a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct GatherFigures {
    /// Requests that wait.
    pub waiting: usize,
    /// Requests whose file is being looked at.
    pub active: usize,
    /// Files that wait or are looked at.
    pub files: usize,
}

/// Gathers requests and has a detector look.
///
/// Dropping it ends every request as stopped.
pub struct Gather {
    room: Arc<Room>,
    options: GatherOptions,
}

impl Gather {
    /// Starts the lanes. An error means that the system gave no thread.
    pub fn new(detector: &Arc<dyn Detector>, options: GatherOptions) -> io::Result<Self> {
        let options = GatherOptions { lanes: options.lanes.max(1), ..options };
        let gather = Self { room: Arc::new(Room::new(options)), options };
        for number in 0..options.lanes {
            let (room, detector) = (Arc::clone(&gather.room), Arc::clone(detector));
            let lane = thread::Builder::new().name(format!("lane-{number}"));
            lane.spawn(move || relay::work(&room, detector.as_ref(), options.illustrate))?;
        }
        Ok(gather)
    }

    /// Adds a request. `reply` is called on some other thread, or on this one where the request is stopped already;
    /// it is not called when this returns [`Busy`].
    pub fn submit(&self, ask: Ask, reply: Reply) -> Result<(), Busy> {
        let window = Duration::from_millis(self.options.window_ms);
        Room::enter(&self.room, ask, reply, window)
    }

    /// How much there is to do now.
    pub fn figures(&self) -> GatherFigures {
        self.room.figures()
    }

    /// How it was set up.
    pub fn options(&self) -> GatherOptions {
        self.options
    }

    /// Ends every request as stopped and lets the lanes end; what is submitted later is stopped too.
    pub fn close(&self) {
        self.room.close();
    }
}

impl Drop for Gather {
    fn drop(&mut self) {
        self.close();
    }
}

#[cfg(test)]
mod tests;
