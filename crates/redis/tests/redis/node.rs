//! Node's own BullMQ and Bull Board at our queue, and our worker at theirs.

use std::path::{Path, PathBuf};
use std::time::Duration;

use dk_app::ports::{JobFailure, JobKind};
use dk_testkit::node;
use dk_testkit::redis::Server;
use serde_json::{Value, json};

use crate::support::{Call, bench, media_id, model, planned, quick, run_id};

fn script(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/redis/node").join(name)
}

/// Runs a script without holding up the tasks of this test.
async fn run(name: &str, args: &[&str]) -> String {
    let (path, args): (_, Vec<String>) = (script(name), args.iter().map(ToString::to_string).collect());
    let ran = tokio::task::spawn_blocking(move || {
        node::run(&path, &args.iter().map(String::as_str).collect::<Vec<_>>())
    });
    ran.await.unwrap().unwrap()
}

async fn look(server: &Server, run_n: u128) -> Value {
    let said = run("look.cjs", &[&server.port().to_string(), &run_id(run_n).to_string()]).await;
    serde_json::from_str(&said).unwrap()
}

#[tokio::test]
async fn node_and_bull_board_see_a_run_with_its_jobs_and_its_tree() {
    let server = Server::start().unwrap();
    let bench = bench(&server, quick());
    let queue = &bench.queue;
    queue.enqueue(&planned(1, &["one", "two"], 5)).await.unwrap();
    queue.enqueue(&planned(2, &["one"], 1_000_000)).await.unwrap();

    let seen = look(&server, 1).await;
    assert_eq!(seen["counts"]["prioritized"], 3);
    assert_eq!(seen["counts"]["waiting-children"], 2);
    assert_eq!(seen["tree"]["job"]["name"], "finalize-analysis");
    let (media, run) = (media_id(1).to_string(), run_id(1).to_string());
    assert_eq!(seen["tree"]["job"]["data"], json!({ "mediaId": media, "runId": run }));
    let child = &seen["tree"]["children"][0];
    assert_eq!(child["id"], format!("{run}.one"));
    assert_eq!(child["name"], "run-single-analysis");
    assert_eq!(child["data"], json!({ "mediaId": media, "runId": run, "modelName": "one" }));
    assert_eq!(child["attempts"], 3);
    assert_eq!(child["backoff"], json!({ "type": "exponential", "delay": 10 }));
    assert_eq!(child["priority"], 5);
    assert_eq!(seen["tree"]["children"].as_array().unwrap().len(), 2);
    assert_eq!(seen["board"]["name"], "media-processing");
    assert_eq!(seen["board"]["counts"]["prioritized"], 3);
    assert_eq!(seen["board"]["jobs"], seen["jobs"]);
    assert_eq!(seen["jobs"].as_array().unwrap().len(), 5);

    let mut worker = bench.answering(|job| match &job.kind {
        JobKind::Analyze { model: name } if *name == model("two") => {
            Err(JobFailure::GiveUp("no use".to_owned()))
        }
        _ => Ok(()),
    });
    worker.job().await;
    bench.until_idle().await;
    worker.end().await;
    let seen = look(&server, 1).await;
    assert_eq!((&seen["counts"]["completed"], &seen["counts"]["failed"]), (&json!(4), &json!(1)));
    let board = seen["board"]["jobs"].as_array().unwrap();
    let letter = board.iter().find(|job| job["failedReason"] == "no use").unwrap();
    assert_eq!((&letter["id"], &letter["attemptsMade"]), (&json!(format!("{run}.two")), &json!(1)));
}

#[tokio::test]
async fn a_worker_of_node_does_our_jobs() {
    let server = Server::start().unwrap();
    let bench = bench(&server, quick());
    let queue = &bench.queue;
    queue.enqueue(&planned(1, &["one", "two"], 5)).await.unwrap();
    let said = run("work.cjs", &[&server.port().to_string(), "3", "two"]).await;
    let jobs: Vec<Value> = said.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(jobs.len(), 3, "{said}");
    assert_eq!(jobs[2]["name"], "finalize-analysis", "{said}");
    assert!(jobs.iter().any(|job| job["data"]["modelName"] == "one"));
    let counts = bench.until_idle().await;
    assert_eq!((counts.completed, counts.failed), (2, 1));
    let letters = queue.failed(0, 10).await.unwrap();
    assert_eq!(letters[0].kind, JobKind::Analyze { model: model("two") });
    assert_eq!(letters[0].reason, "Node gives up");
}

#[tokio::test]
async fn our_worker_does_jobs_of_node() {
    let server = Server::start().unwrap();
    let bench = bench(&server, quick());
    let queue = &bench.queue;
    let (port, media, run_text) = (server.port().to_string(), media_id(1).to_string(), run_id(1).to_string());
    run("add.cjs", &[&port, &media, &run_text, "one", "two"]).await;
    assert_eq!(queue.alive(run_id(1), &[model("one"), model("two"), model("x2")]).await.unwrap().len(), 2);
    let mut worker = bench.worker(1, Duration::ZERO, |job, _| {
        let fails = job.kind == JobKind::Analyze { model: model("two") };
        async move { if fails { Err(JobFailure::Retry("not now".to_owned())) } else { Ok(()) } }
    });
    let mut attempts = Vec::new();
    for _ in 0..3 {
        let job = worker.job().await;
        assert_eq!((job.media_id, job.run_id), (media_id(1), run_id(1)));
        let JobKind::Analyze { model } = job.kind else { panic!("the finaliser came too early") };
        attempts.push((model.to_string(), job.attempt, job.is_last));
    }
    attempts.sort();
    let expected = [("one", 1, false), ("two", 1, false), ("two", 2, true)];
    assert_eq!(attempts, expected.map(|(name, attempt, is_last)| (name.to_owned(), attempt, is_last)));
    let last = worker.job().await;
    assert_eq!((last.kind, last.is_last), (JobKind::Finalize, true));
    bench.until_idle().await;
    worker.end().await;
}

#[tokio::test]
async fn a_job_that_is_none_of_ours_is_a_dead_letter_and_harms_nobody() {
    let server = Server::start().unwrap();
    let bench = bench(&server, quick());
    let queue = &bench.queue;
    run("add.cjs", &[&server.port().to_string(), "no id", &run_id(1).to_string(), "one"]).await;
    queue.enqueue(&planned(2, &["one"], 5)).await.unwrap();
    let mut worker = bench.answering(|_| Ok(()));
    assert_eq!(worker.analysis().await.run_id, run_id(2));
    let counts = bench.until_idle().await;
    assert_eq!((counts.failed, counts.completed), (2, 2));
    // It cannot be told in our words; Node's tools show it.
    assert!(queue.failed(0, 10).await.unwrap().is_empty());
    let seen = look(&server, 1).await;
    assert_eq!(seen["tree"]["job"]["failedReason"], "\"finalize-analysis\" is no job of this queue");
    for call in worker.end().await {
        assert!(matches!(call, Call::Handle(job) if job.run_id == run_id(2)));
    }
}
