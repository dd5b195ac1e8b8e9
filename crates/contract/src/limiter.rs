//! The promises of [`dk_app::ports::Limiter`]. `end_windows` makes every window end that is open now: it moves the
//! clock where there is one to move.

use std::time::Duration;

use dk_app::ports::{Limiter, Quota};
use futures_util::future::join_all;

/// Long enough never to end by itself during a test.
pub const WINDOW: Duration = Duration::from_hours(1);

/// So many times within the window, and so many again in the next one.
pub async fn a_quota_is_used_up_and_comes_back_with_the_next_window(
    limiter: &dyn Limiter,
    end_windows: impl AsyncFn(),
) {
    let quota = Quota { limit: 3, window: WINDOW };
    for round in 0..2 {
        for remaining in [2, 1, 0] {
            let allowance = limiter.take("a", quota).await;
            assert!(allowance.allowed, "round {round}, {remaining} should remain");
            assert_eq!(allowance.remaining, remaining);
            assert!(allowance.reset_after > Duration::ZERO && allowance.reset_after <= WINDOW);
        }
        // What is refused does not count, or nobody would ever get in again.
        for _ in 0..20 {
            let refused = limiter.take("a", quota).await;
            assert!(!refused.allowed);
            assert_eq!(refused.remaining, 0);
            assert!(refused.reset_after > Duration::ZERO && refused.reset_after <= WINDOW);
        }
        end_windows().await;
    }
}

/// One key says nothing of another, however strange it looks.
pub async fn keys_are_counted_apart(limiter: &dyn Limiter) {
    let quota = Quota { limit: 1, window: WINDOW };
    let long = "x".repeat(2000);
    for key in ["", "a", "A", "a:b", "a b", "ü\r\n", "*", "{a}", long.as_str()] {
        assert!(limiter.take(key, quota).await.allowed, "{key:?} was counted with another one");
        assert!(!limiter.take(key, quota).await.allowed, "{key:?} was not counted");
    }
}

/// Of many at the same moment, exactly as many as the quota says get through.
pub async fn many_at_once_get_exactly_the_quota(limiter: &dyn Limiter) {
    let quota = Quota { limit: 10, window: WINDOW };
    let all = join_all((0..100).map(|_| limiter.take("crowd", quota))).await;
    assert_eq!(all.iter().filter(|allowance| allowance.allowed).count(), 10);
}

/// After a good sign-in the failed ones before it are forgotten.
pub async fn what_is_forgotten_begins_anew(limiter: &dyn Limiter) {
    let quota = Quota { limit: 2, window: WINDOW };
    limiter.forget("a").await;
    limiter.take("a", quota).await;
    limiter.take("b", quota).await;
    limiter.forget("a").await;
    assert_eq!(limiter.take("a", quota).await.remaining, 1);
    assert_eq!(limiter.take("b", quota).await.remaining, 0, "another key was forgotten too");
}

/// A quota of nothing allows nothing.
pub async fn a_quota_of_nothing_allows_nothing(limiter: &dyn Limiter) {
    let allowance = limiter.take("a", Quota { limit: 0, window: WINDOW }).await;
    assert!(!allowance.allowed);
    assert_eq!(allowance.remaining, 0);
}

/// Servers that share the counters count together.
pub async fn two_servers_count_together(one: &dyn Limiter, other: &dyn Limiter) {
    let quota = Quota { limit: 2, window: WINDOW };
    assert_eq!(one.take("a", quota).await.remaining, 1);
    assert_eq!(other.take("a", quota).await.remaining, 0);
    assert!(!one.take("a", quota).await.allowed);
    other.forget("a").await;
    assert!(one.take("a", quota).await.allowed);
}
