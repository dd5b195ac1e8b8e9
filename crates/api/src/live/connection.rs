//! One client that listens: what it has got, what it still needs, and whether it may go on listening.

use std::sync::atomic::Ordering;
use std::time::Duration;

use dk_app::account::authenticate;
use dk_app::ports::{Event, EventKind, StoreError};
use dk_domain::UserId;
use dk_wire::EventMessage;
use serde::Serialize;
use serde_json::json;
use socketioxide::extract::{AckSender, SocketRef};
use socketioxide::{SendError, SocketError};
use tokio::sync::mpsc::Receiver;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::hub::{Feed, Listener};
use super::pace::{Pace, STEP};
use crate::app::App;
use crate::auth::Admission;
use crate::messages::MediaBody;

/// How many events are read from the rows at once.
const BATCH: u16 = 200;

/// The room of a person's connections.
pub(super) struct Room(pub(super) String);

impl Room {
    pub(super) fn of(user: UserId) -> Self {
        Self(format!("user-{user}"))
    }
}

/// What a client asks for.
pub(super) enum Request {
    /// Everything after this number, also what it has got before.
    Resume(u64, AckSender),
    /// Up to which number it has got everything.
    Sync(AckSender),
}

/// Why a connection ends from here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    /// The client has gone.
    Gone,
    /// The access token has ended.
    TokenExpired,
    /// The session was ended, the key revoked or the account disabled.
    NoRight,
    /// It takes nothing.
    TooSlow,
    /// The rows are out of reach, so nobody knows what it has missed.
    Unavailable,
}

/// A packet that did not go out.
enum Unsent {
    /// Its buffer is full: try again later.
    Full,
    /// The client has gone.
    Gone,
}

/// An uploaded file with the number of its event.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct UploadMessage {
    #[serde(flatten)]
    media: MediaBody,
    run_id: String,
    event_id: Option<u64>,
}

/// Events that wait in the rows because they could not be delivered.
#[derive(Debug, Clone, Copy)]
struct Stuck {
    since: Instant,
    pause: Duration,
    try_at: Instant,
}

/// The first pause before trying again; each further one without success is twice as long, up to [`STEP`].
const FIRST_PAUSE: Duration = Duration::from_millis(5);

/// One client that listens.
pub(super) struct Connection {
    app: App,
    socket: SocketRef,
    admission: Admission,
    listener: Listener,
    requests: Receiver<Request>,
    pace: Pace,
    /// Number of the last event that was delivered; everything before it was too.
    last: u64,
    stuck: Option<Stuck>,
    ends_at: Option<Instant>,
}

impl Connection {
    pub(super) fn new(
        app: App,
        socket: SocketRef,
        admission: Admission,
        listener: Listener,
        requests: Receiver<Request>,
    ) -> Self {
        let left = admission.expires_at.map(|end| end - app.ports.ambient.now());
        let ends_at = left.map(|left| Instant::now() + left.try_into().unwrap_or_default());
        let pace = Pace::default();
        Self { app, socket, admission, listener, requests, pace, last: 0, stuck: None, ends_at }
    }

    /// Serves the client until it goes or must go. `last` is the number of the last event it has got before; without
    /// one it hears what happens from now on.
    pub(super) async fn run(mut self, last: Option<u64>) {
        let end = match self.begin(last).await {
            Ok(()) => self.listen().await,
            Err(end) => end,
        };
        let code = match end {
            End::Gone => return,
            End::TokenExpired => "token_expired",
            End::NoRight => "session_ended",
            End::TooSlow => "too_slow",
            End::Unavailable => "unavailable",
        };
        tracing::debug!(user.id = %self.user(), code, "a live connection was ended");
        // The client cannot tell from the disconnection alone why it came. A full buffer takes neither; the
        // transport then ends when the client misses its next ping.
        let _ = self.socket.emit("connection_ended", &json!({ "code": code }));
        let _ = self.socket.clone().disconnect();
    }

    fn user(&self) -> UserId {
        self.admission.caller.user.id
    }

    async fn begin(&mut self, last: Option<u64>) -> Result<(), End> {
        // Signals are heard already, so nothing falls between the rows and the live events.
        match self.app.ports.library.last_event(self.user()).await {
            Ok(newest) => {
                // A number from the future is one of another database: there is nothing after it.
                self.last = last.map_or(newest, |last| last.min(newest));
                self.catch_up().await
            }
            Err(error) => {
                report(&error);
                Err(End::Unavailable)
            }
        }
    }

    async fn listen(&mut self) -> End {
        let mut look = interval(self.app.config.socket_recheck);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        look.reset();
        loop {
            let flush_at = self.flush_at();
            let ends_at = self.ends_at;
            let step = tokio::select! {
                request = self.requests.recv() => match request {
                    Some(request) => self.answer(request).await,
                    None => Err(End::Gone),
                },
                () = at(ends_at) => Err(End::TokenExpired),
                () = at(flush_at) => self.flush().await,
                _ = look.tick() => self.look_again().await,
                feed = self.listener.feed.recv() => match feed {
                    Some(feed) => self.hear(feed).await,
                    None => Err(End::Gone),
                },
            };
            if let Err(end) = step {
                return end;
            }
            if self.listener.behind.swap(false, Ordering::AcqRel)
                && let Err(end) = self.look_again().await
            {
                return end;
            }
        }
    }

    /// When there is something to do without being asked.
    fn flush_at(&self) -> Option<Instant> {
        self.stuck.map(|stuck| stuck.try_at).into_iter().chain(self.pace.next()).min()
    }

    async fn hear(&mut self, feed: Feed) -> Result<(), End> {
        match feed {
            Feed::Recheck => self.check_right().await,
            Feed::CatchUp => self.catch_up().await,
            Feed::Event(event) => match event.number {
                Some(number) if number <= self.last => Ok(()),
                // It is in the rows, and is read when there is room.
                Some(_) if self.stuck.is_some() => Ok(()),
                Some(number) if number == self.last + 1 => self.deliver_next(&event, number).await,
                // Another one comes first: it is in the rows.
                Some(_) => self.catch_up().await,
                None => match self.pace.take(&event, Instant::now()) {
                    Some(event) => self.deliver_progress(&event),
                    None => Ok(()),
                },
            },
        }
    }

    async fn answer(&mut self, request: Request) -> Result<(), End> {
        let ack = match request {
            Request::Sync(ack) => ack,
            Request::Resume(last, ack) => {
                self.last = last.min(self.last);
                self.catch_up().await?;
                ack
            }
        };
        // An answer that does not fit is asked for again by the client.
        let _ = ack.send(&json!({ "lastEventId": self.last }));
        Ok(())
    }

    /// The net below signals that were lost.
    async fn look_again(&mut self) -> Result<(), End> {
        self.check_right().await?;
        self.catch_up().await
    }

    async fn check_right(&mut self) -> Result<(), End> {
        match authenticate(&self.app.ports, &self.admission.credential).await {
            Ok(Some(_)) => Ok(()),
            Ok(None) => Err(End::NoRight),
            // Looked at again soon; nothing private is sent that the rows cannot be asked for.
            Err(error) => {
                report(&error);
                Ok(())
            }
        }
    }

    /// Marks that waited, and events that did not fit before.
    async fn flush(&mut self) -> Result<(), End> {
        for event in self.pace.due(Instant::now()) {
            self.deliver_progress(&event)?;
        }
        match self.stuck {
            Some(stuck) if stuck.since.elapsed() > self.app.config.socket_patience => Err(End::TooSlow),
            Some(stuck) if stuck.try_at <= Instant::now() => self.catch_up().await,
            _ => Ok(()),
        }
    }

    /// Delivers what the rows hold after the last delivered event.
    async fn catch_up(&mut self) -> Result<(), End> {
        loop {
            let events = self.app.ports.library.events_after(self.user(), self.last, BATCH).await;
            let events = match events {
                Ok(events) => events,
                Err(error) => {
                    report(&error);
                    self.stick();
                    return Ok(());
                }
            };
            let is_last = events.len() < usize::from(BATCH);
            for event in events {
                let Some(number) = event.number else { continue };
                self.deliver_next(&event, number).await?;
                if self.stuck.is_some() {
                    return Ok(());
                }
            }
            if is_last {
                self.stuck = None;
                return Ok(());
            }
        }
    }

    /// Delivers an event that is next in order; one that does not fit stays next.
    async fn deliver_next(&mut self, event: &Event, number: u64) -> Result<(), End> {
        self.pace.settle(event);
        let sent = match self.message(event).await {
            Ok(sent) => sent,
            Err(error) => {
                report(&error);
                Err(Unsent::Full)
            }
        };
        match sent {
            Ok(()) => {
                self.last = number;
                self.stuck = None;
                Ok(())
            }
            Err(Unsent::Full) => {
                self.stick();
                Ok(())
            }
            Err(Unsent::Gone) => Err(End::Gone),
        }
    }

    /// Tries again later.
    fn stick(&mut self) {
        let now = Instant::now();
        let (since, pause) = match self.stuck {
            Some(stuck) => (stuck.since, (stuck.pause * 2).min(STEP)),
            None => (now, FIRST_PAUSE),
        };
        self.stuck = Some(Stuck { since, pause, try_at: now + pause });
    }

    /// Progress is not kept: a mark that does not fit is superseded by the next.
    fn deliver_progress(&self, event: &Event) -> Result<(), End> {
        match self.emit("progress_update", &EventMessage::from(event)) {
            Err(Unsent::Gone) => Err(End::Gone),
            Ok(()) | Err(Unsent::Full) => Ok(()),
        }
    }

    async fn message(&self, event: &Event) -> Result<Result<(), Unsent>, StoreError> {
        let name = match &event.kind {
            EventKind::Ended { .. } => "video_update",
            EventKind::Accepted => {
                let media = self.app.ports.library.medium_row(self.user(), event.media_id).await?;
                // Deleted since: nothing to show.
                let Some(media) = media else { return Ok(Ok(())) };
                let message = UploadMessage {
                    media: MediaBody::from(&media),
                    run_id: event.run_id.to_string(),
                    event_id: event.number,
                };
                return Ok(self.emit("upload_complete", &message));
            }
            _ => "progress_update",
        };
        Ok(self.emit(name, &EventMessage::from(event)))
    }

    fn emit(&self, name: &'static str, message: &impl Serialize) -> Result<(), Unsent> {
        match self.socket.emit(name, message) {
            Ok(()) => {
                metrics::counter!("live_events_total", "name" => name).increment(1);
                Ok(())
            }
            Err(SendError::Socket(SocketError::InternalChannelFull)) => Err(Unsent::Full),
            Err(SendError::Socket(SocketError::Closed)) => Err(Unsent::Gone),
            Err(SendError::Serialize(error)) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a live event cannot be written");
                Ok(())
            }
        }
    }
}

/// Waits for a moment, for ever without one.
async fn at(moment: Option<Instant>) {
    match moment {
        Some(moment) => sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

fn report(error: &StoreError) {
    tracing::warn!(error = error as &dyn std::error::Error, "a live connection waits for the database");
}
