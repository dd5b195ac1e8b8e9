//! Run the errands of the outbox: plan, enqueue, remove files. At least once, begun in order of writing and a few at a
//! time, with growing pauses when something is not there.

use std::error::Error;

use futures_util::future::{self, FutureExt as _};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use time::Duration;
use tokio::sync::mpsc;

use super::Ports;
use super::plan::{Plan, plan};
use crate::ports::{Errand, ErrandKind, StoreError};

const BATCH: u16 = 64;
const AT_ONCE: usize = 8;
/// An errand that hangs is given up for now, well before its lease ends.
const LONGEST: std::time::Duration = std::time::Duration::from_secs(20);
/// The same for an errand of our own, whose lease is the head start.
const LONGEST_OWN: std::time::Duration = std::time::Duration::from_secs(5);
/// Nobody else takes a leased errand before this; then its relay is taken for dead.
const LEASE: Duration = Duration::seconds(60);
const MAX_PAUSE_SECS: i64 = 60;
/// A run that waits for an ML server is looked at this often.
const WAIT_FOR_SERVER: Duration = Duration::seconds(2);

/// What is left of an errand that was tried.
enum Tried {
    Done,
    /// Done, and this follows from it.
    Then(Errand),
    Later(Duration),
}

/// What came of an errand and of those that followed from it.
#[derive(Default)]
struct Outcome {
    done: Vec<i64>,
    later: Option<(i64, Duration)>,
}

/// Runs the errands that are due; says how many were leased. The caller goes on while there are any.
pub async fn relay(ports: &Ports) -> Result<usize, StoreError> {
    let now = ports.ambient.now();
    let errands = ports.outbox.take(BATCH, now, now + LEASE).await?;
    let count = errands.len();
    // A few at a time, so that one that hangs keeps no other waiting. Whatever waits must be in here: an errand that stands
    // still while something is awaited beside it may hold the only turn to write.
    let run_one = |errand: Errand| {
        let ports = ports.clone();
        async move {
            let outcome = run_to_the_end(&ports, errand, LONGEST).await;
            if let Some((id, pause)) = outcome.later {
                ports.outbox.later(id, ports.ambient.now() + pause).await?;
            }
            Ok::<_, StoreError>(outcome.done)
        }
        .boxed()
    };
    let outcomes = stream::iter(errands.into_iter().map(run_one)).buffer_unordered(AT_ONCE);
    let done: Vec<i64> = outcomes.try_collect::<Vec<_>>().await?.concat();
    if !done.is_empty() {
        ports.outbox.done(&done).await?;
    }
    Ok(count)
}

/// Runs errands that this process has written, as they come, a few at a time. Never ends by itself.
pub async fn run_own_errands(ports: &Ports) {
    let (done, ended) = mpsc::channel(BATCH.into());
    let own = stream::unfold(ports.own_errands.clone(), |own| async move { Some((own.next().await?, own)) });
    let run = own.for_each_concurrent(AT_ONCE, |errand| run_own(ports.clone(), errand, done.clone()));
    future::join(run, strike_off(ports.clone(), ended)).await;
}

async fn run_own(ports: Ports, errand: Errand, done: mpsc::Sender<i64>) {
    let outcome = run_to_the_end(&ports, errand, LONGEST_OWN).await;
    for id in outcome.done {
        // The other end is there as long as this one.
        let _ = done.send(id).await;
    }
    if let Some((id, pause)) = outcome.later
        && let Err(error) = ports.outbox.later(id, ports.ambient.now() + pause).await
    {
        left_to_the_rows(&error);
    }
}

/// Strikes off what is done; what ends while the rows are written goes together the next time.
async fn strike_off(ports: Ports, mut ended: mpsc::Receiver<i64>) {
    let mut ids = Vec::new();
    while ended.recv_many(&mut ids, BATCH.into()).await > 0 {
        if let Err(error) = ports.outbox.done(&ids).await {
            left_to_the_rows(&error);
        }
        ids.clear();
    }
}

fn left_to_the_rows(error: &StoreError) {
    tracing::warn!(error = error as &dyn Error, "an errand is left to the rows");
}

/// Runs an errand and what follows from it.
async fn run_to_the_end(ports: &Ports, errand: Errand, longest: std::time::Duration) -> Outcome {
    let mut outcome = Outcome::default();
    let mut next = Some(errand);
    while let Some(errand) = next.take() {
        match run_in_time(ports, &errand, longest).await {
            Tried::Done => outcome.done.push(errand.id),
            Tried::Then(following) => {
                outcome.done.push(errand.id);
                next = Some(following);
            }
            Tried::Later(pause) => outcome.later = Some((errand.id, pause)),
        }
    }
    outcome
}

async fn run_in_time(ports: &Ports, errand: &Errand, longest: std::time::Duration) -> Tried {
    let tried = tokio::time::timeout(longest, run(ports, errand)).await;
    tried.unwrap_or_else(|_| {
        tracing::warn!(errand.id, attempts = errand.attempts, "an errand took too long and is tried again");
        Tried::Later(pause(errand.attempts))
    })
}

async fn run(ports: &Ports, errand: &Errand) -> Tried {
    let tried: Result<Tried, Box<dyn Error + Send + Sync>> = match &errand.kind {
        ErrandKind::Plan(id) => match plan(ports, *id).await {
            Ok(Plan::Made(jobs)) => Ok(Tried::Then(jobs)),
            Ok(Plan::NotNeeded) => Ok(Tried::Done),
            Ok(Plan::Wait) => Ok(Tried::Later(WAIT_FOR_SERVER)),
            Err(error) => Err(error.into()),
        },
        ErrandKind::Enqueue(planned) => {
            ports.queue.enqueue(planned).await.map(|()| Tried::Done).map_err(Into::into)
        }
        ErrandKind::RemoveFile(key) => {
            ports.storage.remove(key).await.map(|()| Tried::Done).map_err(Into::into)
        }
    };
    tried.unwrap_or_else(|error| {
        let pause = pause(errand.attempts);
        tracing::warn!(
            errand.id,
            attempts = errand.attempts,
            pause_secs = pause.whole_seconds(),
            error = &*error as &dyn Error,
            "an errand failed and is tried again"
        );
        Tried::Later(pause)
    })
}

/// 1, 2, 4 … seconds, at most a minute.
fn pause(attempts: u32) -> Duration {
    Duration::seconds(1_i64.checked_shl(attempts.min(6)).unwrap_or(MAX_PAUSE_SECS).min(MAX_PAUSE_SECS))
}
