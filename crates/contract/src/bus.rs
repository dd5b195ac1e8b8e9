//! The promises of [`dk_app::ports::Bus`]. `one` and `other` are two handles of the same bus; where it spans
//! processes, they share nothing in memory.

use std::time::Duration;

use dk_app::ErrorCode;
use dk_app::Phase;
use dk_app::ports::{Bus, Event, EventKind, ProgressMark, Signal};
use dk_domain::{ModelName, Prediction, Probability, RunId, RunStatus, UserId};
use futures_util::StreamExt as _;
use futures_util::stream::BoxStream;
use time::OffsetDateTime;
use tokio::time::timeout;
use uuid::Uuid;

/// Only a bus that is broken comes near it.
const PATIENCE: Duration = Duration::from_secs(30);
/// More than any bus keeps for a slow listener.
const FLOOD: u64 = 10_000;

/// What was sent arrives as it was, whatever it is.
pub async fn every_signal_arrives_whole(one: &dyn Bus, other: &dyn Bus) {
    let mut heard = other.listen().await.unwrap();
    for signal in every_signal() {
        one.send(&signal).await.unwrap();
        assert_eq!(next(&mut heard).await, signal);
    }
}

/// Signals of one process do not overtake each other, of whatever kind they are.
pub async fn signals_arrive_in_the_order_in_which_one_process_sent_them(one: &dyn Bus, other: &dyn Bus) {
    let mut heard = other.listen().await.unwrap();
    let sent: Vec<Signal> =
        (0..200).map(|n| if n % 3 == 0 { cancel(n) } else { event(Some(n), EventKind::Accepted) }).collect();
    for signal in &sent {
        one.send(signal).await.unwrap();
    }
    for signal in &sent {
        assert_eq!(&next(&mut heard).await, signal);
    }
}

/// Everybody who listens hears everything, also the sender itself; what was sent before is not heard.
pub async fn every_listener_hears_what_is_sent_from_then_on(one: &dyn Bus, other: &dyn Bus) {
    one.send(&cancel(1)).await.unwrap();
    let (mut first, mut second) = (one.listen().await.unwrap(), other.listen().await.unwrap());
    one.send(&cancel(2)).await.unwrap();
    assert_eq!(next(&mut first).await, cancel(2));
    let mut late = one.listen().await.unwrap();
    other.send(&cancel(3)).await.unwrap();
    assert_eq!(next(&mut late).await, cancel(3));
    assert_eq!(next(&mut first).await, cancel(3));
    assert_eq!(next(&mut second).await, cancel(2));
    assert_eq!(next(&mut second).await, cancel(3));
}

/// Sending never waits for a listener. One that does not keep up loses the oldest and hears the newest.
pub async fn a_slow_listener_loses_the_oldest(one: &dyn Bus, other: &dyn Bus) {
    let mut slow = other.listen().await.unwrap();
    let mut quick = other.listen().await.unwrap();
    for n in 0..FLOOD {
        one.send(&cancel(n)).await.unwrap();
        assert_eq!(next(&mut quick).await, cancel(n));
    }
    // The first that is left may be any but the first that was sent; from there on none is missing.
    let first = next(&mut slow).await;
    let left = (1..FLOOD).find(|n| cancel(*n) == first).expect("the oldest were not lost");
    for n in left + 1..FLOOD {
        assert_eq!(next(&mut slow).await, cancel(n));
    }
}

/// Nobody need listen, and the bus answers.
pub async fn a_bus_without_listeners_takes_signals(one: &dyn Bus, other: &dyn Bus) {
    drop(other.listen().await.unwrap());
    for signal in every_signal() {
        one.send(&signal).await.unwrap();
    }
    one.ping().await.unwrap();
    other.ping().await.unwrap();
}

async fn next(heard: &mut BoxStream<'static, Signal>) -> Signal {
    timeout(PATIENCE, heard.next()).await.expect("a signal did not arrive").expect("the stream ended")
}

fn cancel(n: u64) -> Signal {
    Signal::Cancel(RunId::from(Uuid::from_u128(u128::from(n))))
}

fn event(number: Option<u64>, kind: EventKind) -> Signal {
    Signal::Event(Box::new(Event {
        user_id: Uuid::from_u128(1).into(),
        number,
        media_id: Uuid::from_u128(2).into(),
        run_id: Uuid::from_u128(3).into(),
        at: OffsetDateTime::from_unix_timestamp(1_790_000_000).unwrap(),
        kind,
    }))
}

fn every_signal() -> Vec<Signal> {
    let model: ModelName = "clip-probe".parse().unwrap();
    let mut signals = vec![
        Signal::Cancel(Uuid::from_u128(4).into()),
        Signal::Recheck(UserId::from(Uuid::from_u128(5))),
        event(Some(1), EventKind::Accepted),
        event(Some(2), EventKind::Started { model: model.clone() }),
    ];
    for (phase, total) in [(Phase::Reading, None), (Phase::Frames, Some(500)), (Phase::Sound, Some(7))] {
        let mark = ProgressMark { phase, done: 5, total };
        signals.push(event(None, EventKind::Progress { model: model.clone(), mark }));
    }
    for probability in [None, Some(Probability::new(0.25).unwrap())] {
        let prediction = Prediction::Inconclusive;
        signals.push(event(Some(3), EventKind::Completed { model: model.clone(), prediction, probability }));
    }
    for will_retry in [true, false] {
        let message = "a line with \"quotes\" and ünïcode".to_owned();
        let code = ErrorCode::ServerUnavailable;
        signals.push(event(Some(4), EventKind::Failed { model: model.clone(), code, message, will_retry }));
    }
    for verdict in [None, Some(Prediction::Fake)] {
        let status = RunStatus::PartiallyAnalyzed;
        signals.push(event(Some(u64::MAX >> 11), EventKind::Ended { status, verdict, answered: 2 }));
    }
    signals
}
