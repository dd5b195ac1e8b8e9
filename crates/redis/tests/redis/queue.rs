//! The promises of a queue, and what is kept of a long one.

use std::time::Duration;

use dk_app::ports::{JobFailure, JobKind};
use dk_contract::queue::Bench;
use dk_redis::{QueueOptions, Redis};
use dk_testkit::redis::Server;
use tokio::time::timeout;

use crate::support::{PATIENCE, bench, planned, quick, run_id};

mod promises {
    use super::{Bench, Duration, QueueOptions, Redis, Server, quick};

    async fn open(backoff: Duration) -> Bench {
        let server = Server::start().unwrap();
        let queue = Redis::open(&server.url(), None).unwrap().queue(QueueOptions { backoff, ..quick() });
        Bench::new(queue, server)
    }

    dk_contract::queue_suite!(open);
}

#[tokio::test]
async fn old_jobs_and_dead_letters_are_forgotten() {
    let server = Server::start().unwrap();
    let options = QueueOptions { keep_completed: 3, keep_failed: 2, ..quick() };
    let bench = bench(&server, options);
    let queue = &bench.queue;
    let worker = bench.answering(|job| match job.kind {
        JobKind::Analyze { .. } if job.run_id < run_id(10) => Err(JobFailure::GiveUp("no".to_owned())),
        _ => Ok(()),
    });
    for n in 0..20 {
        queue.enqueue(&planned(n, &["aa"], 5)).await.unwrap();
    }
    let counts = bench.until_idle().await;
    assert_eq!((counts.completed, counts.failed), (3, 2));
    worker.end().await;
}

#[tokio::test]
async fn two_thousand_queued_runs_drain_and_leave_nothing_behind() {
    let server = Server::start().unwrap();
    let options = QueueOptions { keep_completed: 100, ..QueueOptions::default() };
    let bench = bench(&server, options);
    let queue = &bench.queue;
    let redis = Redis::open(&server.url(), None).unwrap();
    for first in (0..2000).step_by(100) {
        let runs: Vec<_> = (first..first + 100).map(|n| planned(n, &["aa"], 5)).collect();
        futures_util::future::try_join_all(runs.iter().map(|run| queue.enqueue(run))).await.unwrap();
    }
    let full = redis.facts().await.unwrap().memory_bytes;
    let worker = bench.worker(25, Duration::ZERO, |_, _| async { Ok(()) });
    bench.until_idle().await;
    let calls = worker.end().await;
    assert_eq!(calls.len(), 4000);
    let keys: u32 = server.command("DBSIZE").unwrap().trim_start_matches(':').parse().unwrap();
    assert!(keys < 300, "{keys} keys are left");
    let drained = redis.facts().await.unwrap().memory_bytes;
    assert!(drained < full, "{full} bytes have become {drained}");
}

#[tokio::test]
async fn a_server_that_is_away_is_an_error_and_no_hang_and_later_it_works() {
    let mut server = Server::start().unwrap();
    let bench = bench(&server, quick());
    let queue = &bench.queue;
    server.stop().unwrap();
    let calls = async {
        assert!(queue.ping().await.is_err());
        assert!(queue.enqueue(&planned(1, &["aa"], 5)).await.is_err());
    };
    timeout(PATIENCE, calls).await.unwrap();
    server.start_again().unwrap();
    timeout(PATIENCE, async { while queue.ping().await.is_err() {} }).await.unwrap();
    queue.enqueue(&planned(1, &["aa"], 5)).await.unwrap();
    server.freeze().unwrap();
    timeout(PATIENCE, queue.counts()).await.unwrap().unwrap_err();
    server.thaw().unwrap();
    timeout(PATIENCE, async { while queue.ping().await.is_err() {} }).await.unwrap();
    assert_eq!(queue.counts().await.unwrap().waiting, 1);
}
