//! Progress comes as fast as models count; people get at most four marks a second of one analysis, the newest.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use dk_app::ports::{Event, EventKind};
use dk_domain::{ModelName, RunId};
use tokio::time::Instant;

/// The shortest time between two marks of one analysis.
pub(super) const STEP: Duration = Duration::from_millis(250);
/// An analysis of which nothing more is heard is forgotten.
const FORGET: Duration = Duration::from_mins(2);

struct Lane {
    sent_at: Instant,
    waiting: Option<Arc<Event>>,
}

/// Holds progress back.
#[derive(Default)]
pub(super) struct Pace {
    lanes: HashMap<(RunId, ModelName), Lane>,
}

impl Pace {
    /// Takes a mark; returns it when it may go out now.
    pub(super) fn take(&mut self, event: &Arc<Event>, now: Instant) -> Option<Arc<Event>> {
        let EventKind::Progress { model, .. } = &event.kind else { return None };
        let lane = self.lanes.get_mut(&(event.run_id, model.clone()));
        let Some(lane) = lane else {
            self.lanes.insert((event.run_id, model.clone()), Lane { sent_at: now, waiting: None });
            return Some(Arc::clone(event));
        };
        if now.duration_since(lane.sent_at) >= STEP {
            lane.sent_at = now;
            lane.waiting = None;
            return Some(Arc::clone(event));
        }
        lane.waiting = Some(Arc::clone(event));
        None
    }

    /// Marks whose time has come.
    pub(super) fn due(&mut self, now: Instant) -> Vec<Arc<Event>> {
        self.lanes.retain(|_, lane| lane.waiting.is_some() || now.duration_since(lane.sent_at) < FORGET);
        let ready = self.lanes.values_mut().filter(|lane| now.duration_since(lane.sent_at) >= STEP);
        ready
            .filter_map(|lane| {
                let event = lane.waiting.take()?;
                lane.sent_at = now;
                Some(event)
            })
            .collect()
    }

    /// Something final was heard: what waits about it is old.
    pub(super) fn settle(&mut self, event: &Event) {
        match &event.kind {
            EventKind::Completed { model, .. } | EventKind::Failed { model, .. } => {
                self.lanes.remove(&(event.run_id, model.clone()));
            }
            EventKind::Ended { .. } => self.lanes.retain(|(run, _), _| *run != event.run_id),
            EventKind::Accepted | EventKind::Started { .. } | EventKind::Progress { .. } => {}
        }
    }

    /// When the next mark that waits may go out.
    pub(super) fn next(&self) -> Option<Instant> {
        self.lanes.values().filter(|lane| lane.waiting.is_some()).map(|lane| lane.sent_at + STEP).min()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use dk_domain::{MediaId, Phase, ProgressMark, UserId};
    use time::OffsetDateTime;
    use uuid::Uuid;

    fn event(kind: EventKind) -> Arc<Event> {
        Arc::new(Event {
            user_id: UserId::from(Uuid::from_u128(1)),
            number: None,
            media_id: MediaId::from(Uuid::from_u128(2)),
            run_id: RunId::from(Uuid::from_u128(3)),
            at: OffsetDateTime::UNIX_EPOCH,
            kind,
        })
    }

    fn mark(done: u64) -> Arc<Event> {
        let mark = ProgressMark { phase: Phase::Frames, done, total: None };
        event(EventKind::Progress { model: "some-model".parse().unwrap(), mark })
    }

    #[test]
    fn the_first_and_the_newest_mark_go_out_and_those_between_do_not() {
        let mut pace = Pace::default();
        let begin = Instant::now();
        assert_eq!(pace.take(&mark(1), begin), Some(mark(1)));
        assert_eq!(pace.take(&mark(2), begin), None);
        assert_eq!(pace.take(&mark(3), begin), None);
        assert!(pace.due(begin).is_empty());
        assert_eq!(pace.next(), Some(begin + STEP));
        assert_eq!(pace.due(begin + STEP), [mark(3)]);
        assert_eq!(pace.next(), None);
    }

    #[test]
    fn no_mark_comes_after_the_end_of_its_analysis() {
        let mut pace = Pace::default();
        let begin = Instant::now();
        pace.take(&mark(1), begin);
        pace.take(&mark(2), begin);
        let model = "some-model".parse().unwrap();
        pace.settle(&event(EventKind::Completed {
            model,
            prediction: dk_domain::Prediction::Real,
            probability: None,
        }));
        assert!(pace.due(begin + STEP).is_empty());
    }
}
