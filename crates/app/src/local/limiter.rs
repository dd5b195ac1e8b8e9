//! Counts within this process. Another process counts for itself.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use time::OffsetDateTime;

use crate::ports::{Allowance, Ambient, Limiter, Quota};

/// Windows that have ended are thrown away when the map has grown to twice of what was left the last time, and
/// never below this many.
const FEWEST: usize = 1024;

/// Fixed windows, each of which begins with the first time that is counted in it.
pub struct MemoryLimiter {
    ambient: Arc<dyn Ambient>,
    windows: Mutex<Windows>,
}

struct Windows {
    of: HashMap<String, Window>,
    sweep_at: usize,
}

struct Window {
    taken: u32,
    ends_at: OffsetDateTime,
}

impl MemoryLimiter {
    /// Nothing counted yet.
    pub fn new(ambient: Arc<dyn Ambient>) -> Self {
        Self { ambient, windows: Mutex::new(Windows { of: HashMap::new(), sweep_at: FEWEST }) }
    }

    /// A panic in another holder leaves a valid map.
    fn lock(&self) -> MutexGuard<'_, Windows> {
        self.windows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Windows {
    fn sweep(&mut self, now: OffsetDateTime) {
        if self.of.len() >= self.sweep_at {
            self.of.retain(|_, window| window.ends_at > now);
            self.sweep_at = (self.of.len() * 2).max(FEWEST);
        }
    }
}

impl fmt::Debug for MemoryLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryLimiter").field("windows", &self.lock().of.len()).finish_non_exhaustive()
    }
}

#[async_trait]
impl Limiter for MemoryLimiter {
    async fn take(&self, key: &str, quota: Quota) -> Allowance {
        let now = self.ambient.now();
        let mut windows = self.lock();
        windows.sweep(now);
        let window = windows.of.entry(key.to_owned()).or_insert(Window { taken: 0, ends_at: now });
        // Also where the clock was put back by more than a window: nobody is locked out for longer than one.
        if window.ends_at <= now || window.ends_at > now + quota.window {
            *window = Window { taken: 0, ends_at: now + quota.window };
        }
        let allowed = window.taken < quota.limit;
        if allowed {
            window.taken += 1;
        }
        Allowance {
            allowed,
            remaining: quota.limit.saturating_sub(window.taken),
            reset_after: Duration::try_from(window.ends_at - now).unwrap_or_default(),
        }
    }

    async fn forget(&self, key: &str) {
        self.lock().of.remove(key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicI64, Ordering};
    use uuid::Uuid;

    #[derive(Default)]
    struct Clock(AtomicI64);

    impl Ambient for Clock {
        fn now(&self) -> OffsetDateTime {
            OffsetDateTime::UNIX_EPOCH + time::Duration::milliseconds(self.0.load(Ordering::SeqCst))
        }
        fn id(&self) -> Uuid {
            Uuid::nil()
        }
        fn secret(&self) -> [u8; 32] {
            [0; 32]
        }
    }

    #[tokio::test]
    async fn keys_that_come_once_do_not_pile_up() {
        let clock = Arc::new(Clock::default());
        let limiter = MemoryLimiter::new(Arc::<Clock>::clone(&clock));
        let quota = Quota { limit: 1, window: Duration::from_millis(10) };
        for key in 0..20_000 {
            clock.0.fetch_add(1, Ordering::SeqCst);
            limiter.take(&key.to_string(), quota).await;
            assert!(limiter.lock().of.len() <= FEWEST);
        }
    }

    #[tokio::test]
    async fn a_clock_that_was_put_back_locks_nobody_out_for_longer_than_a_window() {
        let clock = Arc::new(Clock::default());
        clock.0.store(3_600_000, Ordering::SeqCst);
        let limiter = MemoryLimiter::new(Arc::<Clock>::clone(&clock));
        let quota = Quota { limit: 1, window: Duration::from_secs(1) };
        assert!(limiter.take("a", quota).await.allowed);
        clock.0.store(0, Ordering::SeqCst);
        let allowance = limiter.take("a", quota).await;
        assert!(allowance.allowed && allowance.reset_after <= quota.window, "{allowance:?}");
    }
}
