//! A way to say "stop" to work that runs elsewhere, and to have the work hear it at once.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::oneshot;

type Action = Box<dyn FnOnce() + Send>;

/// Shared by everyone who works on one request. Once stopped it stays stopped.
///
/// Loops ask [`StopToken::is_stopped`] between two items. What cannot ask, a running child or an
/// inference in flight, registers with [`StopToken::on_stop`] what ends it. What waits without a thread waits for
/// [`StopToken::stopped`] too.
#[derive(Clone, Default)]
pub struct StopToken(Arc<State>);

#[derive(Default)]
struct State {
    stopped: AtomicBool,
    actions: Mutex<Actions>,
}

#[derive(Default)]
struct Actions {
    next: u64,
    waiting: BTreeMap<u64, Action>,
}

/// Keeps an action registered; dropping it takes the action back.
#[must_use = "the action is taken back when this is dropped"]
pub struct Watch {
    id: u64,
    state: Arc<State>,
}

impl StopToken {
    /// A token that nobody has stopped.
    pub fn new() -> Self {
        Self::default()
    }

    /// Stops the work: runs every registered action once, on this thread.
    pub fn stop(&self) {
        self.0.stopped.store(true, Ordering::SeqCst);
        let waiting = std::mem::take(&mut self.0.lock().waiting);
        for action in waiting.into_values() {
            action();
        }
    }

    /// Whether somebody asked to stop.
    pub fn is_stopped(&self) -> bool {
        self.0.stopped.load(Ordering::SeqCst)
    }

    /// Ends when the token is stopped; at once if it is already. Dropping it leaves nothing behind.
    pub async fn stopped(&self) {
        let (sender, receiver) = oneshot::channel();
        let _watch = self.on_stop(move || {
            // Nobody listens any more: the wait has ended in the same moment.
            let _ = sender.send(());
        });
        // The sender lives in the token as long as the watch does, so this only ends by a stop.
        let _ = receiver.await;
    }

    /// Runs `action` when the token is stopped; at once if it is already.
    pub fn on_stop(&self, action: impl FnOnce() + Send + 'static) -> Watch {
        let id = {
            let mut actions = self.0.lock();
            actions.next += 1;
            let id = actions.next;
            actions.waiting.insert(id, Box::new(action));
            id
        };
        // Between the insertion and here `stop` may have run and taken the map; if it ran before the
        // insertion, the action is still there and this runs it.
        // Taken out in a statement of its own, so that the lock is free while the action runs.
        let late = if self.is_stopped() { self.0.lock().waiting.remove(&id) } else { None };
        if let Some(late) = late {
            late();
        }
        Watch { id, state: Arc::clone(&self.0) }
    }
}

impl State {
    /// An action that panicked poisons nothing worth losing: the map is valid between two statements.
    fn lock(&self) -> MutexGuard<'_, Actions> {
        self.actions.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.state.lock().waiting.remove(&self.id);
    }
}

impl fmt::Debug for StopToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StopToken").field("stopped", &self.is_stopped()).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicUsize;

    #[test]
    fn an_action_runs_once_even_when_it_comes_late_or_stop_comes_twice() {
        let token = StopToken::new();
        let count = Arc::new(AtomicUsize::new(0));
        let bump = |count: &Arc<AtomicUsize>| {
            let count = Arc::clone(count);
            move || {
                count.fetch_add(1, Ordering::SeqCst);
            }
        };
        let _early = token.on_stop(bump(&count));
        drop(token.on_stop(bump(&count)));
        token.stop();
        token.stop();
        let _late = token.on_stop(bump(&count));
        assert_eq!(count.load(Ordering::SeqCst), 2);
    }

    #[tokio::test]
    async fn whoever_waits_hears_the_stop_whenever_it_comes_and_leaves_nothing_behind() {
        let token = StopToken::new();
        {
            let mut given_up = std::pin::pin!(token.stopped());
            assert!(futures_util::poll!(&mut given_up).is_pending());
            assert_eq!(token.0.lock().waiting.len(), 1);
        }
        assert!(token.0.lock().waiting.is_empty());
        let waiting = tokio::spawn({
            let token = token.clone();
            async move { token.stopped().await }
        });
        tokio::task::yield_now().await;
        token.stop();
        waiting.await.unwrap();
        token.stopped().await;
    }
}
