//! A clock that runs only while somebody waits for the child, and ends the child when its time is used up.
//! A reader that takes its time (a model that thinks about a frame) costs the child nothing.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

pub(super) struct Clock(Arc<State>);

struct State {
    budget: Duration,
    hands: Mutex<Hands>,
    moved: Condvar,
}

#[derive(Default)]
struct Hands {
    waiting_since: Option<Instant>,
    spent: Duration,
    over: bool,
}

impl Clock {
    /// Calls `ring` once when the budget is used up. The thread ends with the clock.
    pub(super) fn start(budget: Duration, ring: impl FnOnce() + Send + 'static) -> Self {
        let state = Arc::new(State { budget, hands: Mutex::default(), moved: Condvar::new() });
        let watched = Arc::clone(&state);
        thread::spawn(move || {
            if watched.run_out() {
                ring();
            }
        });
        Self(state)
    }

    /// Lets the clock run while `work` does.
    pub(super) fn while_waiting<T>(&self, work: impl FnOnce() -> T) -> T {
        self.0.set(|hands| hands.waiting_since = Some(Instant::now()));
        let result = work();
        self.0.set(|hands| {
            if let Some(since) = hands.waiting_since.take() {
                hands.spent += since.elapsed();
            }
        });
        result
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        self.0.set(|hands| hands.over = true);
    }
}

impl State {
    /// A panic between two statements leaves the hands readable.
    fn lock(&self) -> MutexGuard<'_, Hands> {
        self.hands.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, change: impl FnOnce(&mut Hands)) {
        change(&mut self.lock());
        self.moved.notify_one();
    }

    /// Waits until the time is used up (true) or the clock is gone (false).
    fn run_out(&self) -> bool {
        let mut hands = self.lock();
        loop {
            if hands.over {
                return false;
            }
            let Some(since) = hands.waiting_since else {
                hands = self.moved.wait(hands).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let spent = hands.spent + since.elapsed();
            let Some(left) = self.budget.checked_sub(spent).filter(|left| !left.is_zero()) else {
                return true;
            };
            hands = self.moved.wait_timeout(hands, left).unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn it_rings_only_when_somebody_waits() {
        let (bell, heard) = mpsc::channel();
        let clock = Clock::start(Duration::ZERO, move || bell.send(()).expect("the test listens"));
        assert!(heard.try_recv().is_err(), "nobody waits yet");
        clock.while_waiting(|| heard.recv().expect("it rings"));
    }

    #[test]
    fn it_is_silent_when_it_is_dropped_first() {
        let (bell, heard) = mpsc::channel::<()>();
        let clock = Clock::start(Duration::from_hours(1), move || bell.send(()).expect("the test listens"));
        clock.while_waiting(|| ());
        drop(clock);
        assert!(heard.recv().is_err(), "the thread ends without ringing");
    }
}
