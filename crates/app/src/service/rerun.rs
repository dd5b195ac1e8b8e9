//! Judge a stored medium once more.

use dk_domain::{MediaId, ModelName, RunId, Urgency, UserId};

use super::Ports;
use super::request_key::Asked;
use crate::ports::{AddRun, NewRun, Run, StoreError};

/// How to judge it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rerun {
    /// Only these models; empty means every one that fits.
    pub models: Vec<ModelName>,
    /// Who waits.
    pub urgency: Urgency,
    /// Makes asking twice harmless.
    pub idempotency_key: Option<String>,
}

/// Why there is no new run.
#[derive(Debug, thiserror::Error)]
pub enum RerunError {
    /// The person has no such medium.
    #[error("there is no such medium")]
    NoMedia,
    /// One run at a time.
    #[error("a run of this medium is under way")]
    UnderWay,
    /// The idempotency key came with another request.
    #[error("another request came under the same idempotency key")]
    KeyTaken,
    /// A model was asked for that no server has.
    #[error("there is no model {name}; available are {known}")]
    UnknownModel {
        /// What was asked for.
        name: ModelName,
        /// What there is, joined for people.
        known: String,
    },
    /// The rows could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Asks for another run.
pub async fn rerun(ports: &Ports, owner: UserId, media: MediaId, how: Rerun) -> Result<Run, RerunError> {
    if let Some((name, known)) = ports.unknown_model(&how.models).await {
        return Err(RerunError::UnknownModel { name, known });
    }
    let asked = Asked { file: None, description: None, models: &how.models, urgency: how.urgency };
    let key = how.idempotency_key.map(|name| asked.under(name));
    let run = NewRun { id: RunId::from(ports.ambient.id()), wanted: how.models, urgency: how.urgency };
    let now = ports.ambient.now();
    match ports.runs.add_run(owner, media, &run, key.as_ref(), now).await? {
        AddRun::Added(run, begun) => {
            ports.own_errands.hand_over(begun.errand);
            ports.publish(begun.events).await;
            Ok(*run)
        }
        AddRun::Again(run) => Ok(*run),
        AddRun::KeyTaken => Err(RerunError::KeyTaken),
        AddRun::UnderWay => Err(RerunError::UnderWay),
        AddRun::NoMedia => Err(RerunError::NoMedia),
    }
}
