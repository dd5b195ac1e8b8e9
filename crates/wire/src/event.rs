//! Live events: the JSON of the channel `media-progress-events`, which browsers get as it is.

use dk_domain::{ErrorCode, Event, EventKind, Phase, Prediction, Probability, ProgressMark, RunStatus};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::{MessageError, round4};

/// Something that happened to somebody's medium. Fields that do not belong to its type are left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct EventMessage {
    /// `ANALYSIS_STARTED`, `ANALYSIS_PROGRESS`, `ANALYSIS_COMPLETED`, `ANALYSIS_FAILED`, `video_update` or
    /// `upload_complete`.
    pub r#type: String,
    /// Position in the owner's list of events, rising by one; none for progress.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<u64>,
    /// Which medium.
    pub media_id: String,
    /// Which run.
    pub run_id: String,
    /// Whose medium.
    pub user_id: String,
    /// RFC 3339, UTC.
    pub timestamp: String,
    /// Which model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model_name: Option<String>,
    /// Units done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub progress: Option<u64>,
    /// Units in all; null while that is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
    /// reading, frames or sound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// FAKE, REAL, INCONCLUSIVE or NOT_APPLICABLE, of one model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prediction: Option<String>,
    /// Calibrated P(synthetic), of one model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// Closed code of an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// One line on an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<String>,
    /// Whether another attempt follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub will_retry: Option<bool>,
    /// How the run ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
    /// What is said of the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<String>,
    /// Analyses that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub analysis_count: Option<u32>,
}

const STARTED: &str = "ANALYSIS_STARTED";
const PROGRESS: &str = "ANALYSIS_PROGRESS";
const COMPLETED: &str = "ANALYSIS_COMPLETED";
const FAILED: &str = "ANALYSIS_FAILED";
const ENDED: &str = "video_update";
const ACCEPTED: &str = "upload_complete";

impl From<&Event> for EventMessage {
    fn from(event: &Event) -> Self {
        let mut message = Self {
            r#type: String::new(),
            id: event.number,
            media_id: event.media_id.to_string(),
            run_id: event.run_id.to_string(),
            user_id: event.user_id.to_string(),
            timestamp: moment(event.at),
            model_name: None,
            progress: None,
            total: None,
            phase: None,
            prediction: None,
            probability: None,
            code: None,
            message: None,
            will_retry: None,
            status: None,
            verdict: None,
            analysis_count: None,
        };
        message.add(&event.kind);
        message
    }
}

impl EventMessage {
    fn add(&mut self, kind: &EventKind) {
        let (name, model) = match kind {
            EventKind::Accepted => (ACCEPTED, None),
            EventKind::Started { model } => (STARTED, Some(model)),
            EventKind::Progress { model, mark } => {
                self.progress = Some(mark.done);
                self.total = mark.total;
                self.phase = Some(mark.phase.as_str().to_owned());
                (PROGRESS, Some(model))
            }
            EventKind::Completed { model, prediction, probability } => {
                self.prediction = Some(prediction.to_string());
                self.probability = probability.map(|p| round4(p.get()));
                (COMPLETED, Some(model))
            }
            EventKind::Failed { model, code, message, will_retry } => {
                self.code = Some(code.as_str().to_owned());
                self.message = Some(message.clone());
                self.will_retry = Some(*will_retry);
                (FAILED, Some(model))
            }
            EventKind::Ended { status, verdict, answered } => {
                self.status = Some(status.to_string());
                self.verdict = verdict.map(|v| v.to_string());
                self.analysis_count = Some(*answered);
                (ENDED, None)
            }
        };
        name.clone_into(&mut self.r#type);
        self.model_name = model.map(ToString::to_string);
    }

    fn kind(&self) -> Result<EventKind, MessageError> {
        let model =
            || need("modelName", self.model_name.as_ref())?.parse().map_err(MessageError::at("modelName"));
        Ok(match self.r#type.as_str() {
            ACCEPTED => EventKind::Accepted,
            STARTED => EventKind::Started { model: model()? },
            PROGRESS => EventKind::Progress { model: model()?, mark: self.mark()? },
            COMPLETED => EventKind::Completed {
                model: model()?,
                prediction: word::<Prediction>("prediction", self.prediction.as_ref())?,
                probability: self
                    .probability
                    .map(|p| Probability::new(p).map_err(MessageError::at("probability")))
                    .transpose()?,
            },
            FAILED => EventKind::Failed {
                model: model()?,
                code: word::<ErrorCode>("code", self.code.as_ref())?,
                message: self.message.clone().unwrap_or_default(),
                will_retry: self.will_retry.unwrap_or_default(),
            },
            ENDED => EventKind::Ended {
                status: word::<RunStatus>("status", self.status.as_ref())?,
                verdict: self.verdict.as_ref().map(|v| word("verdict", Some(v))).transpose()?,
                answered: self.analysis_count.unwrap_or_default(),
            },
            other => {
                return Err(MessageError { field: "type", why: format!("{other:?} is no type of event") });
            }
        })
    }

    fn mark(&self) -> Result<ProgressMark, MessageError> {
        Ok(ProgressMark {
            phase: word::<Phase>("phase", self.phase.as_ref())?,
            done: *need("progress", self.progress.as_ref())?,
            total: self.total,
        })
    }
}

impl TryFrom<&EventMessage> for Event {
    type Error = MessageError;

    fn try_from(message: &EventMessage) -> Result<Self, MessageError> {
        Ok(Self {
            user_id: message.user_id.parse().map_err(MessageError::at("userId"))?,
            number: message.id,
            media_id: message.media_id.parse().map_err(MessageError::at("mediaId"))?,
            run_id: message.run_id.parse().map_err(MessageError::at("runId"))?,
            at: OffsetDateTime::parse(&message.timestamp, &Rfc3339).map_err(MessageError::at("timestamp"))?,
            kind: message.kind()?,
        })
    }
}

/// RFC 3339 in UTC, as every message writes a moment.
pub fn moment(at: OffsetDateTime) -> String {
    // Years outside 0 to 9999 are the only ones that cannot be written.
    at.to_offset(time::UtcOffset::UTC).format(&Rfc3339).unwrap_or_default()
}

fn need<'a, T>(field: &'static str, value: Option<&'a T>) -> Result<&'a T, MessageError> {
    value.ok_or_else(|| MessageError { field, why: "it is missing".to_owned() })
}

fn word<T>(field: &'static str, value: Option<&String>) -> Result<T, MessageError>
where
    T: std::str::FromStr<Err = dk_domain::UnknownWord>,
{
    need(field, value)?.parse().map_err(MessageError::at(field))
}

#[cfg(test)]
mod tests {
    use super::*;
    use dk_domain::{MediaId, RunId, UserId};
    use uuid::Uuid;

    fn event(number: Option<u64>, kind: EventKind) -> Event {
        Event {
            user_id: UserId::from(Uuid::from_u128(1)),
            number,
            media_id: MediaId::from(Uuid::from_u128(2)),
            run_id: RunId::from(Uuid::from_u128(3)),
            at: OffsetDateTime::from_unix_timestamp(1_790_000_000).unwrap(),
            kind,
        }
    }

    #[test]
    fn every_event_reads_what_it_writes() {
        let model: dk_domain::ModelName = "clip-probe".parse().unwrap();
        let mark = ProgressMark { phase: Phase::Frames, done: 50, total: Some(500) };
        let probability = Some(Probability::new(0.25).unwrap());
        let kinds = [
            EventKind::Accepted,
            EventKind::Started { model: model.clone() },
            EventKind::Progress { model: model.clone(), mark },
            EventKind::Completed { model: model.clone(), prediction: Prediction::Real, probability },
            EventKind::Failed {
                model,
                code: ErrorCode::TimedOut,
                message: "too slow".into(),
                will_retry: true,
            },
            EventKind::Ended { status: RunStatus::Analyzed, verdict: Some(Prediction::Fake), answered: 2 },
        ];
        for kind in kinds {
            let event = event(Some(7), kind);
            let text = serde_json::to_string(&EventMessage::from(&event)).unwrap();
            let message: EventMessage = serde_json::from_str(&text).unwrap();
            assert_eq!(Event::try_from(&message).unwrap(), event, "{text}");
        }
    }

    #[test]
    fn progress_has_the_names_of_the_contract() {
        let mark = ProgressMark { phase: Phase::Frames, done: 50, total: Some(500) };
        let kind = EventKind::Progress { model: "clip-probe".parse().unwrap(), mark };
        let json = serde_json::to_value(EventMessage::from(&event(None, kind))).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "type": "ANALYSIS_PROGRESS",
                "mediaId": "00000000-0000-0000-0000-000000000002",
                "runId": "00000000-0000-0000-0000-000000000003",
                "userId": "00000000-0000-0000-0000-000000000001",
                "timestamp": "2026-09-21T14:13:20Z",
                "modelName": "clip-probe",
                "progress": 50,
                "total": 500,
                "phase": "frames",
            })
        );
    }

    #[test]
    fn a_message_of_another_kind_is_refused_by_the_name_of_its_field() {
        let mut message = EventMessage::from(&event(None, EventKind::Accepted));
        message.r#type = "ANALYSIS_STARTED".to_owned();
        assert_eq!(Event::try_from(&message).unwrap_err().field, "modelName");
        message.r#type = "NEWS".to_owned();
        assert_eq!(Event::try_from(&message).unwrap_err().field, "type");
    }
}
