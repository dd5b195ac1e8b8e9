//! Limits, shared through Redis or within one process.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use dk_app::local::MemoryLimiter;
use dk_app::ports::{Ambient, Limiter, Quota};
use dk_contract::limiter as promise;
use dk_redis::{Redis, RedisLimiter};
use dk_testkit::redis::Server;
use time::OffsetDateTime;
use tokio::time::timeout;
use uuid::Uuid;

use crate::support::PATIENCE;

fn limiter(server: &Server) -> RedisLimiter {
    Redis::open(&server.url(), Some("test")).unwrap().limiter()
}

#[derive(Default)]
struct Clock(AtomicI64);

impl Ambient for Clock {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH + time::Duration::seconds(self.0.load(Ordering::SeqCst))
    }
    fn id(&self) -> Uuid {
        Uuid::nil()
    }
    fn secret(&self) -> [u8; 32] {
        [0; 32]
    }
}

fn local() -> (Arc<Clock>, MemoryLimiter) {
    let clock = Arc::new(Clock::default());
    (Arc::clone(&clock), MemoryLimiter::new(clock))
}

#[tokio::test]
async fn limits_on_redis_keep_the_promises() {
    let server = Server::start().unwrap();
    let limiter = limiter(&server);
    // The clock of a server cannot be moved; its windows can be ended.
    let end_windows = async || {
        let left_ms = server.command("PTTL test:limit:a").unwrap();
        let left_ms: u128 = left_ms.trim_start_matches(':').parse().expect("the counter has no end");
        assert!(left_ms > 0 && left_ms <= promise::WINDOW.as_millis());
        server.flush().unwrap();
    };
    promise::a_quota_is_used_up_and_comes_back_with_the_next_window(&limiter, end_windows).await;
    promise::keys_are_counted_apart(&limiter).await;
    server.flush().unwrap();
    promise::many_at_once_get_exactly_the_quota(&limiter).await;
    promise::what_is_forgotten_begins_anew(&limiter).await;
    server.flush().unwrap();
    promise::a_quota_of_nothing_allows_nothing(&limiter).await;
    server.flush().unwrap();
    let other = Redis::open(&server.url(), Some("test")).unwrap().limiter();
    promise::two_servers_count_together(&limiter, &other).await;
}

#[tokio::test]
async fn limits_in_memory_keep_the_promises() {
    let (clock, limiter) = local();
    let end_windows = async || {
        clock.0.fetch_add(promise::WINDOW.as_secs().cast_signed(), Ordering::SeqCst);
    };
    promise::a_quota_is_used_up_and_comes_back_with_the_next_window(&limiter, end_windows).await;
    promise::keys_are_counted_apart(&local().1).await;
    promise::many_at_once_get_exactly_the_quota(&local().1).await;
    promise::what_is_forgotten_begins_anew(&local().1).await;
    promise::a_quota_of_nothing_allows_nothing(&local().1).await;
}

#[tokio::test]
async fn a_window_ends_by_itself_and_leaves_nothing_on_the_server() {
    let server = Server::start().unwrap();
    let limiter = limiter(&server);
    let quota = Quota { limit: 1, window: Duration::from_millis(50) };
    assert!(limiter.take("a", quota).await.allowed);
    timeout(PATIENCE, async { while !limiter.take("a", quota).await.allowed {} }).await.unwrap();
    timeout(PATIENCE, async {
        while server.command("DBSIZE").unwrap() != ":0" {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_server_that_is_away_or_hangs_allows_and_counts_again_when_it_is_back() {
    let mut server = Server::start().unwrap();
    let limiter = limiter(&server);
    let quota = Quota { limit: 1, window: promise::WINDOW };
    assert!(limiter.take("a", quota).await.allowed);
    assert!(!limiter.take("a", quota).await.allowed);
    server.freeze().unwrap();
    let allowance = limiter.take("a", quota).await;
    assert!(allowance.allowed);
    assert_eq!((allowance.remaining, allowance.reset_after), (1, promise::WINDOW));
    server.thaw().unwrap();
    until_refused(&limiter, quota).await;
    server.kill().unwrap();
    assert!(limiter.take("a", quota).await.allowed);
    limiter.forget("a").await;
    server.start_again().unwrap();
    until_refused(&limiter, quota).await;
}

async fn until_refused(limiter: &RedisLimiter, quota: Quota) {
    timeout(PATIENCE, async { while limiter.take("a", quota).await.allowed {} }).await.unwrap();
}

#[tokio::test]
async fn installations_with_other_prefixes_do_not_meet() {
    let server = Server::start().unwrap();
    let quota = Quota { limit: 1, window: promise::WINDOW };
    for prefix in [None, Some("one"), Some("two")] {
        let limiter = Redis::open(&server.url(), prefix).unwrap().limiter();
        assert!(limiter.take("a", quota).await.allowed, "{prefix:?}");
    }
}
