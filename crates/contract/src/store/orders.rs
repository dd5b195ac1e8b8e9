//! Any order of steps: whatever workers, people and administrators do to a run, it counts right and ends once.

use dk_app::ports::{EventKind, Reopened};
use dk_domain::{AnalysisStatus, ErrorCode, RunId, RunStatus, UserId};

use super::Stores;
use super::world::{at, broken, fake, id, member, model, real, under_way};

/// Models of the run.
pub const MODELS: [&str; 3] = ["aa", "bb", "cc"];

/// One thing that happens; the number names a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// A worker begins.
    Start(usize),
    /// A worker answers.
    Answer(usize),
    /// A worker fails for good.
    Fail(usize),
    /// A worker fails and tries again.
    Retry(usize),
    /// An administrator retries a dead letter.
    Reopen(usize),
    /// The finaliser looks.
    Conclude,
    /// The owner cancels.
    Cancel,
}

/// Does the steps and checks after each that the rows agree with one another. Says which run it was.
pub async fn any_order_counts_right(stores: &Stores, steps: &[Step]) -> RunId {
    // Another person each time, so that one store serves many orders.
    let ada = member(stores, &format!("{}@example.org", id())).await;
    let (media, run) = under_way(stores, ada.id, &MODELS).await;
    let mut chances = 1;
    for (second, step) in (2..).zip(steps) {
        chances += usize::from(take(stores, ada.id, run, *step, second).await);
        let ends = check(stores, ada.id, run).await;
        let still_open =
            usize::from(!stores.library.run(ada.id, run).await.unwrap().unwrap().run.status.is_ended());
        assert_eq!(ends, chances - still_open, "after {step:?} a run ends once for each time it was open");
        let row = stores.library.medium_row(ada.id, media.id).await.unwrap().unwrap();
        let stored = stores.library.run(ada.id, run).await.unwrap().unwrap().run;
        assert_eq!(row.status, stored.status, "the medium stands where its run stands");
        assert_eq!(row.verdict, stored.verdict.map(|verdict| verdict.prediction));
    }
    run
}

/// Says whether a run that had ended was opened again.
async fn take(stores: &Stores, owner: UserId, run: RunId, step: Step, second: i64) -> bool {
    let (runs, now) = (&stores.runs, at(second));
    let name = |which: usize| model(MODELS[which % MODELS.len()]);
    match step {
        Step::Start(which) => drop(runs.start(run, &name(which), now).await.unwrap()),
        Step::Answer(which) => {
            let how = if which % 2 == 0 { fake() } else { real() };
            drop(runs.end(run, &name(which), &how, now).await.unwrap());
        }
        Step::Fail(which) => drop(runs.end(run, &name(which), &broken(), now).await.unwrap()),
        Step::Retry(which) => {
            drop(runs.will_retry(run, &name(which), ErrorCode::TimedOut, "slow", now).await.unwrap());
        }
        Step::Reopen(which) => {
            let before = stores.library.run(owner, run).await.unwrap().unwrap().run.status;
            let reopened = runs.reopen(run, &name(which), now).await.unwrap();
            return reopened == Reopened::Open && before.is_ended();
        }
        Step::Conclude => drop(runs.conclude(run, now).await.unwrap()),
        Step::Cancel => drop(runs.cancel(owner, run, now).await.unwrap()),
    }
    false
}

/// Says how often the run has ended so far.
async fn check(stores: &Stores, owner: UserId, run: RunId) -> usize {
    let stored = stores.library.run(owner, run).await.unwrap().unwrap();
    let unfinished = stored.analyses.iter().filter(|part| !part.status.is_ended()).count();
    let ended = stored.run.status.is_ended();
    assert_eq!(ended, unfinished == 0, "a run has ended when its parts have: {stored:?}");
    assert_eq!(ended, stored.run.ended_at.is_some());
    if ended && stored.run.status != RunStatus::Cancelled {
        let of = |status| stored.analyses.iter().filter(|part| part.status == status).count();
        let expected = RunStatus::of_ended(of(AnalysisStatus::Completed), of(AnalysisStatus::Failed));
        assert_eq!(stored.run.status, expected);
    }
    let events = stores.library.events_after(owner, 0, 1_000).await.unwrap();
    let numbers: Vec<u64> = events.iter().filter_map(|event| event.number).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    events.iter().filter(|event| matches!(event.kind, EventKind::Ended { .. })).count()
}
