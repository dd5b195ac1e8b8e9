//! What a worker does beyond the promises of every queue: pauses, panics, locks, leaving.

use std::time::Duration;

use dk_app::ports::{Job, JobFailure, JobKind};
use dk_redis::QueueOptions;
use dk_testkit::redis::Server;
use tokio::time::Instant;

use crate::support::{Call, bench, media_id, model, planned, quick, run_id};

#[tokio::test]
async fn a_failure_that_may_pass_is_tried_three_times_with_growing_pauses() {
    let server = Server::start().unwrap();
    let backoff = Duration::from_millis(100);
    let bench = bench(&server, QueueOptions { backoff, ..quick() });
    let queue = &bench.queue;
    let mut worker = bench.answering(|job| match job.kind {
        JobKind::Analyze { .. } => Err(JobFailure::Retry(format!("attempt {}", job.attempt))),
        JobKind::Finalize => Ok(()),
    });
    queue.enqueue(&planned(1, &["aa"], 5)).await.unwrap();
    let mut moments = Vec::new();
    for attempt in 1..=3 {
        let job = worker.analysis().await;
        assert_eq!((job.attempt, job.is_last), (attempt, attempt == 3));
        moments.push(Instant::now());
    }
    assert!(moments[1] - moments[0] >= Duration::from_millis(80));
    assert!(moments[2] - moments[1] >= Duration::from_millis(180));
    // The finaliser runs although its only model failed.
    assert_eq!(worker.job().await.kind, JobKind::Finalize);
    bench.until_idle().await;
    let letters = queue.failed(0, 10).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!((letters[0].reason.as_str(), letters[0].attempts), ("attempt 3", 3));
    assert!(worker.end().await.is_empty(), "a failure that the handler knows was told of again");
}

#[tokio::test]
async fn a_job_that_panics_every_time_is_told_of_before_it_is_a_dead_letter() {
    let server = Server::start().unwrap();
    let bench = bench(&server, quick());
    let queue = &bench.queue;
    let mut worker = bench.answering(|job| {
        assert!(job.kind == JobKind::Finalize, "attempt {}", job.attempt);
        Ok(())
    });
    queue.enqueue(&planned(1, &["aa"], 1)).await.unwrap();
    let mut last = None;
    for attempt in 1..=3 {
        let job = worker.job().await;
        assert_eq!((job.attempt, job.is_last), (attempt, attempt == 3));
        last = Some(job);
    }
    // Nobody else would write the end of its analysis.
    assert_eq!(worker.call().await, Call::Lost(last.unwrap()));
    assert_eq!(worker.job().await.kind, JobKind::Finalize);
    bench.until_idle().await;
    let letters = queue.failed(0, 10).await.unwrap();
    assert_eq!((letters[0].reason.as_str(), letters.len()), ("the job panicked: attempt 3", 1));
    assert!(worker.end().await.is_empty());
}

#[tokio::test]
async fn a_job_that_does_not_stop_is_given_back_all_the_same() {
    let server = Server::start().unwrap();
    let options = QueueOptions { stop_patience: Duration::from_millis(100), ..quick() };
    let bench = bench(&server, options);
    let queue = &bench.queue;
    queue.enqueue(&planned(1, &["aa"], 5)).await.unwrap();
    let mut worker = bench.worker(1, Duration::ZERO, |_, _| std::future::pending());
    worker.job().await;
    assert!(worker.end().await.is_empty());
    let counts = queue.counts().await.unwrap();
    assert_eq!((counts.waiting, counts.active), (1, 0));
}

#[tokio::test]
async fn a_worker_that_is_idle_or_waits_for_its_server_stops_at_once() {
    let mut server = Server::start().unwrap();
    let bench = bench(&server, quick());
    let queue = &bench.queue;
    queue.ping().await.unwrap();
    assert!(bench.answering(|_| Ok(())).end().await.is_empty());
    server.stop().unwrap();
    let worker = bench.answering(|_| Ok(()));
    tokio::task::yield_now().await;
    assert!(worker.end().await.is_empty());
    // One that began without its server works when it comes.
    let mut worker = bench.answering(|_| Ok(()));
    server.start_again().unwrap();
    while queue.enqueue(&planned(1, &["aa"], 5)).await.is_err() {}
    assert_eq!(worker.call().await, Call::Handle(first_job()));
    worker.end().await;
}

#[tokio::test]
async fn a_worker_whose_server_is_gone_does_not_wait_out_its_grace() {
    let mut server = Server::start().unwrap();
    let bench = bench(&server, quick());
    let queue = &bench.queue;
    queue.enqueue(&planned(1, &["aa"], 5)).await.unwrap();
    let mut worker = bench.worker(1, Duration::from_hours(1), |_, _| async { Ok(()) });
    worker.job().await;
    server.kill().unwrap();
    worker.end().await;
}

fn first_job() -> Job {
    Job {
        kind: JobKind::Analyze { model: model("aa") },
        media_id: media_id(1),
        run_id: run_id(1),
        attempt: 1,
        is_last: false,
    }
}

#[tokio::test]
async fn a_long_job_keeps_its_lock() {
    let server = Server::start().unwrap();
    let bench = bench(&server, quick());
    let queue = &bench.queue;
    queue.enqueue(&planned(1, &["aa"], 5)).await.unwrap();
    // Longer than the lock, with somebody beside it who looks for lost jobs.
    let long = |job: &Job, _| {
        let is_analysis = job.kind != JobKind::Finalize;
        async move {
            if is_analysis {
                tokio::time::sleep(Duration::from_millis(3500)).await;
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
