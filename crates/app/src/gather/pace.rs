//! Holds progress back, so that nobody is told more than a few times a second. The first and the last mark of a
//! phase always pass.

use std::time::{Duration, Instant};

use crate::ports::ProgressMark;

/// Shortest time between two marks of one phase.
const STEP: Duration = Duration::from_millis(250);

/// What was told last, and what was held back since.
#[derive(Default)]
pub(super) struct Pace {
    told: Option<(ProgressMark, Instant)>,
    held: Option<ProgressMark>,
}

impl Pace {
    /// What is to be told now: nothing, this mark, or also the last one of the phase before.
    pub(super) fn take(&mut self, mark: ProgressMark, now: Instant) -> Vec<ProgressMark> {
        let same = self.told.filter(|(told, _)| told.phase == mark.phase);
        let last = mark.total.is_some_and(|total| mark.done >= total);
        match same {
            Some((told, _)) if told == mark => Vec::new(),
            Some((_, at)) if !last && now.saturating_duration_since(at) < STEP => {
                self.held = Some(mark);
                Vec::new()
            }
            _ => {
                let before = self.held.take().filter(|held| held.phase != mark.phase);
                self.told = Some((mark, now));
                before.into_iter().chain([mark]).collect()
            }
        }
    }

    /// What was held back.
    pub(super) fn rest(&mut self) -> Option<ProgressMark> {
        self.held.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Phase;

    fn mark(phase: Phase, done: u64, total: Option<u64>) -> ProgressMark {
        ProgressMark { phase, done, total }
    }

    #[test]
    fn the_first_and_the_last_mark_pass_and_between_them_four_a_second() {
        let (mut pace, begin) = (Pace::default(), Instant::now());
        let mut told = Vec::new();
        for done in 1..=1000 {
            let now = begin + Duration::from_millis(done * 2);
            told.extend(pace.take(mark(Phase::Frames, done, Some(1000)), now));
        }
        assert_eq!(told.first(), Some(&mark(Phase::Frames, 1, Some(1000))));
        assert_eq!(told.last(), Some(&mark(Phase::Frames, 1000, Some(1000))));
        assert!((8..=10).contains(&told.len()), "{} in two seconds", told.len());
        assert_eq!(pace.rest(), None);
    }

    #[test]
    fn what_was_held_back_of_a_phase_is_told_before_the_next_one_or_at_the_end() {
        let (mut pace, now) = (Pace::default(), Instant::now());
        assert_eq!(pace.take(mark(Phase::Sound, 1, None), now).len(), 1);
        assert_eq!(pace.take(mark(Phase::Sound, 2, None), now), []);
        let both = [mark(Phase::Sound, 2, None), mark(Phase::Frames, 1, None)];
        assert_eq!(pace.take(mark(Phase::Frames, 1, None), now), both);
        assert_eq!(pace.take(mark(Phase::Frames, 2, None), now), []);
        assert_eq!(pace.rest(), Some(mark(Phase::Frames, 2, None)));
    }
}
