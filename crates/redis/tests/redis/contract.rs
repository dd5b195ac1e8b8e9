//! The whole contract of the job queue, on BullMQ.

use std::time::Duration;

use dk_contract::queue::Bench;
use dk_redis::{QueueOptions, Redis};
use dk_testkit::redis::Server;

use crate::support::quick;

async fn open(backoff: Duration) -> Bench {
    let server = Server::start().unwrap();
    let queue = Redis::open(&server.url(), None).unwrap().queue(QueueOptions { backoff, ..quick() });
    Bench::new(queue, server)
}

dk_contract::queue_suite!(open);
