//! Do one job: ask for the answer of one model, or look whether a run has ended.

use dk_domain::{ErrorCode, Event, EventKind, ModelName, ProgressMark, RunId};
use std::sync::Arc;
use std::time::Duration;

use super::Ports;
use crate::StopToken;
use crate::ports::{
    Answer, AskError, Assignment, EndOfAnalysis, Ended, Job, JobFailure, JobKind, Signal, Start, StoreError,
    Watcher, told,
};

/// How long one attempt waits for a server that has the model; three attempts bridge an outage of several minutes.
const WAIT_FOR_SERVER: time::Duration = time::Duration::minutes(2);
const ASK_AGAIN: Duration = Duration::from_secs(1);

/// Runs one attempt of a job. `note` hears how far the analysis is, to keep it in its row.
pub async fn work(ports: &Ports, job: &Job, stop: StopToken, note: Watcher) -> Result<(), JobFailure> {
    match &job.kind {
        JobKind::Finalize => {
            let ended = ports.runs.conclude(job.run_id, ports.ambient.now()).await.map_err(|e| retry(&e))?;
            finish(ports, job.run_id, ended).await;
            Ok(())
        }
        JobKind::Analyze { model } => analyze(ports, job, model, stop, note).await,
    }
}

/// A job whose worker died once too often: its analysis fails, so that its run can end.
pub async fn job_lost(ports: &Ports, job: &Job) -> Result<(), StoreError> {
    let now = ports.ambient.now();
    let ended = match &job.kind {
        JobKind::Finalize => ports.runs.conclude(job.run_id, now).await?,
        JobKind::Analyze { model } => {
            let end = EndOfAnalysis::Failed {
                code: ErrorCode::WorkerLost,
                message: "the process that worked on it ended in the middle, several times".to_owned(),
            };
            ports.runs.end(job.run_id, model, &end, now).await?
        }
    };
    finish(ports, job.run_id, ended).await;
    Ok(())
}

async fn analyze(
    ports: &Ports,
    job: &Job,
    model: &ModelName,
    stop: StopToken,
    note: Watcher,
) -> Result<(), JobFailure> {
    let run = job.run_id;
    let started = ports.runs.start(run, model, ports.ambient.now()).await.map_err(|e| retry(&e))?;
    let Start::Go(assignment, events) = started else {
        tracing::debug!(run.id = %run, model.name = %model, "nothing left to do");
        return Ok(());
    };
    ports.publish(events).await;
    let watcher =
        if ports.analyst.publishes_progress() { note } else { publish_too(ports, &assignment, note) };
    let answer = ask(ports, &assignment, &watcher, &stop).await;
    match answer {
        Ok(answer) => {
            let took_secs = answer.processing_secs;
            let end = EndOfAnalysis::Answered(Box::new(answer));
            let ended = ports.runs.end(run, model, &end, ports.ambient.now()).await.map_err(|e| retry(&e))?;
            tracing::info!(run.id = %run, model.name = %model, took_secs, "model finished");
            finish(ports, run, ended).await;
            Ok(())
        }
        // Cancelled runs have ended in their rows; a worker that must go gives the job to another one.
        Err(_) if stop.is_stopped() => Err(JobFailure::GiveBack),
        Err(error) => fail(ports, job, model, &error).await,
    }
}

/// Asks until somebody can answer: a server that restarts or is busy for a while costs no attempt.
async fn ask(
    ports: &Ports,
    what: &Assignment,
    watcher: &Watcher,
    stop: &StopToken,
) -> Result<Answer, AskError> {
    let until = ports.ambient.now() + WAIT_FOR_SERVER;
    loop {
        let answer = ports.analyst.ask(what, Arc::clone(watcher), stop.clone()).await;
        let nobody = |error: &AskError| {
            matches!(error.code, ErrorCode::ServerUnavailable | ErrorCode::ModelUnavailable)
        };
        match answer {
            Err(error) if nobody(&error) && !stop.is_stopped() && ports.ambient.now() < until => {
                tracing::debug!(run.id = %what.run_id, model.name = %what.model, "waiting for a server: {error}");
            }
            other => return other,
        }
        pause(ASK_AGAIN, stop).await;
    }
}

/// Waits, or less when the work is stopped.
async fn pause(length: Duration, stop: &StopToken) {
    // Either end of the wait is fine.
    let _ = tokio::time::timeout(length, stop.stopped()).await;
}

async fn fail(ports: &Ports, job: &Job, model: &ModelName, error: &AskError) -> Result<(), JobFailure> {
    let run = job.run_id;
    let now = ports.ambient.now();
    let again = error.code.may_pass() && !job.is_last;
    tracing::warn!(run.id = %run, model.name = %model, code = error.code.as_str(), attempt = job.attempt, again, message = %error.message, "model failed");
    if again {
        let events = ports.runs.will_retry(run, model, error.code, &error.message, now).await;
        ports.publish(events.map_err(|e| retry(&e))?).await;
        return Err(JobFailure::Retry(told(error.code, &error.message)));
    }
    let end = EndOfAnalysis::Failed { code: error.code, message: error.message.clone() };
    let ended = ports.runs.end(run, model, &end, now).await.map_err(|e| retry(&e))?;
    finish(ports, run, ended).await;
    Err(JobFailure::GiveUp(told(error.code, &error.message)))
}

async fn finish(ports: &Ports, run: RunId, ended: Ended) {
    if let Some(status) = ended.run {
        tracing::info!(run.id = %run, status = %status, "run ended");
    }
    ports.publish(ended.events).await;
}

/// The database is not there: the job comes again.
fn retry(error: &StoreError) -> JobFailure {
    tracing::warn!(error = error as &dyn std::error::Error, "a job waits for the database");
    JobFailure::Retry(error.to_string())
}

/// Without an ML server that does it, progress is published from here.
fn publish_too(ports: &Ports, what: &Assignment, note: Watcher) -> Watcher {
    let (sender, mut marks) = tokio::sync::mpsc::channel::<ProgressMark>(8);
    let (ports, what) = (ports.clone(), what.clone());
    tokio::spawn(async move {
        while let Some(mark) = marks.recv().await {
            let event = Event {
                user_id: what.user_id,
                number: None,
                media_id: what.media_id,
                run_id: what.run_id,
                at: ports.ambient.now(),
                kind: EventKind::Progress { model: what.model.clone(), mark },
            };
            ports.tell(&Signal::Event(Box::new(event))).await;
        }
    });
    Arc::new(move |mark| {
        note(mark);
        // A full channel means that events are not wanted this fast.
        let _ = sender.try_send(mark);
    })
}
