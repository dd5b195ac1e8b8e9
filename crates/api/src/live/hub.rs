//! Which connections belong to whom. Hands signals over without waiting for anyone.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use dk_app::ports::Event;
use dk_domain::UserId;
use tokio::sync::mpsc::{Receiver, Sender, channel};

/// How many signals may wait for one connection; who is further behind reads the rows.
const FEED_LENGTH: usize = 256;

/// What a connection hears.
#[derive(Debug)]
pub(super) enum Feed {
    /// Something happened to the person's medium.
    Event(Arc<Event>),
    /// A right may have gone.
    Recheck,
    /// Something may have been missed.
    CatchUp,
}

struct Entry {
    id: u64,
    sender: Sender<Feed>,
    behind: Arc<AtomicBool>,
}

/// All connections of this server.
pub(super) struct Hub {
    most_per_user: usize,
    next: AtomicU64,
    users: Mutex<HashMap<UserId, Vec<Entry>>>,
}

/// The place of one connection; dropping it gives it up.
pub(super) struct Seat {
    hub: Arc<Hub>,
    user: UserId,
    id: u64,
}

/// The end of the feed at which a connection listens.
pub(super) struct Listener {
    /// Signals in order.
    pub(super) feed: Receiver<Feed>,
    /// Set when a signal did not fit.
    pub(super) behind: Arc<AtomicBool>,
    _seat: Seat,
}

impl Hub {
    pub(super) fn new(most_per_user: usize) -> Self {
        Self { most_per_user, next: AtomicU64::new(0), users: Mutex::default() }
    }

    /// A place for one more connection of a person; `None` when there are too many. From here on it is heard what
    /// happens.
    pub(super) fn join(self: &Arc<Self>, user: UserId) -> Option<Listener> {
        let (sender, feed) = channel(FEED_LENGTH);
        let behind = Arc::new(AtomicBool::new(false));
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let mut users = self.lock();
        let entries = users.entry(user).or_default();
        if entries.len() >= self.most_per_user {
            return None;
        }
        entries.push(Entry { id, sender, behind: Arc::clone(&behind) });
        drop(users);
        metrics::gauge!("sockets_connected").increment(1.0);
        Some(Listener { feed, behind, _seat: Seat { hub: Arc::clone(self), user, id } })
    }

    /// Something happened to somebody's medium.
    pub(super) fn event(&self, event: &Arc<Event>) {
        let users = self.lock();
        for entry in users.get(&event.user_id).into_iter().flatten() {
            entry.hand_over(Feed::Event(Arc::clone(event)));
        }
    }

    /// A right of this person may have gone.
    pub(super) fn recheck(&self, user: UserId) {
        for entry in self.lock().get(&user).into_iter().flatten() {
            entry.hand_over(Feed::Recheck);
        }
    }

    /// Everyone may have missed something.
    pub(super) fn catch_up(&self) {
        for entry in self.lock().values().flatten() {
            entry.hand_over(Feed::CatchUp);
        }
    }

    /// A panic elsewhere leaves the map valid between two statements.
    fn lock(&self) -> MutexGuard<'_, HashMap<UserId, Vec<Entry>>> {
        self.users.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Entry {
    fn hand_over(&self, feed: Feed) {
        if self.sender.try_send(feed).is_err() {
            // The connection looks at this after each signal: it reads the rows and its rights again.
            self.behind.store(true, Ordering::Release);
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut users = self.hub.lock();
        if let Some(entries) = users.get_mut(&self.user) {
            entries.retain(|entry| entry.id != self.id);
            if entries.is_empty() {
                users.remove(&self.user);
            }
        }
        drop(users);
        metrics::gauge!("sockets_connected").decrement(1.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn one_person_has_so_many_places_and_gets_one_back() {
        let hub = Arc::new(Hub::new(2));
        let ada = UserId::from(Uuid::from_u128(1));
        let first = hub.join(ada).unwrap();
        let _second = hub.join(ada).unwrap();
        assert!(hub.join(ada).is_none());
        assert!(hub.join(UserId::from(Uuid::from_u128(2))).is_some());
        drop(first);
        assert!(hub.join(ada).is_some());
    }

    #[test]
    fn a_slow_connection_is_marked_and_holds_nobody_up() {
        let hub = Arc::new(Hub::new(2));
        let ada = UserId::from(Uuid::from_u128(1));
        let listener = hub.join(ada).unwrap();
        for _ in 0..FEED_LENGTH {
            hub.recheck(ada);
        }
        assert!(!listener.behind.load(Ordering::Acquire));
        hub.recheck(ada);
        assert!(listener.behind.load(Ordering::Acquire));
    }
}
