//! What a worker does with jobs: retries, failures, panics, stopping.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use dk_app::ports::{JobFailure, JobKind, JobQueue};
use dk_redis::QueueOptions;
use dk_testkit::redis::Server;
use tokio::sync::broadcast;
use tokio::time::Instant;

use crate::support::{Call, PATIENCE, Worker, is_idle, model, planned, queue, quick, run_id, until};

#[tokio::test]
async fn a_failure_that_may_pass_is_tried_three_times_with_growing_pauses() {
    let server = Server::start().unwrap();
    let backoff = Duration::from_millis(100);
    let queue = queue(&server, QueueOptions { backoff, ..quick() });
    let mut worker = Worker::answering(&queue, |job| match job.kind {
        JobKind::Analyze { .. } => Err(JobFailure::Retry(format!("attempt {}", job.attempt))),
        JobKind::Finalize => Ok(()),
    });
    queue.enqueue(&planned(1, &["one"], 5)).await.unwrap();
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
    until(&queue, is_idle).await;
    let letters = queue.failed(0, 10).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!((letters[0].reason.as_str(), letters[0].attempts), ("attempt 3", 3));
    assert!(worker.end().await.is_empty(), "a failure that the handler knows was told of again");
}

#[tokio::test]
async fn a_failure_that_cannot_pass_is_never_tried_again() {
    let server = Server::start().unwrap();
    let queue = queue(&server, quick());
    let mut worker = Worker::answering(&queue, |job| match job.kind {
        JobKind::Analyze { .. } => Err(JobFailure::GiveUp("unreadable".to_owned())),
        JobKind::Finalize => Ok(()),
    });
    queue.enqueue(&planned(1, &["one", "two"], 5)).await.unwrap();
    let jobs = [worker.analysis().await, worker.analysis().await];
    assert!(jobs.iter().all(|job| job.attempt == 1 && !job.is_last));
    assert_eq!(worker.job().await.kind, JobKind::Finalize);
    until(&queue, is_idle).await;
    let letters = queue.failed(0, 10).await.unwrap();
    assert!(letters.len() == 2 && letters.iter().all(|l| l.attempts == 1 && l.reason == "unreadable"));
    assert!(worker.end().await.is_empty());
}

#[tokio::test]
async fn a_panic_is_a_failed_attempt_and_the_worker_goes_on() {
    let server = Server::start().unwrap();
    let queue = queue(&server, quick());
    let mut worker = Worker::start(&queue, 1, Duration::ZERO, |job, _| {
        let (run, attempt) = (job.run_id, job.attempt);
        let panics = job.kind != JobKind::Finalize && (run == run_id(1) || attempt == 1);
        // At once, or after a while.
        assert!(!panics || attempt == 1, "attempt {attempt} of a job that always panics");
        async move {
            tokio::task::yield_now().await;
            assert!(!panics, "the first attempt");
            Ok(())
        }
    });
    queue.enqueue(&planned(1, &["one"], 1)).await.unwrap();
    queue.enqueue(&planned(2, &["one"], 2)).await.unwrap();
    until(&queue, is_idle).await;
    let letters = queue.failed(0, 10).await.unwrap();
    assert_eq!(letters.iter().map(|letter| letter.run_id).collect::<Vec<_>>(), [run_id(1)]);
    assert_eq!(letters[0].reason, "the job panicked: attempt 3 of a job that always panics");
    let mut calls = Vec::new();
    for _ in 0..7 {
        calls.push(worker.job().await);
    }
    assert_eq!(calls.iter().filter(|job| job.run_id == run_id(1)).count(), 4);
    assert!(worker.end().await.is_empty());
}

#[tokio::test]
async fn at_most_as_many_jobs_run_at_once_as_was_asked_for() {
    let server = Server::start().unwrap();
    let queue = queue(&server, quick());
    let (now, most) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let (running, highest) = (Arc::clone(&now), Arc::clone(&most));
    let worker = Worker::start(&queue, 3, Duration::ZERO, move |_, _| {
        let (running, highest) = (Arc::clone(&running), Arc::clone(&highest));
        async move {
            highest.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(5)).await;
            running.fetch_sub(1, Ordering::SeqCst);
            Ok(())
        }
    });
    for n in 0..20 {
        queue.enqueue(&planned(n, &["one", "two"], 5)).await.unwrap();
    }
    until(&queue, is_idle).await;
    assert_eq!(most.load(Ordering::SeqCst), 3);
    worker.end().await;
}

#[tokio::test]
async fn a_worker_that_must_go_lets_its_job_finish_within_the_grace_and_takes_no_other() {
    let server = Server::start().unwrap();
    let queue = queue(&server, quick());
    let (go, _) = broadcast::channel::<()>(1);
    let gate = go.clone();
    let mut worker = Worker::start(&queue, 1, PATIENCE, move |_, stop| {
        let mut gate = gate.subscribe();
        async move {
            let _ = gate.recv().await;
            assert!(!stop.is_stopped());
            Ok(())
        }
    });
    queue.enqueue(&planned(1, &["one"], 5)).await.unwrap();
    queue.enqueue(&planned(2, &["one"], 5)).await.unwrap();
    worker.job().await;
    worker.stop.stop();
    go.send(()).unwrap();
    assert!(worker.end().await.is_empty());
    let counts = queue.counts().await.unwrap();
    // The finaliser of the first and the job of the second wait for another worker.
    assert_eq!((counts.completed, counts.waiting, counts.active, counts.failed), (1, 2, 0, 0));
}

#[tokio::test]
async fn a_job_that_outlasts_the_grace_is_stopped_and_given_back_without_counting_an_attempt() {
    let server = Server::start().unwrap();
    let queue = queue(&server, quick());
    queue.enqueue(&planned(1, &["one"], 5)).await.unwrap();
    for _ in 0..4 {
        let mut worker = Worker::start(&queue, 1, Duration::ZERO, |_, stop| async move {
            let (sender, stopped) = tokio::sync::oneshot::channel();
            let _watch = stop.on_stop(move || sender.send(()).unwrap());
            stopped.await.unwrap();
            Err(JobFailure::GiveBack)
        });
        let job = worker.job().await;
        assert_eq!((job.attempt, job.is_last), (1, false));
        assert!(worker.end().await.is_empty());
        let counts = queue.counts().await.unwrap();
        assert_eq!((counts.waiting, counts.active, counts.failed, counts.waiting_children), (1, 0, 0, 1));
    }
}

#[tokio::test]
async fn a_job_that_does_not_stop_is_given_back_all_the_same() {
    let server = Server::start().unwrap();
    let options = QueueOptions { stop_patience: Duration::from_millis(100), ..quick() };
    let queue = queue(&server, options);
    queue.enqueue(&planned(1, &["one"], 5)).await.unwrap();
    let mut worker = Worker::start(&queue, 1, Duration::ZERO, |_, _| std::future::pending());
    worker.job().await;
    assert!(worker.end().await.is_empty());
    let counts = queue.counts().await.unwrap();
    assert_eq!((counts.waiting, counts.active), (1, 0));
}

#[tokio::test]
async fn a_worker_that_is_idle_or_waits_for_its_server_stops_at_once() {
    let mut server = Server::start().unwrap();
    let queue = queue(&server, quick());
    queue.ping().await.unwrap();
    assert!(Worker::answering(&queue, |_| Ok(())).end().await.is_empty());
    server.stop().unwrap();
    let worker = Worker::answering(&queue, |_| Ok(()));
    tokio::task::yield_now().await;
    assert!(worker.end().await.is_empty());
    // One that began without its server works when it comes.
    let mut worker = Worker::answering(&queue, |_| Ok(()));
    server.start_again().unwrap();
    while queue.enqueue(&planned(1, &["one"], 5)).await.is_err() {}
    assert_eq!(worker.call().await, Call::Handle(first_job()));
    worker.end().await;
}

#[tokio::test]
async fn a_worker_whose_server_is_gone_does_not_wait_out_its_grace() {
    let mut server = Server::start().unwrap();
    let queue = queue(&server, quick());
    queue.enqueue(&planned(1, &["one"], 5)).await.unwrap();
    let mut worker = Worker::start(&queue, 1, Duration::from_hours(1), |_, _| async { Ok(()) });
    worker.job().await;
    server.kill().unwrap();
    worker.end().await;
}

fn first_job() -> dk_app::ports::Job {
    dk_app::ports::Job {
        kind: JobKind::Analyze { model: model("one") },
        media_id: crate::support::media_id(1),
        run_id: run_id(1),
        attempt: 1,
        is_last: false,
    }
}

#[tokio::test]
async fn a_long_job_keeps_its_lock() {
    let server = Server::start().unwrap();
    let queue = queue(&server, quick());
    queue.enqueue(&planned(1, &["one"], 5)).await.unwrap();
    // Longer than the lock, with somebody beside it who looks for lost jobs.
    let long = |job: &dk_app::ports::Job, _| {
        let is_analysis = job.kind != JobKind::Finalize;
        async move {
            if is_analysis {
                tokio::time::sleep(Duration::from_millis(3500)).await;
            }
            Ok(())
        }
    };
    let workers =
        [Worker::start(&queue, 1, Duration::ZERO, long), Worker::start(&queue, 1, Duration::ZERO, long)];
    until(&queue, is_idle).await;
    let mut calls = 0;
    for worker in workers {
        calls += worker.end().await.len();
    }
    assert_eq!(calls, 2, "the job and its finaliser, each once");
}
