//! What the verdict rule needs, read back from messages.

use dk_domain::{
    Family, MediaFacts, ModelName, OperatingPoint, Prediction, Probability, Reason, Says, Verdict, Vote,
    Weight,
};
use serde::{Deserialize, Serialize};

use crate::{AudioProperties, MediaMessage, ResultPayload, VerdictMessage, VideoProperties};

/// A message that says what cannot be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{field} is wrong: {why}")]
pub struct MessageError {
    /// Which part.
    pub field: &'static str,
    /// What is wrong with it.
    pub why: String,
}

impl MessageError {
    /// `field` could not be read.
    pub(crate) fn at<E: std::fmt::Display>(field: &'static str) -> impl FnOnce(E) -> Self {
        move |why| Self { field, why: why.to_string() }
    }
}

/// One vote, kept beside a result; numbers to the last digit, so that a run decides the same at any time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct VoteMessage {
    /// What the model looks for.
    pub family: String,
    /// unrated, weak, strong or declared.
    pub weight: String,
    /// Calibrated P(synthetic); null where the model could not look.
    pub probability: Option<f64>,
    /// From this probability on it is FAKE; null for an unrated model.
    pub fake_at: Option<f64>,
    /// Below this probability it is REAL; null for an unrated model.
    pub real_below: Option<f64>,
    /// Closed codes.
    pub reasons: Vec<String>,
}

impl From<&Vote> for VoteMessage {
    fn from(vote: &Vote) -> Self {
        let (probability, point, reasons) = match &vote.says {
            Says::Answer { probability, point, reasons } => (Some(probability.get()), *point, reasons),
            Says::NotApplicable(reasons) => (None, None, reasons),
        };
        Self {
            family: vote.family.to_string(),
            weight: vote.weight.to_string(),
            probability,
            fake_at: point.map(|p| p.fake_at().get()),
            real_below: point.map(|p| p.real_below().get()),
            reasons: reasons.iter().map(|r| r.code().to_owned()).collect(),
        }
    }
}

impl TryFrom<&VoteMessage> for Vote {
    type Error = MessageError;

    fn try_from(message: &VoteMessage) -> Result<Self, MessageError> {
        let reasons = codes(&message.reasons)?;
        let says = match message.probability {
            None => Says::NotApplicable(reasons),
            Some(probability) => Says::Answer {
                probability: Probability::new(probability).map_err(MessageError::at("probability"))?,
                point: point(message.real_below, message.fake_at)?,
                reasons,
            },
        };
        Ok(Self {
            family: message.family.parse::<Family>().map_err(MessageError::at("family"))?,
            weight: message.weight.parse::<Weight>().map_err(MessageError::at("weight"))?,
            says,
        })
    }
}

fn point(real_below: Option<f64>, fake_at: Option<f64>) -> Result<Option<OperatingPoint>, MessageError> {
    match (real_below, fake_at) {
        (Some(real_below), Some(fake_at)) => {
            OperatingPoint::new(real_below, fake_at).map(Some).map_err(MessageError::at("fake_at"))
        }
        _ => Ok(None),
    }
}

fn codes(codes: &[String]) -> Result<Vec<Reason>, MessageError> {
    codes.iter().map(|code| code.parse().map_err(MessageError::at("reasons"))).collect()
}

impl ResultPayload {
    /// What the verdict rule needs of this payload.
    pub fn vote(&self) -> Result<Vote, MessageError> {
        let message = VoteMessage {
            family: self.metrics.family.clone(),
            weight: self.metrics.weight.clone(),
            probability: self.metrics.probability.or(self.probability),
            fake_at: self.metrics.fake_at,
            real_below: self.metrics.real_below,
            reasons: self.reasons.clone(),
        };
        Vote::try_from(&message)
    }

    /// The name of the model that answered.
    pub fn model_name(&self) -> Result<ModelName, MessageError> {
        self.model.name.parse().map_err(MessageError::at("model.name"))
    }
}

impl TryFrom<&VerdictMessage> for Verdict {
    type Error = MessageError;

    fn try_from(message: &VerdictMessage) -> Result<Self, MessageError> {
        let decided_by =
            message.decided_by.as_ref().map(|f| f.parse().map_err(MessageError::at("decided_by")));
        let probability =
            message.probability.map(|p| Probability::new(p).map_err(MessageError::at("probability")));
        Ok(Self {
            prediction: message.prediction.parse::<Prediction>().map_err(MessageError::at("prediction"))?,
            probability: probability.transpose()?,
            decided_by: decided_by.transpose()?,
            reasons: codes(&message.reasons)?,
        })
    }
}

impl TryFrom<&MediaMessage> for MediaFacts {
    type Error = MessageError;

    /// What only matters while a file is decoded (its orientation, whether it moves) is not in the message.
    fn try_from(message: &MediaMessage) -> Result<Self, MessageError> {
        Ok(Self {
            kind: message.media_type.parse().map_err(MessageError::at("media_type"))?,
            format: message.format.clone(),
            bytes: message.size_bytes,
            sha256: message.sha256.parse().map_err(MessageError::at("sha256"))?,
            duration_ms: message.duration_ms,
            image: message.dimensions.as_ref().map(|d| dk_domain::ImageFacts {
                width_px: d.width,
                height_px: d.height,
                animated: false,
                exif: dk_domain::Exif::default(),
            }),
            video: message.video.as_ref().map(dk_domain::VideoFacts::from),
            audio: message.audio.as_ref().map(dk_domain::AudioFacts::from),
        })
    }
}

impl From<&VideoProperties> for dk_domain::VideoFacts {
    fn from(video: &VideoProperties) -> Self {
        Self {
            codec: video.codec.clone(),
            width_px: video.width,
            height_px: video.height,
            fps: video.fps,
            rotation_deg: video.rotation,
            bit_depth: video.bit_depth,
        }
    }
}

impl From<&AudioProperties> for dk_domain::AudioFacts {
    fn from(audio: &AudioProperties) -> Self {
        Self { codec: audio.codec.clone(), sample_rate_hz: audio.sample_rate, channels: audio.channels }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vote(says: Says, weight: Weight) -> Vote {
        Vote { family: "synthetic-image".parse().unwrap(), weight, says }
    }

    #[test]
    fn a_vote_reads_what_it_writes_to_the_last_digit() {
        let point = OperatingPoint::new(0.1 + 0.2, 0.931_400_000_000_1).unwrap();
        let probability = Probability::new(1.0 / 3.0).unwrap();
        let reasons = vec![Reason::PartOnly];
        let answer = Says::Answer { probability, point: Some(point), reasons };
        let unrated = Says::Answer { probability, point: None, reasons: vec![] };
        for vote in [
            vote(answer, Weight::Weak),
            vote(unrated, Weight::Unrated),
            vote(Says::NotApplicable(vec![Reason::NoFace]), Weight::Strong),
        ] {
            let text = serde_json::to_string(&VoteMessage::from(&vote)).unwrap();
            let message: VoteMessage = serde_json::from_str(&text).unwrap();
            assert_eq!(Vote::try_from(&message).unwrap(), vote);
        }
    }

    #[test]
    fn a_vote_that_cannot_be_is_refused_by_the_name_of_its_field() {
        let good = VoteMessage::from(&vote(Says::NotApplicable(vec![Reason::NoFace]), Weight::Weak));
        let wrong = VoteMessage { reasons: vec!["because".to_owned()], ..good.clone() };
        assert_eq!(Vote::try_from(&wrong).unwrap_err().field, "reasons");
        let wrong = VoteMessage { probability: Some(1.5), ..good };
        assert_eq!(Vote::try_from(&wrong).unwrap_err().field, "probability");
    }
}
