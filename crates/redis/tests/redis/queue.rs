//! What stands in the queue: adding, removing, looking, dead letters.

use std::time::Duration;

use dk_app::ports::{FailedJob, JobFailure, JobKind, JobQueue};
use dk_domain::{Urgency, place_in_queue};
use dk_redis::{QueueOptions, Redis, RedisQueue};
use dk_testkit::redis::Server;
use tokio::time::timeout;

use crate::support::{PATIENCE, Worker, is_idle, media_id, model, planned, queue, quick, run_id, until};

#[tokio::test]
async fn a_run_is_one_job_per_model_and_a_finaliser_that_waits_for_them() {
    let server = Server::start().unwrap();
    let queue = queue(&server, quick());
    let run = planned(1, &["one", "two", "three"], 5);
    queue.enqueue(&run).await.unwrap();
    let counts = queue.counts().await.unwrap();
    assert_eq!((counts.waiting, counts.waiting_children), (3, 1));
    assert_eq!(queue.alive(run.run_id, &run.models).await.unwrap(), run.models);
    assert!(queue.alive(run_id(2), &run.models).await.unwrap().is_empty());

    let mut worker = Worker::answering(&queue, |_| Ok(()));
    let mut models = Vec::new();
    for _ in 0..3 {
        let job = worker.job().await;
        assert_eq!((job.media_id, job.run_id, job.attempt, job.is_last), (media_id(1), run_id(1), 1, false));
        models.push(job.kind);
    }
    for name in ["one", "two", "three"] {
        assert!(models.contains(&JobKind::Analyze { model: model(name) }));
    }
    assert_eq!(worker.job().await.kind, JobKind::Finalize);
    let counts = until(&queue, is_idle).await;
    assert_eq!((counts.completed, counts.failed), (4, 0));
    assert!(queue.alive(run.run_id, &run.models).await.unwrap().is_empty());
    assert!(worker.end().await.is_empty());
}

#[tokio::test]
async fn adding_twice_changes_nothing() {
    let server = Server::start().unwrap();
    let queue = queue(&server, quick());
    let run = planned(1, &["one", "two"], 5);
    for _ in 0..3 {
        queue.enqueue(&run).await.unwrap();
    }
    let again: Vec<_> = (0..10).map(|_| queue.enqueue(&run)).collect();
    futures_util::future::try_join_all(again).await.unwrap();
    let counts = queue.counts().await.unwrap();
    assert_eq!((counts.waiting, counts.waiting_children), (2, 1));

    // While one of them runs and the other has ended.
    let mut worker = Worker::start(&queue, 1, Duration::ZERO, {
        let queue = std::sync::Arc::clone(&queue);
        let run = run.clone();
        move |job, _| {
            let (queue, run, kind) = (std::sync::Arc::clone(&queue), run.clone(), job.kind.clone());
            async move {
                if kind == (JobKind::Analyze { model: model("two") }) {
                    let only = dk_app::ports::Planned { models: vec![model("two")], ..run };
                    queue.enqueue(&only).await.unwrap();
                }
                Ok(())
            }
        }
    });
    let mut calls = Vec::new();
    for _ in 0..3 {
        calls.push(worker.job().await.kind);
    }
    assert_eq!(calls[2], JobKind::Finalize);
    until(&queue, is_idle).await;
    assert!(worker.end().await.is_empty());
}

#[tokio::test]
async fn what_had_ended_begins_anew_with_its_finaliser() {
    let server = Server::start().unwrap();
    let queue = queue(&server, quick());
    let run = planned(1, &["one", "two"], 5);
    let mut worker = Worker::answering(&queue, |_| Ok(()));
    for _ in 0..3 {
        queue.enqueue(&run).await.unwrap();
        for _ in 0..3 {
            worker.job().await;
        }
        until(&queue, is_idle).await;
    }
    // Only one of the two: the other stays done.
    let only = planned(1, &["two"], 5);
    queue.enqueue(&only).await.unwrap();
    assert_eq!(worker.job().await.kind, JobKind::Analyze { model: model("two") });
    assert_eq!(worker.job().await.kind, JobKind::Finalize);
    until(&queue, is_idle).await;
    assert!(worker.end().await.is_empty());
}

#[tokio::test]
async fn a_run_without_models_is_finalised_at_once() {
    let server = Server::start().unwrap();
    let queue = queue(&server, quick());
    queue.enqueue(&planned(1, &[], 5)).await.unwrap();
    let mut worker = Worker::answering(&queue, |_| Ok(()));
    assert_eq!(worker.job().await.kind, JobKind::Finalize);
    worker.end().await;
}

#[tokio::test]
async fn a_job_that_joins_a_run_whose_finaliser_waits_is_waited_for_too() {
    let server = Server::start().unwrap();
    let queue = queue(&server, quick());
    queue.enqueue(&planned(1, &["one"], 5)).await.unwrap();
    queue.enqueue(&planned(1, &["two"], 5)).await.unwrap();
    let counts = queue.counts().await.unwrap();
    assert_eq!((counts.waiting, counts.waiting_children), (2, 1));
    let mut worker = Worker::answering(&queue, |_| Ok(()));
    assert_ne!(worker.job().await.kind, JobKind::Finalize);
    assert_ne!(worker.job().await.kind, JobKind::Finalize);
    assert_eq!(worker.job().await.kind, JobKind::Finalize);
    worker.end().await;
}

#[tokio::test]
async fn jobs_go_by_place_and_by_age_within_a_place() {
    let server = Server::start().unwrap();
    let queue = queue(&server, quick());
    let place = |urgency, backlog| place_in_queue(urgency, backlog);
    // A pile of one person as a batch, a pile of another one in front of the page, and one file of a third.
    let runs = [
        (1, place(Urgency::Batch, 0)),
        (2, place(Urgency::Batch, 1)),
        (3, place(Urgency::Interactive, 0)),
        (4, place(Urgency::Interactive, 1)),
        (5, place(Urgency::Interactive, 2)),
        (6, place(Urgency::Interactive, 0)),
        (7, place(Urgency::Batch, u32::MAX)),
        (8, u32::MAX),
        (9, 0),
    ];
    for (n, place) in runs {
        queue.enqueue(&planned(n, &["one"], place)).await.unwrap();
    }
    let mut worker = Worker::start(&queue, 1, Duration::ZERO, |_, _| async { Ok(()) });
    let mut order = Vec::new();
    for _ in runs {
        order.push(worker.analysis().await.run_id);
    }
    assert_eq!(order, [3, 6, 9, 4, 5, 1, 2, 7, 8].map(run_id));
    worker.end().await;
}

#[tokio::test]
async fn jobs_that_wait_can_be_removed_and_added_again() {
    let server = Server::start().unwrap();
    let queue = queue(&server, quick());
    let run = planned(1, &["one", "two"], 5);
    queue.enqueue(&run).await.unwrap();
    queue.enqueue(&planned(2, &["one"], 5)).await.unwrap();
    queue.remove(run.run_id, &[model("one")]).await.unwrap();
    assert_eq!(queue.alive(run.run_id, &run.models).await.unwrap(), [model("two")]);
    queue.remove(run.run_id, &run.models).await.unwrap();
    let counts = queue.counts().await.unwrap();
    assert_eq!(
        (counts.waiting, counts.waiting_children),
        (1, 1),
        "the other run was touched, or a rest was left"
    );
    queue.remove(run_id(77), &run.models).await.unwrap();
    queue.enqueue(&run).await.unwrap();
    assert_eq!(queue.alive(run.run_id, &run.models).await.unwrap(), run.models);
}

#[tokio::test]
async fn a_running_job_is_not_removed_and_one_that_waits_for_its_next_attempt_is() {
    let server = Server::start().unwrap();
    let options = QueueOptions { backoff: Duration::from_hours(1), ..quick() };
    let queue = queue(&server, options);
    let run = planned(1, &["fails", "runs"], 5);
    queue.enqueue(&run).await.unwrap();
    let (go, _) = tokio::sync::broadcast::channel::<()>(1);
    let gate = go.clone();
    let mut worker = Worker::start(&queue, 2, PATIENCE, move |job, _| {
        let mut gate = gate.subscribe();
        let fails = job.kind == JobKind::Analyze { model: model("fails") };
        async move {
            if fails {
                return Err(JobFailure::Retry("not now".to_owned()));
            }
            let _ = gate.recv().await;
            Ok(())
        }
    });
    worker.job().await;
    worker.job().await;
    until(&queue, |counts| counts.delayed == 1 && counts.active == 1).await;
    assert_eq!(queue.alive(run.run_id, &run.models).await.unwrap(), run.models);
    queue.remove(run.run_id, &run.models).await.unwrap();
    assert_eq!(queue.alive(run.run_id, &run.models).await.unwrap(), [model("runs")]);
    go.send(()).unwrap();
    // The finaliser waits for the one that ran.
    assert_eq!(worker.job().await.kind, JobKind::Finalize);
    let _ = go.send(());
    until(&queue, is_idle).await;
    worker.end().await;
}

async fn letters(queue: &RedisQueue) -> Vec<FailedJob> {
    queue.failed(0, 100).await.unwrap()
}

#[tokio::test]
async fn dead_letters_are_listed_newest_first_and_taken_once() {
    let server = Server::start().unwrap();
    let queue = queue(&server, quick());
    let mut worker = Worker::answering(&queue, |job| match job.kind {
        JobKind::Analyze { .. } => Err(JobFailure::GiveUp(format!("no use, {}", job.run_id))),
        JobKind::Finalize => Ok(()),
    });
    for n in 1..=5 {
        queue.enqueue(&planned(n, &["one"], 5)).await.unwrap();
        worker.analysis().await;
        until(&queue, is_idle).await;
    }
    let all = letters(&queue).await;
    assert_eq!(all.iter().map(|letter| letter.run_id).collect::<Vec<_>>(), [5, 4, 3, 2, 1].map(run_id));
    assert_eq!(queue.failed(1, 2).await.unwrap(), all[1..3]);
    assert!(queue.failed(5, 10).await.unwrap().is_empty() && queue.failed(0, 0).await.unwrap().is_empty());
    let letter = &all[0];
    assert_eq!((letter.media_id, letter.attempts), (media_id(5), 1));
    assert_eq!(letter.kind, JobKind::Analyze { model: model("one") });
    assert_eq!(letter.reason, format!("no use, {}", run_id(5)));
    assert!(letter.failed_at > all[4].failed_at);

    let takers: Vec<_> = (0..20).map(|_| queue.take_failed(&letter.id)).collect();
    let taken = futures_util::future::try_join_all(takers).await.unwrap();
    assert_eq!(taken.into_iter().flatten().collect::<Vec<_>>(), std::slice::from_ref(letter));
    assert_eq!(letters(&queue).await, all[1..]);
    assert!(queue.take_failed("no such id").await.unwrap().is_none());
    assert!(queue.take_failed("").await.unwrap().is_none());
    worker.end().await;
}

#[tokio::test]
async fn only_a_dead_letter_is_taken() {
    let server = Server::start().unwrap();
    let queue = queue(&server, quick());
    queue.enqueue(&planned(1, &["one"], 5)).await.unwrap();
    for id in [format!("{}.one", run_id(1)), run_id(1).to_string()] {
        assert!(queue.take_failed(&id).await.unwrap().is_none());
    }
    let counts = queue.counts().await.unwrap();
    assert_eq!((counts.waiting, counts.waiting_children), (1, 1));
}

#[tokio::test]
async fn a_dead_letter_that_was_taken_can_be_enqueued_anew() {
    let server = Server::start().unwrap();
    let queue = queue(&server, quick());
    let mut worker = Worker::answering(&queue, |job| match job.kind {
        JobKind::Analyze { .. } => Err(JobFailure::GiveUp("no use".to_owned())),
        JobKind::Finalize => Ok(()),
    });
    queue.enqueue(&planned(1, &["one", "two"], 5)).await.unwrap();
    for _ in 0..3 {
        worker.job().await;
    }
    until(&queue, is_idle).await;
    for round in 0..3 {
        let letter = letters(&queue)
            .await
            .into_iter()
            .find(|l| l.kind == JobKind::Analyze { model: model("one") })
            .unwrap();
        queue.take_failed(&letter.id).await.unwrap().unwrap();
        queue.enqueue(&planned(1, &["one"], 1)).await.unwrap();
        assert_eq!(worker.job().await.attempt, 1, "round {round}");
        assert_eq!(worker.job().await.kind, JobKind::Finalize);
        until(&queue, is_idle).await;
    }
    assert_eq!(letters(&queue).await.len(), 2);
    worker.end().await;
}

#[tokio::test]
async fn old_jobs_and_dead_letters_are_forgotten() {
    let server = Server::start().unwrap();
    let options = QueueOptions { keep_completed: 3, keep_failed: 2, ..quick() };
    let queue = queue(&server, options);
    let worker = Worker::answering(&queue, |job| match job.kind {
        JobKind::Analyze { .. } if job.run_id < run_id(10) => Err(JobFailure::GiveUp("no".to_owned())),
        _ => Ok(()),
    });
    for n in 0..20 {
        queue.enqueue(&planned(n, &["one"], 5)).await.unwrap();
    }
    let counts = until(&queue, is_idle).await;
    assert_eq!((counts.completed, counts.failed), (3, 2));
    worker.end().await;
}

#[tokio::test]
async fn two_thousand_queued_runs_drain_and_leave_nothing_behind() {
    let server = Server::start().unwrap();
    let options = QueueOptions { keep_completed: 100, ..QueueOptions::default() };
    let queue = queue(&server, options);
    let redis = Redis::open(&server.url(), None).unwrap();
    for first in (0..2000).step_by(100) {
        let runs: Vec<_> = (first..first + 100).map(|n| planned(n, &["one"], 5)).collect();
        futures_util::future::try_join_all(runs.iter().map(|run| queue.enqueue(run))).await.unwrap();
    }
    let full = redis.facts().await.unwrap().memory_bytes;
    let worker = Worker::start(&queue, 25, Duration::ZERO, |_, _| async { Ok(()) });
    until(&queue, is_idle).await;
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
    let queue = queue(&server, quick());
    server.stop().unwrap();
    let calls = async {
        assert!(queue.ping().await.is_err());
        assert!(queue.enqueue(&planned(1, &["one"], 5)).await.is_err());
    };
    timeout(PATIENCE, calls).await.unwrap();
    server.start_again().unwrap();
    timeout(PATIENCE, async { while queue.ping().await.is_err() {} }).await.unwrap();
    queue.enqueue(&planned(1, &["one"], 5)).await.unwrap();
    server.freeze().unwrap();
    timeout(PATIENCE, queue.counts()).await.unwrap().unwrap_err();
    server.thaw().unwrap();
    timeout(PATIENCE, async { while queue.ping().await.is_err() {} }).await.unwrap();
    assert_eq!(queue.counts().await.unwrap().waiting, 1);
}
