//! One lane: takes a file, has the detector look, and passes on what it tells.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use dk_domain::{ErrorCode, Finding, MediaFacts};

use super::pace::Pace;
use super::room::{Job, Room};
use super::words::{judged, panicked, refused};
use crate::ports::ProgressMark;
use crate::{Detector, Effort, Phase, Progress, Request, in_one_line};

/// Works until the room is closed.
pub(super) fn work(room: &Room, detector: &dyn Detector, illustrate: bool) {
    while let Some(job) = room.next() {
        look(room, detector, illustrate, &job);
    }
}

fn look(room: &Room, detector: &dyn Detector, illustrate: bool, job: &Job) {
    let relay = Relay { room, job: job.id, pace: Mutex::default() };
    let path = job.file.path();
    let request = Request { path, models: &job.models, illustrate, effort: Effort::All };
    // A lane that a broken file or model could end would be missing for ever.
    let result = catch_unwind(AssertUnwindSafe(|| detector.detect(&request, &relay, &job.stop)));
    relay.flush();
    match result {
        Ok(Ok(detection)) => room.end(job, |model| judged(&detection, model)),
        Ok(Err(error)) => {
            if error.code != ErrorCode::Stopped {
                tracing::warn!(file.sha256 = %job.sha256, code = error.code.as_str(), error = %in_one_line(&error), "file not judged");
            }
            room.end(job, |_| Some(Err(refused(&error))));
        }
        Err(_) => {
            tracing::error!(file.sha256 = %job.sha256, models = ?job.models, "the detector panicked");
            room.end(job, |_| Some(Err(panicked())));
        }
    }
}

/// Passes on what the detector tells.
struct Relay<'a> {
    room: &'a Room,
    job: u64,
    pace: Mutex<Pace>,
}

impl Relay<'_> {
    /// The pace is valid between two statements.
    fn pace(&self) -> MutexGuard<'_, Pace> {
        self.pace.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn tell(&self, marks: impl IntoIterator<Item = ProgressMark>) {
        let mut marks = marks.into_iter().peekable();
        if marks.peek().is_none() {
            return;
        }
        let watchers = self.room.watchers(self.job);
        for mark in marks {
            for watcher in &watchers {
                watcher(mark);
            }
        }
    }

    /// Tells what was held back.
    fn flush(&self) {
        let last = self.pace().rest();
        self.tell(last);
    }
}

impl Progress for Relay<'_> {
    fn facts(&self, facts: &MediaFacts) {
        self.room.facts(self.job, facts);
    }

    fn advanced(&self, phase: Phase, done: u64, total: Option<u64>) {
        let marks = self.pace().take(ProgressMark { phase, done, total }, Instant::now());
        self.tell(marks);
    }

    fn model_finished(&self, finding: &Finding) {
        self.flush();
        self.room.finished(self.job, finding);
    }
}
