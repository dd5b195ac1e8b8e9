//! What a worker does with jobs: retries, failures, panics, stopping.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use dk_app::ports::{JobFailure, JobKind};
use tokio::sync::watch;

use super::support::{Bench, Call, PATIENCE, planned, run_id};

/// What the promise needs as the pause before a second attempt.
pub fn backoff(_promise: &str) -> Duration {
    Duration::from_millis(10)
}

/// Then it is a dead letter; the finaliser comes all the same, and the handler is not told what it knows.
pub async fn a_failure_that_may_pass_is_tried_three_times(bench: &Bench) {
    let mut worker = bench.answering(|job| match job.kind {
        JobKind::Analyze { .. } => Err(JobFailure::Retry(format!("attempt {}", job.attempt))),
        JobKind::Finalize => Ok(()),
    });
    bench.queue.enqueue(&planned(1, &["aa"], 5)).await.unwrap();
    for attempt in 1..=3 {
        let job = worker.analysis().await;
        assert_eq!((job.attempt, job.is_last), (attempt, attempt == 3));
    }
    assert_eq!(worker.job().await.kind, JobKind::Finalize);
    bench.until_idle().await;
    let letters = bench.queue.failed(0, 10).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!((letters[0].reason.as_str(), letters[0].attempts), ("attempt 3", 3));
    assert!(worker.end().await.is_empty());
}

/// One attempt.
pub async fn a_failure_that_cannot_pass_is_never_tried_again(bench: &Bench) {
    let mut worker = bench.answering(|job| match job.kind {
        JobKind::Analyze { .. } => Err(JobFailure::GiveUp("unreadable".to_owned())),
        JobKind::Finalize => Ok(()),
    });
    bench.queue.enqueue(&planned(1, &["aa", "bb"], 5)).await.unwrap();
    let jobs = [worker.analysis().await, worker.analysis().await];
    assert!(jobs.iter().all(|job| job.attempt == 1 && !job.is_last));
    assert_eq!(worker.job().await.kind, JobKind::Finalize);
    bench.until_idle().await;
    let letters = bench.queue.failed(0, 10).await.unwrap();
    assert!(letters.len() == 2 && letters.iter().all(|l| l.attempts == 1 && l.reason == "unreadable"));
    assert!(worker.end().await.is_empty());
}

/// At once, or after a while; the slot is free again.
pub async fn a_panic_is_a_failed_attempt_and_the_worker_goes_on(bench: &Bench) {
    let worker = bench.worker(1, Duration::ZERO, |job, _| {
        let attempt = job.attempt;
        let panics = job.kind != JobKind::Finalize && (job.run_id == run_id(1) || attempt == 1);
        assert!(!panics || attempt == 1, "attempt {attempt} of a job that always panics");
        async move {
            tokio::task::yield_now().await;
            assert!(!panics, "the first attempt");
            Ok(())
        }
    });
    bench.queue.enqueue(&planned(1, &["aa"], 1)).await.unwrap();
    bench.queue.enqueue(&planned(2, &["aa"], 2)).await.unwrap();
    bench.until_idle().await;
    let letters = bench.queue.failed(0, 10).await.unwrap();
    assert_eq!(letters.iter().map(|letter| letter.run_id).collect::<Vec<_>>(), [run_id(1)]);
    assert_eq!(letters[0].reason, "the job panicked: attempt 3 of a job that always panics");
    let (mut attempts, mut lost) = (0, 0);
    for call in worker.end().await {
        match call {
            Call::Handle(job) => attempts += u32::from(job.run_id == run_id(1)),
            Call::Lost(job) => {
                assert_eq!((job.run_id, job.attempt, job.is_last), (run_id(1), 3, true));
                lost += 1;
            }
        }
    }
    assert_eq!(attempts, 4, "three attempts and the finaliser");
    assert_eq!(lost, 1, "its handler did not know how its last attempt ended, and is told once");
}

/// Never more, and as many when there is enough to do.
pub async fn at_most_as_many_jobs_run_at_once_as_was_asked_for(bench: &Bench) {
    let (now, most) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let (running, highest) = (Arc::clone(&now), Arc::clone(&most));
    let worker = bench.worker(3, Duration::ZERO, move |_, _| {
        let (running, highest) = (Arc::clone(&running), Arc::clone(&highest));
        async move {
            highest.fetch_max(running.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(5)).await;
            running.fetch_sub(1, Ordering::SeqCst);
            Ok(())
        }
    });
    for n in 0..20 {
        bench.queue.enqueue(&planned(n, &["aa", "bb"], 5)).await.unwrap();
    }
    bench.until_idle().await;
    assert_eq!(most.load(Ordering::SeqCst), 3);
    worker.end().await;
}

/// Every job is done once, by whichever worker.
pub async fn two_workers_never_run_the_same_attempt(bench: &Bench) {
    let workers = [bench.answering(|_| Ok(())), bench.answering(|_| Ok(()))];
    for n in 0..25 {
        bench.queue.enqueue(&planned(n, &["aa"], 5)).await.unwrap();
    }
    let counts = bench.until_idle().await;
    assert_eq!((counts.completed, counts.failed), (50, 0));
    let mut calls = Vec::new();
    for worker in workers {
        calls.extend(worker.end().await);
    }
    assert_eq!(calls.len(), 50);
}

/// The rest waits for another worker.
pub async fn a_worker_that_must_go_lets_its_job_finish_within_the_grace_and_takes_no_other(bench: &Bench) {
    let (go, gate) = watch::channel(false);
    let mut worker = bench.worker(1, PATIENCE, move |_, stop| {
        let mut gate = gate.clone();
        async move {
            gate.wait_for(|open| *open).await.unwrap();
            assert!(!stop.is_stopped());
            Ok(())
        }
    });
    bench.queue.enqueue(&planned(1, &["aa"], 5)).await.unwrap();
    bench.queue.enqueue(&planned(2, &["aa"], 5)).await.unwrap();
    worker.job().await;
    worker.stop.stop();
    go.send_replace(true);
    assert!(worker.end().await.is_empty());
    let counts = bench.queue.counts().await.unwrap();
    // The finaliser of the first and the job of the second.
    assert_eq!((counts.completed, counts.waiting, counts.active, counts.failed), (1, 2, 0, 0));
}

/// However often that happens.
pub async fn a_job_that_outlasts_the_grace_is_stopped_and_given_back_without_counting_an_attempt(
    bench: &Bench,
) {
    bench.queue.enqueue(&planned(1, &["aa"], 5)).await.unwrap();
    for _ in 0..4 {
        let mut worker = bench.worker(1, Duration::ZERO, |_, stop| async move {
            let (sender, stopped) = tokio::sync::oneshot::channel();
            let _watch = stop.on_stop(move || sender.send(()).unwrap());
            stopped.await.unwrap();
            Err(JobFailure::GiveBack)
        });
        let job = worker.job().await;
        assert_eq!((job.attempt, job.is_last), (1, false));
        assert!(worker.end().await.is_empty());
        let counts = bench.queue.counts().await.unwrap();
        assert_eq!((counts.waiting, counts.active, counts.failed, counts.waiting_children), (1, 0, 0, 1));
    }
}

/// Long before its grace is over.
pub async fn a_worker_that_is_idle_stops_at_once(bench: &Bench) {
    let grace = Duration::from_hours(1);
    assert!(bench.worker(1, grace, |_, _| async { Ok(()) }).end().await.is_empty());
}
