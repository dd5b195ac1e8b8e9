//! Signals as JSON. Events are the messages of the contract; the rest is small and only for ourselves.

use dk_app::ports::{Event, Signal};
use dk_domain::{IdError, RunId, UserId};
use dk_wire::{EventMessage, MessageError};
use serde::{Deserialize, Serialize};

/// Events, as Node's tools and ML servers of other makes know them.
pub(crate) const EVENTS: &str = "media-progress-events";
/// Everything else.
pub(crate) const CONTROL: &str = "media-control";

/// A message that cannot be read.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Unreadable {
    #[error("the message is not the JSON that belongs on this channel")]
    Json(#[from] serde_json::Error),
    #[error("the message is no event")]
    Event(#[from] MessageError),
    #[error("the message holds a wrong id")]
    Id(#[from] IdError),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "SCREAMING_SNAKE_CASE", rename_all_fields = "camelCase")]
enum Control {
    Cancel { run_id: String },
    Recheck { user_id: String },
}

/// The channel and the text of a signal.
pub(crate) fn write(signal: &Signal) -> Result<(&'static str, String), serde_json::Error> {
    let control = match signal {
        Signal::Event(event) => {
            return Ok((EVENTS, serde_json::to_string(&EventMessage::from(event.as_ref()))?));
        }
        Signal::Cancel(run) => Control::Cancel { run_id: run.to_string() },
        Signal::Recheck(user) => Control::Recheck { user_id: user.to_string() },
    };
    Ok((CONTROL, serde_json::to_string(&control)?))
}

/// Reads an event.
pub(crate) fn read_event(text: &[u8]) -> Result<Signal, Unreadable> {
    let message: EventMessage = serde_json::from_slice(text)?;
    Ok(Signal::Event(Box::new(Event::try_from(&message)?)))
}

/// Reads anything else.
pub(crate) fn read_control(text: &[u8]) -> Result<Signal, Unreadable> {
    Ok(match serde_json::from_slice(text)? {
        Control::Cancel { run_id } => Signal::Cancel(run_id.parse::<RunId>()?),
        Control::Recheck { user_id } => Signal::Recheck(user_id.parse::<UserId>()?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn every_control_signal_reads_what_it_writes() {
        let id = Uuid::from_u128(7);
        for signal in [Signal::Cancel(id.into()), Signal::Recheck(id.into())] {
            let (channel, text) = write(&signal).unwrap();
            assert_eq!(channel, CONTROL);
            assert_eq!(read_control(text.as_bytes()).unwrap(), signal, "{text}");
        }
    }

    #[test]
    fn strange_messages_are_refused() {
        for text in ["", "null", "7", "{}", r#"{"type":"NEWS"}"#, r#"{"type":"CANCEL","runId":"7"}"#] {
            assert!(read_control(text.as_bytes()).is_err(), "{text}");
            assert!(read_event(text.as_bytes()).is_err(), "{text}");
        }
    }
}
