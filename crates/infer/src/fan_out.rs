//! One stream of items, decoded once, seen by several judges at the same time, each on a thread of its own.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;
use std::time::Instant;

use dk_app::StopToken;
use dk_domain::{Outcome, Reason};

use crate::judge::{Failure, Judge};

/// Items that may wait for a judge; small, because an item can be a whole frame.
const WAITING: usize = 2;

/// What came of one judge.
pub(crate) struct Judged {
    pub(crate) outcome: Result<Outcome, Failure>,
    pub(crate) took_secs: f64,
}

impl Judged {
    /// Adds a remark to an opinion.
    pub(crate) fn add_reason(&mut self, reason: Reason) {
        if let Ok(Outcome::Answer(opinion)) = &mut self.outcome
            && !opinion.reasons.contains(&reason)
        {
            opinion.reasons.push(reason);
        }
    }
}

/// Feeds every item to every judge. `produce` hands items to its argument until that says `false`, which
/// it does when nobody listens any more; its own error wins over everything.
pub(crate) fn fan_out<Item: Send + Sync, E>(
    judges: Vec<Box<dyn Judge<Item> + '_>>,
    stop: &StopToken,
    produce: impl FnOnce(&mut dyn FnMut(Item) -> bool) -> Result<(), E>,
) -> Result<Vec<Judged>, E> {
    // Set before the items end when they end too early: nobody may conclude from half a file.
    let broken = AtomicBool::new(false);
    thread::scope(|scope| {
        let mut senders: Vec<Option<SyncSender<Arc<Item>>>> = Vec::new();
        let mut threads = Vec::new();
        let broken = &broken;
        for judge in judges {
            let (sender, items) = sync_channel::<Arc<Item>>(WAITING);
            senders.push(Some(sender));
            threads.push(scope.spawn(move || judge_all(judge, items.into_iter(), stop, broken)));
        }
        let produced = produce(&mut |item| {
            let item = Arc::new(item);
            for sender in &mut senders {
                // A judge that failed has dropped its end; the others go on.
                if sender.as_ref().is_some_and(|s| s.send(Arc::clone(&item)).is_err()) {
                    *sender = None;
                }
            }
            senders.iter().any(Option::is_some) && !stop.is_stopped()
        });
        broken.store(produced.is_err(), Ordering::SeqCst);
        drop(senders);
        let judged = threads.into_iter().map(|t| t.join().unwrap_or_else(|_| panicked())).collect();
        produced.map(|()| judged)
    })
}

fn judge_all<Item>(
    mut judge: Box<dyn Judge<Item> + '_>,
    items: impl Iterator<Item = Arc<Item>>,
    stop: &StopToken,
    broken: &AtomicBool,
) -> Judged {
    let mut started = None;
    let see_all = || {
        for item in items {
            started.get_or_insert_with(Instant::now);
            if stop.is_stopped() {
                return Err(Failure::Stopped);
            }
            judge.see(&item, stop)?;
        }
        if stop.is_stopped() || broken.load(Ordering::SeqCst) {
            return Err(Failure::Stopped);
        }
        judge.conclude(stop)
    };
    let outcome = see_all();
    Judged { outcome, took_secs: started.map_or(0.0, |at| at.elapsed().as_secs_f64()) }
}

fn panicked() -> Judged {
    Judged { outcome: Err(Failure::Broken("the pipeline panicked".to_owned())), took_secs: 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counter(usize, Option<usize>);

    impl Judge<usize> for Counter {
        fn see(&mut self, item: &usize, _: &StopToken) -> Result<(), Failure> {
            assert_eq!(*item, self.0, "items come in order and none is lost");
            self.0 += 1;
            if self.1 == Some(self.0) { Err(Failure::Broken("enough".into())) } else { Ok(()) }
        }
        fn conclude(&mut self, _: &StopToken) -> Result<Outcome, Failure> {
            assert_eq!(self.0, 100);
            Ok(Outcome::NotApplicable(vec![Reason::NoFace]))
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "what produces can fail, and this one does not")]
    fn count_to_100(see: &mut dyn FnMut(usize) -> bool) -> Result<(), String> {
        (0..100).all(see);
        Ok(())
    }

    #[test]
    fn a_judge_that_fails_does_not_stop_the_others() {
        let judges: Vec<Box<dyn Judge<usize>>> =
            vec![Box::new(Counter(0, Some(3))), Box::new(Counter(0, None))];
        let judged = fan_out(judges, &StopToken::new(), count_to_100).unwrap();
        assert!(matches!(judged[0].outcome, Err(Failure::Broken(_))));
        assert!(judged[1].outcome.is_ok());
    }

    #[test]
    fn when_all_have_failed_nothing_more_is_decoded() {
        let judges: Vec<Box<dyn Judge<usize>>> = vec![Box::new(Counter(0, Some(3)))];
        let mut made = 0;
        let produced = fan_out(judges, &StopToken::new(), |see| {
            (0..100).all(|n| {
                made += 1;
                see(n)
            });
            Ok::<_, String>(())
        });
        assert!(produced.is_ok());
        assert!(made < 100, "{made} items were made for nobody");
    }

    #[test]
    fn stop_ends_every_judge_as_stopped() {
        let stop = StopToken::new();
        let judges: Vec<Box<dyn Judge<usize>>> = vec![Box::new(Counter(0, None))];
        let judged = fan_out(judges, &stop, |see| {
            see(0);
            stop.stop();
            see(1);
            Ok::<_, String>(())
        })
        .unwrap();
        assert!(matches!(judged[0].outcome, Err(Failure::Stopped)));
    }
}
