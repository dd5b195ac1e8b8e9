//! The queue in a table when rows cannot be read and when the database refuses in the middle.

use std::sync::Arc;
use std::time::Duration;

use dk_contract::queue::Bench;
use dk_contract::queue::support::{Call, analyze, planned, run_id};
use dk_sql::{QueueOptions, SqlQueue};
use sea_orm::{ConnectionTrait, DatabaseConnection, Statement};

use crate::support::{self, Clock, Fresh};

/// A bench, and a connection that goes around it.
async fn bench(fresh: Fresh, options: QueueOptions) -> (Bench, DatabaseConnection) {
    let raw = sea_orm::Database::connect(&fresh.url.replace(' ', "%20")).await.unwrap();
    (Bench::new(SqlQueue::new(fresh.db.clone(), Arc::new(Clock), options), fresh), raw)
}

async fn run_sql(raw: &DatabaseConnection, sql: &str) {
    raw.execute_raw(Statement::from_string(raw.get_database_backend(), sql)).await.unwrap();
}

#[tokio::test]
async fn a_row_that_cannot_be_read_holds_up_no_other_job() {
    for fresh in [support::sqlite().await, support::postgres().await] {
        let (bench, raw) = bench(fresh, QueueOptions::default()).await;
        for n in 1..=3 {
            bench.queue.enqueue(&planned(n, &["aa"], 5)).await.unwrap();
        }
        let spoil = format!("update jobs set model_name = 'No Model!' where id = '{}.aa'", run_id(1));
        run_sql(&raw, &spoil).await;
        let mut worker = bench.answering(|_| Ok(()));
        let jobs = [worker.analysis().await, worker.analysis().await];
        assert!(jobs.iter().all(|job| job.run_id != run_id(1) && job.attempt == 1), "{jobs:?}");
        bench.until(|counts| counts.completed == 4 && counts.failed == 1).await;
        assert!(bench.queue.failed(0, 9).await.unwrap().is_empty());
        // Planned again it is whole again.
        bench.queue.enqueue(&planned(1, &["aa"], 5)).await.unwrap();
        assert_eq!(worker.analysis().await.run_id, run_id(1));
        worker.end().await;
    }
}

#[tokio::test]
async fn a_row_that_cannot_be_read_holds_up_no_recovery() {
    for fresh in [support::sqlite().await, support::postgres().await] {
        let (bench, raw) = bench(fresh, QueueOptions::default()).await;
        for n in 1..=2 {
            bench.queue.enqueue(&planned(n, &["aa"], 5)).await.unwrap();
        }
        let mut killed = bench.worker(2, Duration::ZERO, |_, _| std::future::pending());
        killed.job().await;
        killed.job().await;
        killed.kill().await;
        let spoil = format!("update jobs set model_name = 'No Model!' where id = '{}.aa'", run_id(1));
        run_sql(&raw, &spoil).await;
        end_leases(&raw).await;
        let mut worker = bench.answering(|_| Ok(()));
        let job = worker.analysis().await;
        assert_eq!((job.run_id, job.attempt), (run_id(2), 1));
        worker.end().await;
    }
}

async fn end_leases(raw: &DatabaseConnection) {
    run_sql(raw, "update jobs set locked_until = '2000-01-01T00:00:00.000000Z' where state = 'active'").await;
}

#[tokio::test]
async fn a_finaliser_that_cannot_be_freed_costs_no_other_job_and_is_freed_later() {
    let options = QueueOptions { stalls: 0, ..QueueOptions::default() };
    let (bench, raw) = bench(support::sqlite().await, options).await;
    bench.queue.enqueue(&planned(1, &["aa"], 5)).await.unwrap();
    let mut killed = bench.worker(1, Duration::ZERO, |_, _| std::future::pending());
    killed.job().await;
    killed.kill().await;
    end_leases(&raw).await;
    bench.queue.enqueue(&planned(2, &["aa"], 5)).await.unwrap();
    let refuse = format!(
        "create trigger refuse before update on jobs when old.id = '{}.0-finalize'
            begin select raise(abort, 'not now'); end",
        run_id(1)
    );
    run_sql(&raw, &refuse).await;
    let mut worker = bench.answering(|_| Ok(()));
    let mut is_lost_told = false;
    let mut finished = Vec::new();
    while !is_lost_told || finished.len() < 2 {
        match worker.call().await {
            Call::Lost(job) => is_lost_told = job.run_id == run_id(1),
            Call::Handle(job) => finished.push(job),
        }
    }
    assert!(finished.iter().all(|job| job.run_id == run_id(2) && job.attempt == 1), "{finished:?}");
    assert_eq!(finished[0].kind, analyze("aa"));
    run_sql(&raw, "drop trigger refuse").await;
    assert_eq!(worker.job().await.run_id, run_id(1));
    bench.until_idle().await;
    worker.end().await;
}

/// A claim whose commit was made and whose answer was lost, as a connection that breaks in that moment leaves it: the
/// worker does not know of the job that is its own.
#[tokio::test]
async fn a_claim_whose_answer_was_lost_is_given_back_and_counts_no_stall() {
    let (bench, raw) =
        bench(support::sqlite().await, QueueOptions { stalls: 0, ..QueueOptions::default() }).await;
    for n in 1..=2 {
        bench.queue.enqueue(&planned(n, &["aa"], 5)).await.unwrap();
    }
    let (go, gate) = tokio::sync::watch::channel(false);
    let mut worker = bench.worker(2, Duration::ZERO, move |_, _| {
        let mut gate = gate.clone();
        async move {
            gate.wait_for(|open| *open).await.unwrap();
            Ok(())
        }
    });
    worker.job().await;
    worker.job().await;
    // The worker holds a third job without knowing, and its next claim is an error.
    bench.queue.enqueue(&planned(3, &["aa"], 5)).await.unwrap();
    let hand_over = format!(
        "update jobs set state = 'active', attempts = 1, locked_until = '2999-01-01T00:00:00.000000Z',
            locked_by = (select locked_by from jobs where id = '{}.aa') where id = '{}.aa'",
        run_id(1),
        run_id(3)
    );
    run_sql(&raw, &hand_over).await;
    let refuse =
        "create trigger refuse before update on jobs when new.state = 'active' and old.state = 'waiting'
        begin select raise(abort, 'not now'); end";
    run_sql(&raw, refuse).await;
    bench.queue.enqueue(&planned(4, &["aa"], 5)).await.unwrap();
    go.send_replace(true);
    bench.until(|counts| counts.completed == 2).await;
    bench.until(|counts| counts.active == 0).await;
    run_sql(&raw, "drop trigger refuse").await;
    let mut seen = Vec::new();
    while seen.len() < 2 {
        let job = worker.analysis().await;
        assert_eq!(job.attempt, 1);
        seen.push(job.run_id);
    }
    seen.sort();
    assert_eq!(seen, [run_id(3), run_id(4)]);
    bench.until_idle().await;
    worker.end().await;
}
