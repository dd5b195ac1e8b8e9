//! Keeps in the rows how far running analyses are, so that a reload shows the same as the live events, and that
//! somebody still works on them. Marks are gathered and written together, about once a second.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dk_app::StopToken;
use dk_app::ports::{ProgressMark, Watcher};
use dk_app::service::Ports;
use dk_domain::{ModelName, RunId};

use crate::until::pause_or_stop;

const EVERY: Duration = Duration::from_secs(1);
/// Every so many rounds those are written too of which nothing was heard: a sign of life.
const SIGN_OF_LIFE: u32 = 5;

type Key = (RunId, ModelName);

/// Marks of the analyses that run in this process.
#[derive(Default)]
pub(crate) struct Keeper {
    marks: Mutex<HashMap<Key, Slot>>,
}

#[derive(Default)]
struct Slot {
    mark: Option<ProgressMark>,
    is_new: bool,
}

/// Forgets the analysis when it has ended.
pub(crate) struct Kept {
    keeper: Arc<Keeper>,
    key: Key,
}

impl Keeper {
    /// Begins to keep one analysis; the watcher takes its marks.
    pub(crate) fn follow(self: &Arc<Self>, run: RunId, model: &ModelName) -> (Kept, Watcher) {
        let key = (run, model.clone());
        self.lock().insert(key.clone(), Slot::default());
        let (keeper, watched) = (Arc::clone(self), key.clone());
        let watcher: Watcher = Arc::new(move |mark| keeper.note(&watched, mark));
        (Kept { keeper: Arc::clone(self), key }, watcher)
    }

    /// A mark that was published by the server that does the work.
    pub(crate) fn note(&self, key: &Key, mark: ProgressMark) {
        if let Some(slot) = self.lock().get_mut(key) {
            *slot = Slot { mark: Some(mark), is_new: true };
        }
    }

    fn due(&self, all: bool) -> Vec<(RunId, ModelName, Option<ProgressMark>)> {
        let mut marks = self.lock();
        let due = marks.iter_mut().filter(|(_, slot)| all || slot.is_new);
        due.map(|((run, model), slot)| {
            slot.is_new = false;
            (*run, model.clone(), slot.mark)
        })
        .collect()
    }

    /// A panic in another holder leaves a valid map.
    fn lock(&self) -> MutexGuard<'_, HashMap<Key, Slot>> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        self.keeper.lock().remove(&self.key);
    }
}

/// Writes marks until `stop`.
pub(crate) async fn keep(keeper: Arc<Keeper>, ports: Ports, stop: StopToken) {
    let mut round = 0_u32;
    while !pause_or_stop(EVERY, &stop).await {
        round = round.wrapping_add(1);
        let due = keeper.due(round.is_multiple_of(SIGN_OF_LIFE));
        if due.is_empty() {
            continue;
        }
        if let Err(error) = ports.runs.progress(&due, ports.ambient.now()).await {
            tracing::warn!(error = &error as &dyn std::error::Error, "progress was not kept");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dk_app::ports::ProgressMark;
    use dk_domain::Phase;

    #[test]
    fn a_mark_is_written_once_and_a_sign_of_life_for_all_that_run() {
        let keeper = Arc::new(Keeper::default());
        let run = RunId::from(uuid::Uuid::from_u128(1));
        let model: ModelName = "clip-probe".parse().unwrap();
        let (kept, watcher) = keeper.follow(run, &model);
        assert!(keeper.due(false).is_empty());
        let mark = ProgressMark { phase: Phase::Frames, done: 3, total: None };
        watcher(mark);
        assert_eq!(keeper.due(false), [(run, model.clone(), Some(mark))]);
        assert!(keeper.due(false).is_empty());
        assert_eq!(keeper.due(true), [(run, model, Some(mark))]);
        drop(kept);
        watcher(mark);
        assert!(keeper.due(true).is_empty());
    }
}
