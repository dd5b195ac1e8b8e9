//! Servers with a queue that has short times.

use std::time::Duration;

use dk_app::ports::QueueCounts;
use dk_contract::queue::Bench;
use dk_redis::{QueueOptions, Redis};
use dk_testkit::redis::Server;

pub(crate) use dk_contract::queue::support::{Call, PATIENCE, media_id, model, planned, run_id};

/// Short times, so that retries and lost workers need not be waited for.
pub(crate) fn quick() -> QueueOptions {
    QueueOptions {
        backoff: Duration::from_millis(10),
        lock: Duration::from_secs(1),
        stalled_check: Duration::from_millis(300),
        max_lost: 1,
        ..QueueOptions::default()
    }
}

/// The queue of a server that the test keeps.
pub(crate) fn bench(server: &Server, options: QueueOptions) -> Bench {
    Bench::new(Redis::open(&server.url(), None).unwrap().queue(options), ())
}

/// Nothing is left to do.
pub(crate) fn is_idle(counts: &QueueCounts) -> bool {
    counts.waiting + counts.active + counts.delayed + counts.waiting_children == 0
}
