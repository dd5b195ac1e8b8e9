//! From a result payload to the answer of the port, in one way for answers from here and from elsewhere.

use dk_app::ports::Answer;
use dk_domain::{Prediction, Probability};
use dk_wire::{MessageError, ResultPayload};

/// Reads a payload; `text` is the same payload as it is stored.
pub(crate) fn answer(payload: &ResultPayload, text: String) -> Result<Answer, MessageError> {
    let wrong = |field: &'static str| move |why: String| MessageError { field, why };
    let prediction: Prediction =
        payload.prediction.parse().map_err(|e: dk_domain::UnknownWord| wrong("prediction")(e.to_string()))?;
    let probability = payload.metrics.probability.or(payload.probability);
    let probability = probability.map(Probability::new).transpose();
    let probability = probability.map_err(|e| wrong("probability")(e.to_string()))?;
    let kind = payload.media_type.parse();
    Ok(Answer {
        vote: payload.vote()?,
        prediction,
        confidence: probability.and_then(|p| prediction.confidence(p)),
        probability,
        processing_secs: payload.processing_time,
        kind: kind.map_err(|e: dk_domain::UnknownWord| wrong("media_type")(e.to_string()))?,
        model_version: payload.model.version.clone(),
        payload: text,
    })
}
