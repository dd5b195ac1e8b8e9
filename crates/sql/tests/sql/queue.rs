//! The job queue in a table: the contract on both databases, dead workers, and what is kept.

use std::sync::Arc;
use std::time::Duration;

use dk_app::ports::{JobFailure, JobKind};
use dk_contract::queue::Bench;
use dk_contract::queue::support::{Call, PATIENCE, planned, run_id};
use dk_domain::ErrorCode;
use dk_sql::{QueueOptions, SqlQueue};
use tokio::time::{Instant, timeout};

use crate::support::{self, Clock, Fresh};

fn quick(backoff: Duration) -> QueueOptions {
    QueueOptions { backoff, lease: Duration::from_secs(2), ..QueueOptions::default() }
}

fn bench(fresh: Fresh, options: QueueOptions) -> Bench {
    let queue = SqlQueue::new(fresh.db.clone(), Arc::new(Clock), options);
    Bench::new(queue, fresh)
}

mod sqlite {
    use super::{Bench, Duration, bench, quick, support};

    async fn open(backoff: Duration) -> Bench {
        bench(support::sqlite().await, quick(backoff))
    }

    dk_contract::queue_suite!(open);
}

mod postgres {
    use super::{Bench, Duration, bench, quick, support};

    async fn open(backoff: Duration) -> Bench {
        bench(support::postgres().await, quick(backoff))
    }

    dk_contract::queue_suite!(open);
}

#[tokio::test]
async fn the_job_of_a_killed_worker_is_taken_by_another_one_when_its_lease_is_over() {
    for fresh in [support::sqlite().await, support::postgres().await] {
        let bench = bench(fresh, quick(Duration::ZERO));
        bench.queue.enqueue(&planned(1, &["aa"], 5)).await.unwrap();
        let mut killed = bench.worker(1, Duration::ZERO, |_, _| std::future::pending());
        assert_eq!(killed.job().await.attempt, 1);
        killed.kill().await;
        let begin = Instant::now();
        let mut other = bench.answering(|_| Ok(()));
        assert_eq!(other.job().await.attempt, 1, "the death of a worker is no attempt of the job");
        // With the default lease of 10 s and a look every second this stays below 20 s.
        assert!(begin.elapsed() < Duration::from_secs(12));
        assert_eq!(other.job().await.kind, JobKind::Finalize);
        bench.until_idle().await;
        other.end().await;
    }
}

#[tokio::test]
async fn a_job_that_kills_every_worker_ends_as_a_dead_letter_that_the_handler_is_told_of_once() {
    for fresh in [support::sqlite().await, support::postgres().await] {
        let options = QueueOptions { lease: Duration::from_millis(500), ..quick(Duration::ZERO) };
        let bench = bench(fresh, options);
        bench.queue.enqueue(&planned(1, &["aa"], 5)).await.unwrap();
        for _ in 0..3 {
            let mut killed = bench.worker(1, Duration::ZERO, |_, _| std::future::pending());
            killed.job().await;
            killed.kill().await;
        }
        let mut worker = bench.answering(|_| Ok(()));
        let mut calls = vec![worker.call().await, worker.call().await];
        bench.until_idle().await;
        calls.extend(worker.end().await);
        assert_eq!(calls.len(), 2, "{calls:?}");
        let lost = |call: &Call| matches!(call, Call::Lost(job) if job.run_id == run_id(1) && job.is_last);
        assert!(calls.iter().any(lost), "{calls:?}");
        let letters = bench.queue.failed(0, 9).await.unwrap();
        assert_eq!(letters.len(), 1);
        assert_eq!(letters[0].why().0, Some(ErrorCode::WorkerLost));
    }
}

#[tokio::test]
async fn a_long_job_keeps_its_lease_while_others_look_for_lost_ones() {
    for fresh in [support::sqlite().await, support::postgres().await] {
        let options = QueueOptions { lease: Duration::from_secs(1), ..quick(Duration::ZERO) };
        let bench = bench(fresh, options);
        bench.queue.enqueue(&planned(1, &["aa"], 5)).await.unwrap();
        let long = |job: &dk_app::ports::Job, _| {
            let is_analysis = job.kind != JobKind::Finalize;
            async move {
                if is_analysis {
                    tokio::time::sleep(Duration::from_millis(2_500)).await;
                }
                Ok(())
            }
        };
        let workers = [bench.worker(1, Duration::ZERO, long), bench.worker(1, Duration::ZERO, long)];
        bench.until_idle().await;
        let mut calls = 0;
        for worker in workers {
            calls += worker.end().await.len();
        }
        assert_eq!(calls, 2, "the job and its finaliser, each once");
    }
}

#[tokio::test]
async fn a_job_that_does_not_stop_is_given_back_all_the_same() {
    let options = QueueOptions { stop_patience: Duration::from_millis(100), ..quick(Duration::ZERO) };
    let bench = bench(support::sqlite().await, options);
    bench.queue.enqueue(&planned(1, &["aa"], 5)).await.unwrap();
    let mut worker = bench.worker(1, Duration::ZERO, |_, _| std::future::pending());
    worker.job().await;
    assert!(worker.end().await.is_empty());
    let counts = bench.queue.counts().await.unwrap();
    assert_eq!((counts.waiting, counts.active), (1, 0));
    let mut other = bench.answering(|_| Ok(()));
    assert_eq!(other.job().await.attempt, 1);
    other.end().await;
}

#[tokio::test]
async fn a_failure_after_the_stop_is_no_attempt() {
    let bench = bench(support::sqlite().await, quick(Duration::ZERO));
    bench.queue.enqueue(&planned(1, &["aa"], 5)).await.unwrap();
    let mut worker = bench.worker(1, Duration::ZERO, |_, stop| async move {
        let (sender, stopped) = tokio::sync::oneshot::channel();
        let _watch = stop.on_stop(move || sender.send(()).unwrap());
        stopped.await.unwrap();
        Err(JobFailure::Retry("the child was killed".to_owned()))
    });
    worker.job().await;
    worker.end().await;
    let counts = bench.queue.counts().await.unwrap();
    assert_eq!((counts.waiting, counts.delayed), (1, 0));
}

#[tokio::test]
async fn a_worker_outlives_a_database_that_is_killed_and_comes_back() {
    let server = dk_testkit::postgres::Private::start().unwrap();
    let pool = dk_sql::PoolOptions { acquire_timeout: Duration::from_secs(2), ..Default::default() };
    let db = dk_sql::Database::open(&server.url(), pool).await.unwrap();
    db.migrate().await.unwrap();
    let queue = SqlQueue::new(db.clone(), Arc::new(Clock), quick(Duration::ZERO));
    let bench = Bench::new(queue, ());
    let (go, gate) = tokio::sync::watch::channel(false);
    let mut worker = bench.worker(1, Duration::ZERO, move |_, _| {
        let mut gate = gate.clone();
        async move {
            gate.wait_for(|open| *open).await.unwrap();
            Ok(())
        }
    });
    bench.queue.enqueue(&planned(1, &["aa"], 5)).await.unwrap();
    worker.job().await;
    server.kill().unwrap();
    // The job ends while there is nobody to tell.
    go.send_replace(true);
    assert!(bench.queue.counts().await.is_err());
    assert!(bench.queue.enqueue(&planned(2, &["aa"], 5)).await.is_err());
    server.start_again().unwrap();
    let added =
        timeout(PATIENCE, async { while bench.queue.enqueue(&planned(2, &["aa"], 5)).await.is_err() {} });
    added.await.unwrap();
    let counts = timeout(PATIENCE, async {
        loop {
            if let Ok(counts) = bench.queue.counts().await
                && counts.completed == 4
            {
                return counts;
            }
            tokio::task::yield_now().await;
        }
    });
    assert_eq!(counts.await.unwrap().failed, 0);
    worker.end().await;
}

#[tokio::test]
async fn only_the_newest_completed_jobs_are_kept() {
    let bench = bench(support::sqlite().await, quick(Duration::ZERO));
    let worker = bench.worker(25, Duration::ZERO, |_, _| async { Ok(()) });
    for n in 0..640 {
        bench.queue.enqueue(&planned(n, &["aa"], 5)).await.unwrap();
    }
    let counts = bench.until_idle().await;
    assert!((1_000..1_200).contains(&counts.completed), "{counts:?}");
    assert_eq!(worker.end().await.len(), 1_280);
}
