//! What stands in the queue: adding, removing, looking, dead letters.

use std::sync::Arc;
use std::time::Duration;

use dk_app::ports::{FailedJob, JobFailure, JobKind, Planned};
use dk_domain::{Urgency, place_in_queue};
use tokio::sync::watch;

use super::support::{Bench, PATIENCE, analyze, media_id, model, planned, run_id};

/// What the promise needs as the pause before a second attempt.
pub fn backoff(promise: &str) -> Duration {
    match promise {
        "a_running_job_is_not_removed_and_one_that_waits_for_its_next_attempt_is" => Duration::from_hours(1),
        _ => Duration::from_millis(10),
    }
}

/// Jobs first, then the finaliser; nothing is left.
pub async fn a_run_is_one_job_per_model_and_a_finaliser_that_waits_for_them(bench: &Bench) {
    let run = planned(1, &["aa", "bb", "cc"], 5);
    bench.queue.ping().await.unwrap();
    bench.queue.enqueue(&run).await.unwrap();
    let counts = bench.queue.counts().await.unwrap();
    assert_eq!((counts.waiting, counts.waiting_children), (3, 1));
    assert_eq!(bench.queue.alive(run.run_id, &run.models).await.unwrap(), run.models);
    assert!(bench.queue.alive(run_id(2), &run.models).await.unwrap().is_empty());
    let mut worker = bench.answering(|_| Ok(()));
    let mut kinds = Vec::new();
    for _ in 0..3 {
        let job = worker.job().await;
        assert_eq!((job.media_id, job.run_id, job.attempt, job.is_last), (media_id(1), run_id(1), 1, false));
        kinds.push(job.kind);
    }
    for name in ["aa", "bb", "cc"] {
        assert!(kinds.contains(&analyze(name)));
    }
    assert_eq!(worker.job().await.kind, JobKind::Finalize);
    let counts = bench.until_idle().await;
    assert_eq!((counts.completed, counts.failed), (4, 0));
    assert!(bench.queue.alive(run.run_id, &run.models).await.unwrap().is_empty());
    assert!(worker.end().await.is_empty());
}

/// While jobs wait, and while they run.
pub async fn adding_twice_changes_nothing(bench: &Bench) {
    let run = planned(1, &["aa", "bb"], 5);
    let adding = (0..10).map(|_| bench.queue.enqueue(&run));
    for added in futures_util::future::join_all(adding).await {
        added.unwrap();
    }
    let counts = bench.queue.counts().await.unwrap();
    assert_eq!((counts.waiting, counts.waiting_children), (2, 1));
    let queue = Arc::clone(&bench.queue);
    let mut worker = bench.worker(1, Duration::ZERO, move |job, _| {
        let (queue, kind) = (Arc::clone(&queue), job.kind.clone());
        let only = Planned { models: vec![model("bb")], ..run.clone() };
        async move {
            if kind == analyze("bb") {
                queue.enqueue(&only).await.unwrap();
            }
            Ok(())
        }
    });
    let mut kinds = Vec::new();
    for _ in 0..3 {
        kinds.push(worker.job().await.kind);
    }
    assert_eq!(kinds[2], JobKind::Finalize);
    bench.until_idle().await;
    assert!(worker.end().await.is_empty());
}

/// Only what is planned again; the finaliser looks again too.
pub async fn what_had_ended_begins_anew_with_its_finaliser(bench: &Bench) {
    let run = planned(1, &["aa", "bb"], 5);
    let mut worker = bench.answering(|_| Ok(()));
    for _ in 0..3 {
        bench.queue.enqueue(&run).await.unwrap();
        for _ in 0..3 {
            worker.job().await;
        }
        bench.until_idle().await;
    }
    bench.queue.enqueue(&planned(1, &["bb"], 5)).await.unwrap();
    assert_eq!(worker.job().await.kind, analyze("bb"));
    assert_eq!(worker.job().await.kind, JobKind::Finalize);
    bench.until_idle().await;
    assert!(worker.end().await.is_empty());
}

/// There is nothing to wait for.
pub async fn a_run_without_models_is_finalised_at_once(bench: &Bench) {
    bench.queue.enqueue(&planned(1, &[], 5)).await.unwrap();
    let mut worker = bench.answering(|_| Ok(()));
    assert_eq!(worker.job().await.kind, JobKind::Finalize);
    worker.end().await;
}

/// The finaliser comes after both.
pub async fn a_job_that_joins_a_run_is_waited_for_too(bench: &Bench) {
    bench.queue.enqueue(&planned(1, &["aa"], 5)).await.unwrap();
    bench.queue.enqueue(&planned(1, &["bb"], 5)).await.unwrap();
    let counts = bench.queue.counts().await.unwrap();
    assert_eq!((counts.waiting, counts.waiting_children), (2, 1));
    let mut worker = bench.answering(|_| Ok(()));
    assert_ne!(worker.job().await.kind, JobKind::Finalize);
    assert_ne!(worker.job().await.kind, JobKind::Finalize);
    assert_eq!(worker.job().await.kind, JobKind::Finalize);
    worker.end().await;
}

/// A pile of one person as a batch, a pile of another one in front of the page, and one file of a third.
pub async fn jobs_go_by_place_and_by_age_within_a_place(bench: &Bench) {
    let runs = [
        (1, place_in_queue(Urgency::Batch, 0)),
        (2, place_in_queue(Urgency::Batch, 1)),
        (3, place_in_queue(Urgency::Interactive, 0)),
        (4, place_in_queue(Urgency::Interactive, 1)),
        (5, place_in_queue(Urgency::Interactive, 2)),
        (6, place_in_queue(Urgency::Interactive, 0)),
        (7, place_in_queue(Urgency::Batch, u32::MAX)),
        (8, u32::MAX),
    ];
    for (n, place) in runs {
        bench.queue.enqueue(&planned(n, &["aa"], place)).await.unwrap();
    }
    let mut worker = bench.worker(1, Duration::ZERO, |_, _| async { Ok(()) });
    let mut order = Vec::new();
    for _ in runs {
        order.push(worker.analysis().await.run_id);
    }
    assert_eq!(order, [3, 6, 4, 5, 1, 2, 7, 8].map(run_id));
    worker.end().await;
}

/// Nothing of the run is left; other runs stay.
pub async fn jobs_that_wait_can_be_removed_and_added_again(bench: &Bench) {
    let run = planned(1, &["aa", "bb"], 5);
    let queue = &bench.queue;
    queue.enqueue(&run).await.unwrap();
    queue.enqueue(&planned(2, &["aa"], 5)).await.unwrap();
    queue.remove(run.run_id, &[model("aa")]).await.unwrap();
    assert_eq!(queue.alive(run.run_id, &run.models).await.unwrap(), [model("bb")]);
    queue.remove(run.run_id, &run.models).await.unwrap();
    let counts = queue.counts().await.unwrap();
    assert_eq!(
        (counts.waiting, counts.waiting_children),
        (1, 1),
        "another run was touched, or a rest was left"
    );
    queue.remove(run_id(77), &run.models).await.unwrap();
    queue.enqueue(&run).await.unwrap();
    assert_eq!(queue.alive(run.run_id, &run.models).await.unwrap(), run.models);
}

/// The finaliser waits for the one that runs.
pub async fn a_running_job_is_not_removed_and_one_that_waits_for_its_next_attempt_is(bench: &Bench) {
    let run = planned(1, &["fails", "runs"], 5);
    let queue = &bench.queue;
    queue.enqueue(&run).await.unwrap();
    let (go, gate) = watch::channel(false);
    let mut worker = bench.worker(2, PATIENCE, move |job, _| {
        let mut gate = gate.clone();
        let kind = job.kind.clone();
        async move {
            if kind == analyze("fails") {
                return Err(JobFailure::Retry("not now".to_owned()));
            }
            if kind == analyze("runs") {
                gate.wait_for(|open| *open).await.unwrap();
            }
            Ok(())
        }
    });
    worker.job().await;
    worker.job().await;
    bench.until(|counts| counts.delayed == 1 && counts.active == 1).await;
    assert_eq!(queue.alive(run.run_id, &run.models).await.unwrap(), run.models);
    queue.remove(run.run_id, &run.models).await.unwrap();
    assert_eq!(queue.alive(run.run_id, &run.models).await.unwrap(), [model("runs")]);
    go.send_replace(true);
    assert_eq!(worker.job().await.kind, JobKind::Finalize);
    bench.until_idle().await;
    worker.end().await;
}

async fn letters(bench: &Bench) -> Vec<FailedJob> {
    bench.queue.failed(0, 100).await.unwrap()
}

/// Reading takes nothing away.
pub async fn dead_letters_are_listed_newest_first_and_stay_until_they_are_forgotten(bench: &Bench) {
    let queue = &bench.queue;
    let mut worker = bench.answering(|job| match job.kind {
        JobKind::Analyze { .. } => Err(JobFailure::GiveUp(format!("no use, {}", job.run_id))),
        JobKind::Finalize => Ok(()),
    });
    for n in 1..=5 {
        queue.enqueue(&planned(n, &["aa"], 5)).await.unwrap();
        worker.analysis().await;
        bench.until_idle().await;
    }
    let all = letters(bench).await;
    assert_eq!(all.iter().map(|letter| letter.run_id).collect::<Vec<_>>(), [5, 4, 3, 2, 1].map(run_id));
    assert_eq!(queue.failed(1, 2).await.unwrap(), all[1..3]);
    assert!(queue.failed(5, 10).await.unwrap().is_empty() && queue.failed(0, 0).await.unwrap().is_empty());
    let letter = &all[0];
    assert_eq!((letter.media_id, letter.attempts), (media_id(5), 1));
    assert_eq!((&letter.kind, &letter.reason), (&analyze("aa"), &format!("no use, {}", run_id(5))));
    assert!(letter.failed_at > all[4].failed_at);
    for _ in 0..2 {
        assert_eq!(queue.failed_job(&letter.id).await.unwrap().as_ref(), Some(letter));
    }
    assert_eq!(letters(bench).await, all);
    for _ in 0..2 {
        queue.forget_failed(&letter.id).await.unwrap();
        assert_eq!(letters(bench).await, all[1..]);
    }
    for id in [&letter.id, "no such id", ""] {
        assert!(queue.failed_job(id).await.unwrap().is_none());
        queue.forget_failed(id).await.unwrap();
    }
    worker.end().await;
}

/// A job that waits is none.
pub async fn only_a_dead_letter_is_read_or_forgotten(bench: &Bench) {
    let queue = &bench.queue;
    queue.enqueue(&planned(1, &["aa"], 5)).await.unwrap();
    for id in [format!("{}.aa", run_id(1)), run_id(1).to_string()] {
        assert!(queue.failed_job(&id).await.unwrap().is_none());
        queue.forget_failed(&id).await.unwrap();
    }
    let counts = queue.counts().await.unwrap();
    assert_eq!((counts.waiting, counts.waiting_children), (1, 1));
}

/// From its first attempt on, as often as somebody wants, and once where several want it at the same time.
pub async fn a_dead_letter_stays_until_it_is_enqueued_anew(bench: &Bench) {
    let queue = &bench.queue;
    let mut worker = bench.answering(|job| match job.kind {
        JobKind::Analyze { .. } => Err(JobFailure::GiveUp("no use".to_owned())),
        JobKind::Finalize => Ok(()),
    });
    queue.enqueue(&planned(1, &["aa", "bb"], 5)).await.unwrap();
    for _ in 0..3 {
        worker.job().await;
    }
    bench.until_idle().await;
    for round in 0..3 {
        let letter = letters(bench).await.into_iter().find(|letter| letter.kind == analyze("aa")).unwrap();
        assert_eq!(queue.failed_job(&letter.id).await.unwrap().as_ref(), Some(&letter));
        queue.enqueue(&planned(1, &["aa"], 1)).await.unwrap();
        assert_eq!(worker.job().await.attempt, 1, "round {round}");
        assert_eq!(worker.job().await.kind, JobKind::Finalize);
        bench.until_idle().await;
    }
    assert_eq!(letters(bench).await.len(), 2);
    worker.end().await;
    let again = planned(1, &["aa"], 1);
    futures_util::future::try_join_all((0..10).map(|_| queue.enqueue(&again))).await.unwrap();
    assert_eq!(queue.alive(again.run_id, &again.models).await.unwrap(), again.models);
    let letters = letters(bench).await;
    assert_eq!(letters.iter().map(|letter| &letter.kind).collect::<Vec<_>>(), [&analyze("bb")]);
    assert!(queue.counts().await.unwrap().waiting <= 2, "one job, and at most its finaliser");
}
