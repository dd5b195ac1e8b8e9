//! The plug is pulled for real: workers are killed, the server is stopped, killed and emptied.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use dk_app::StopToken;
use dk_app::ports::{Job, JobFailure, JobHandler, JobKind, JobQueue, WorkOptions};
use dk_domain::ErrorCode;
use dk_redis::QueueOptions;
use dk_testkit::redis::{Keep, Server};
use tokio::time::{Instant, sleep};

use crate::support::{Call, PATIENCE, bench, is_idle, model, planned, quick, run_id};

/// Tells the program of the tests that it is a child, and which server is meant.
const CHILD: &str = "DK_REDIS_TEST_CHILD";
/// Tells it to use the times of the service.
const AS_SERVICE: &str = "DK_REDIS_TEST_AS_SERVICE";
const CLAIMED: &str = "claimed a job";

/// A worker in a process of its own, which claims one job and never ends it.
struct Victim(Child);

impl Victim {
    /// Returns when it has claimed its job.
    fn start(server: &Server) -> Self {
        Self::begin(server, &mut Command::new(std::env::current_exe().unwrap()))
    }

    fn start_as_service(server: &Server) -> Self {
        Self::begin(server, Command::new(std::env::current_exe().unwrap()).env(AS_SERVICE, "1"))
    }

    fn begin(server: &Server, program: &mut Command) -> Self {
        let mut child = program
            .args(["--exact", "faults::the_process_that_other_tests_kill", "--nocapture"])
            .env(CHILD, server.url())
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap());
        let claimed = output.lines().map_while(Result::ok).any(|line| line.contains(CLAIMED));
        assert!(claimed, "the child ended without a job");
        Self(child)
    }

    fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Victim {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

struct Endless;

#[expect(clippy::print_stdout, reason = "the other test reads it")]
#[async_trait::async_trait]
impl JobHandler for Endless {
    async fn handle(&self, _: Job, _: StopToken) -> Result<(), JobFailure> {
        println!("{CLAIMED}");
        std::future::pending().await
    }

    async fn lost(&self, job: Job) {
        println!("{job:?} was lost");
    }
}

/// No test: what [`Victim`] runs.
#[tokio::test]
async fn the_process_that_other_tests_kill() {
    let Ok(url) = std::env::var(CHILD) else {
        println!("skipped: runs only as the child of another test");
        return;
    };
    let options = if std::env::var_os(AS_SERVICE).is_some() { QueueOptions::default() } else { quick() };
    let queue = dk_redis::Redis::open(&url, None).unwrap().queue(options);
    let options = WorkOptions { concurrency: 1, grace: Duration::ZERO };
    queue.work(Arc::new(Endless), options, StopToken::new()).await.unwrap();
}

#[tokio::test]
async fn the_job_of_a_killed_worker_is_back_in_under_20_seconds() {
    let server = Server::start().unwrap();
    let bench = bench(&server, QueueOptions::default());
    let queue = &bench.queue;
    queue.enqueue(&planned(1, &["one"], 5)).await.unwrap();
    let victim = Victim::start_as_service(&server);
    let mut worker = bench.answering(|_| Ok(()));
    victim.kill();
    let killed = Instant::now();
    let job = worker.job().await;
    assert!(killed.elapsed() < Duration::from_secs(20), "it took {:?}", killed.elapsed());
    assert_eq!((job.run_id, job.attempt), (run_id(1), 1));
    assert_eq!(worker.job().await.kind, JobKind::Finalize);
    bench.until_idle().await;
    assert!(worker.end().await.is_empty());
}

#[tokio::test]
async fn a_job_that_kills_every_worker_ends_as_a_dead_letter_that_the_handler_is_told_of_once() {
    let server = Server::start().unwrap();
    let bench = bench(&server, quick());
    let queue = &bench.queue;
    queue.enqueue(&planned(1, &["one"], 5)).await.unwrap();
    Victim::start(&server).kill();
    Victim::start(&server).kill();
    // Two workers: whichever of them buries the job tells of it, the other one does not.
    let workers = [bench.answering(|_| Ok(())), bench.answering(|_| Ok(()))];
    let counts = bench.until(|counts| is_idle(counts) && counts.failed == 1).await;
    assert_eq!((counts.failed, counts.completed), (1, 1));
    let letter = queue.failed(0, 1).await.unwrap().remove(0);
    assert_eq!(letter.kind, JobKind::Analyze { model: model("one") });
    assert_eq!((letter.why().0, letter.attempts), (Some(ErrorCode::WorkerLost), 1));
    let mut calls = Vec::new();
    for worker in workers {
        calls.extend(worker.end().await);
    }
    let lost = Call::Lost(job_of(&letter));
    assert_eq!(calls.iter().filter(|call| **call == lost).count(), 1);
    assert_eq!(calls.len(), 2, "the loss and the finaliser: {calls:?}");

    // An administrator may try it again, and it begins anew.
    queue.enqueue(&planned(1, &["one"], 1)).await.unwrap();
    let mut worker = bench.answering(|_| Ok(()));
    assert_eq!(worker.analysis().await.attempt, 1);
    worker.end().await;
}

fn job_of(letter: &dk_app::ports::FailedJob) -> Job {
    Job {
        kind: letter.kind.clone(),
        media_id: letter.media_id,
        run_id: letter.run_id,
        attempt: letter.attempts,
        is_last: true,
    }
}

#[tokio::test]
async fn nothing_is_lost_when_the_server_is_stopped_or_killed_while_jobs_run() {
    let mut server = Server::start_with(Keep::Everything).unwrap();
    let bench = bench(&server, quick());
    let queue = &bench.queue;
    let runs: Vec<_> = (0..40).map(|n| planned(n, &["one", "two"], 5)).collect();
    for run in &runs {
        queue.enqueue(run).await.unwrap();
    }
    let mut worker = bench.worker(4, Duration::ZERO, |_, _| async {
        sleep(Duration::from_millis(20)).await;
        Ok(())
    });
    let mut handled = Vec::new();
    for round in 0..2 {
        for _ in 0..10 {
            handled.push(worker.job().await);
        }
        if round == 0 {
            server.stop().unwrap();
        } else {
            server.kill().unwrap();
        }
        assert!(queue.counts().await.is_err());
        server.start_again().unwrap();
    }
    let idle = async {
        loop {
            // The server has only just come back.
            if queue.counts().await.is_ok_and(|counts| is_idle(&counts)) {
                return;
            }
            sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, idle).await.unwrap();
    let counts = queue.counts().await.unwrap();
    assert_eq!((counts.failed, counts.completed), (0, 120));
    for call in worker.end().await {
        if let Call::Handle(job) = call {
            handled.push(job);
        }
    }
    for run in &runs {
        for name in &run.models {
            let kind = JobKind::Analyze { model: name.clone() };
            assert!(handled.iter().any(|job| job.run_id == run.run_id && job.kind == kind), "{run:?}");
        }
    }
}

#[tokio::test]
async fn a_server_that_was_emptied_says_so_and_takes_the_jobs_again() {
    let server = Server::start().unwrap();
    let bench = bench(&server, quick());
    let queue = &bench.queue;
    let run = planned(1, &["one", "two"], 5);
    queue.enqueue(&run).await.unwrap();
    let mut worker = bench.answering(|_| Ok(()));
    worker.job().await;
    bench.until_idle().await;
    queue.enqueue(&run).await.unwrap();
    bench.until_idle().await;
    server.flush().unwrap();
    assert!(queue.alive(run.run_id, &run.models).await.unwrap().is_empty());
    // Scripts are gone as well.
    server.command("SCRIPT FLUSH").unwrap();
    queue.enqueue(&run).await.unwrap();
    let counts = bench.until_idle().await;
    assert_eq!((counts.completed, counts.failed), (3, 0));
    worker.end().await;
}
