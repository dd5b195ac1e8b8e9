//! Events, kept as the messages that clients get.

use dk_domain::{Event, EventKind, Probability};
use dk_wire::EventMessage;
use sea_orm::JsonValue;

use crate::fault::Fault;

/// Messages round the probability; the row keeps every digit, so that a replayed event equals the live one.
pub(crate) fn event_json(event: &Event) -> Result<JsonValue, Fault> {
    let mut message = EventMessage::from(event);
    if let EventKind::Completed { probability, .. } = &event.kind {
        message.probability = probability.map(Probability::get);
    }
    Ok(serde_json::to_value(message)?)
}

pub(crate) fn event(json: JsonValue) -> Result<Event, Fault> {
    let message: EventMessage = serde_json::from_value(json)?;
    Ok(Event::try_from(&message)?)
}
