//! Everything that is said of one file, as one JSON document.

use dk_domain::{AudioFacts, Finding, MediaFacts, Verdict, VideoFacts};
use serde::{Deserialize, Serialize};

use crate::payload::{Dimensions, ResultPayload};
use crate::round4;

/// Name and version of the document's form.
pub const SCHEMA: &str = "drishtiksha.analysis/1";

/// One file, judged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FileDocument {
    /// [`SCHEMA`].
    pub schema: String,
    /// The file as it was named by the person.
    pub file: String,
    /// What the file is.
    pub media: MediaMessage,
    /// What is said of the file as a whole.
    pub verdict: VerdictMessage,
    /// What each model says.
    pub analyses: Vec<ResultPayload>,
    /// Models that ended with an error.
    pub failures: Vec<FailureMessage>,
    /// What was said of changed copies, where that was asked for; never by a server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(ignore)]
    pub stability: Option<StabilityMessage>,
}

/// How a verdict holds on changed copies of a file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StabilityMessage {
    /// Copies with the same prediction.
    pub kept: usize,
    /// Copies that could be judged.
    pub judged: usize,
    /// Each copy, mild changes first.
    pub copies: Vec<ChangedCopy>,
}

/// What was said of one changed copy.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct ChangedCopy {
    /// What was done, in a few words.
    pub what: String,
    /// FAKE, REAL, INCONCLUSIVE or NOT_APPLICABLE; null where it could not be made or judged.
    pub prediction: Option<String>,
    /// Calibrated P(synthetic) of the family that decided.
    pub probability: Option<f64>,
    /// Why there is no prediction.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// One file that could not be judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ErrorDocument {
    /// [`SCHEMA`].
    pub schema: String,
    /// The file as it was named by the person.
    pub file: String,
    /// What went wrong.
    pub error: ErrorMessage,
}

/// An error with the way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ErrorMessage {
    /// Closed code.
    pub code: String,
    /// One line.
    pub message: String,
    /// The way out, where there is one.
    pub hint: Option<String>,
}

/// What a file is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MediaMessage {
    /// image, video or audio.
    pub media_type: String,
    /// Container or picture format.
    pub format: String,
    /// Size of the file.
    pub size_bytes: u64,
    /// Checksum of the file.
    pub sha256: String,
    /// Length; null for a picture.
    pub duration_ms: Option<u64>,
    /// Of a picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<Dimensions>,
    /// Of a video.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub video: Option<VideoProperties>,
    /// Of the sound track.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audio: Option<AudioProperties>,
}

/// The judged video stream.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct VideoProperties {
    /// Codec.
    pub codec: String,
    /// Pixels, as shown.
    pub width: u32,
    /// Pixels, as shown.
    pub height: u32,
    /// Average frames per second.
    pub fps: Option<f64>,
    /// Clockwise turn that the file asks for.
    pub rotation: u16,
    /// Bits per colour sample.
    pub bit_depth: u8,
}

/// The judged sound track.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct AudioProperties {
    /// Codec.
    pub codec: String,
    /// Samples per second.
    pub sample_rate: u32,
    /// Channels.
    pub channels: u16,
}

/// What is said of the file as a whole.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct VerdictMessage {
    /// FAKE, REAL, INCONCLUSIVE or NOT_APPLICABLE.
    pub prediction: String,
    /// Probability of the prediction; null where it is neither FAKE nor REAL.
    pub confidence: Option<f64>,
    /// Calibrated P(synthetic) of the family that decided.
    pub probability: Option<f64>,
    /// What that family looks for.
    pub decided_by: Option<String>,
    /// Closed codes.
    pub reasons: Vec<String>,
    /// One sentence for people.
    pub meaning: String,
}

/// A model that ended with an error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FailureMessage {
    /// Which one.
    pub model: String,
    /// Closed code.
    pub code: String,
    /// One line.
    pub message: String,
}

impl FileDocument {
    /// The document of one judged file.
    pub fn new(
        file: String,
        facts: &MediaFacts,
        verdict: &Verdict,
        findings: &[Finding],
        failures: Vec<FailureMessage>,
    ) -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            file,
            media: MediaMessage::from(facts),
            verdict: VerdictMessage::from(verdict),
            analyses: findings.iter().map(|finding| ResultPayload::new(finding, facts)).collect(),
            failures,
            stability: None,
        }
    }
}

impl From<&MediaFacts> for MediaMessage {
    fn from(facts: &MediaFacts) -> Self {
        Self {
            media_type: facts.kind.as_str().to_owned(),
            format: facts.format.clone(),
            size_bytes: facts.bytes,
            sha256: facts.sha256.to_string(),
            duration_ms: facts.duration_ms,
            dimensions: facts.image.as_ref().map(|i| Dimensions { width: i.width_px, height: i.height_px }),
            video: facts.video.as_ref().map(VideoProperties::from),
            audio: facts.audio.as_ref().map(AudioProperties::from),
        }
    }
}

impl From<&VideoFacts> for VideoProperties {
    fn from(video: &VideoFacts) -> Self {
        Self {
            codec: video.codec.clone(),
            width: video.width_px,
            height: video.height_px,
            fps: video.fps.map(|fps| (fps * 1e3).round() / 1e3),
            rotation: video.rotation_deg,
            bit_depth: video.bit_depth,
        }
    }
}

impl From<&AudioFacts> for AudioProperties {
    fn from(audio: &AudioFacts) -> Self {
        Self { codec: audio.codec.clone(), sample_rate: audio.sample_rate_hz, channels: audio.channels }
    }
}

impl From<&Verdict> for VerdictMessage {
    fn from(verdict: &Verdict) -> Self {
        Self {
            prediction: verdict.prediction.as_str().to_owned(),
            confidence: verdict.confidence().map(round4),
            probability: verdict.probability.map(|p| round4(p.get())),
            decided_by: verdict.decided_by.as_ref().map(ToString::to_string),
            reasons: verdict.reasons.iter().map(|r| r.code().to_owned()).collect(),
            meaning: verdict.prediction.in_words().to_owned(),
        }
    }
}
