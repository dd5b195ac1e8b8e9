//! Counters that all API servers share: fixed windows, each of which begins with the first time counted in it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use async_trait::async_trait;
use dk_app::ports::{Allowance, Limiter, Quota};
use redis::Script;
use tokio::time::timeout;

use crate::Redis;

/// Every request waits for its counter.
const PATIENCE: Duration = Duration::from_millis(200);

/// Key: the counter. Arguments: limit, window in milliseconds. Returns whether it was counted, the count, and the
/// milliseconds that the window still lasts. A refused time is not counted, so that nobody is locked out for ever.
static TAKE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local taken = tonumber(redis.call('GET', KEYS[1]) or '0')
        local left = redis.call('PTTL', KEYS[1])
        if left < 0 then
            taken = 0
            left = tonumber(ARGV[2])
            redis.call('SET', KEYS[1], '0', 'PX', left)
        end
        if taken >= tonumber(ARGV[1]) then
            return {0, taken, left}
        end
        return {1, redis.call('INCR', KEYS[1]), left}
        ",
    )
});

/// Counters on a Redis server.
#[derive(Debug, Clone)]
pub struct RedisLimiter {
    redis: Redis,
    is_down: Arc<AtomicBool>,
}

impl RedisLimiter {
    pub(crate) fn new(redis: Redis) -> Self {
        Self { redis, is_down: Arc::default() }
    }

    fn key(&self, key: &str) -> String {
        self.redis.name(&format!("limit:{key}"))
    }

    async fn count(&self, key: &str, quota: Quota) -> Result<(bool, u32, u64), redis::RedisError> {
        let mut call = TAKE.key(self.key(key));
        call.arg(quota.limit).arg(u64::try_from(quota.window.as_millis()).unwrap_or(u64::MAX).max(1));
        let first = call.invoke_async(&mut self.redis.connection()).await;
        match first {
            // A connection that was cut while nobody used it says so to the first who does.
            Err(error) if error.is_io_error() && !error.is_timeout() => {
                call.invoke_async(&mut self.redis.connection()).await
            }
            other => other,
        }
    }

    /// One line when the server goes, and one when it is back.
    fn note(&self, why: Option<&(dyn std::error::Error + 'static)>) {
        let was_down = self.is_down.swap(why.is_some(), Ordering::Relaxed);
        match why {
            Some(error) if !was_down => {
                tracing::warn!(error, "rate limits are off until Redis is back");
            }
            None if was_down => tracing::info!("rate limits are on again"),
            _ => {}
        }
    }
}

#[async_trait]
impl Limiter for RedisLimiter {
    async fn take(&self, key: &str, quota: Quota) -> Allowance {
        let counted = timeout(PATIENCE, self.count(key, quota)).await;
        let error: Box<dyn std::error::Error + Send + Sync> = match counted {
            Ok(Ok((allowed, taken, left_ms))) => {
                self.note(None);
                let remaining = quota.limit.saturating_sub(taken);
                return Allowance { allowed, remaining, reset_after: Duration::from_millis(left_ms) };
            }
            Ok(Err(error)) => error.into(),
            Err(late) => late.into(),
        };
        self.note(Some(error.as_ref()));
        metrics::counter!("limiter_unreachable_total").increment(1);
        Allowance { allowed: true, remaining: quota.limit, reset_after: quota.window }
    }

    async fn forget(&self, key: &str) {
        let mut command = redis::cmd("DEL");
        command.arg(self.key(key));
        // Where it fails, the counter goes with its window.
        let forgotten = timeout(PATIENCE, self.redis.ask::<()>(&command)).await;
        if !matches!(forgotten, Ok(Ok(()))) {
            tracing::debug!("a rate limit was not forgotten");
        }
    }
}
