//! Uploaded files.

#![expect(clippy::trivially_copy_pass_by_ref, reason = "checks get their empty context by reference")]

use dk_app::ports::{Media, MediaDetail};
use dk_domain::{AudioFacts, MediaFacts, VideoFacts};
use garde::Validate;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::{RunBody, words};

/// The parts of an upload. The server reads them as they come; this only describes them.
#[derive(Debug, ToSchema)]
#[expect(dead_code, reason = "describes a multipart body that is read part by part")]
pub struct UploadForm {
    /// The file; its type is decided by its content.
    #[schema(value_type = String, format = Binary)]
    media: String,
    /// What the owner says of it.
    #[schema(max_length = 500)]
    description: Option<String>,
    /// Who waits for it; `interactive` unless told otherwise.
    #[schema(schema_with = words::urgency)]
    priority: Option<String>,
    /// Only these models, separated by commas or in several parts; otherwise every one that fits.
    models: Option<String>,
}

/// An uploaded file.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Media)]
pub struct MediaBody {
    /// Id.
    #[schema(schema_with = words::id)]
    pub id: String,
    /// The name under which it was uploaded.
    pub filename: String,
    /// What the owner says of it.
    pub description: Option<String>,
    /// What it is, by content.
    #[schema(schema_with = words::media_type)]
    pub media_type: String,
    /// MIME type by content.
    pub mimetype: String,
    /// Bytes.
    pub size: u64,
    /// Checksum of the original.
    pub sha256: String,
    /// Whether there is sound.
    pub has_audio: bool,
    /// Where the owner gets the original.
    pub url: String,
    /// Key within the storage.
    pub public_id: String,
    /// Where the latest run stands.
    #[schema(schema_with = words::run_status)]
    pub status: String,
    /// What the latest run says, once it has ended with an answer.
    #[schema(schema_with = words::prediction_or_null)]
    pub verdict: Option<String>,
    /// The latest run.
    #[schema(schema_with = words::id_or_null)]
    pub latest_analysis_run_id: Option<String>,
    /// What is inside.
    pub metadata: MediaMetadata,
    /// When it was uploaded.
    #[schema(schema_with = words::date_time)]
    pub created_at: String,
    /// When it last changed.
    #[schema(schema_with = words::date_time)]
    pub updated_at: String,
}

/// What is inside a file.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MediaMetadata {
    /// Container or picture format.
    pub format: String,
    /// Length; null for a picture.
    pub duration_ms: Option<u64>,
    /// Of a picture, as it is shown.
    pub image: Option<DimensionsBody>,
    /// Of a video.
    pub video: Option<VideoBody>,
    /// Of the sound track.
    pub audio: Option<AudioBody>,
}

/// Size of a picture.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[schema(as = ImageDimensions)]
pub struct DimensionsBody {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// The judged video stream.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = VideoStream)]
pub struct VideoBody {
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
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AudioStream)]
pub struct AudioBody {
    /// Codec.
    pub codec: String,
    /// Samples per second.
    pub sample_rate: u32,
    /// Channels.
    pub channels: u16,
}

/// An uploaded file with its runs, newest first.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, ToSchema)]
#[schema(as = MediaDetail)]
pub struct MediaDetailBody {
    /// The file.
    #[serde(flatten)]
    pub media: MediaBody,
    /// Its runs with their analyses, without payloads.
    pub runs: Vec<RunBody>,
}

/// A part of the list of own media.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MediaList {
    /// In the order that was asked for.
    pub items: Vec<MediaBody>,
    /// For the next part; null at the end.
    pub next_cursor: Option<String>,
}

/// An address at which a browser gets an original without a credential.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = MediaLink)]
pub struct LinkBody {
    /// Path and query on this server.
    pub url: String,
    /// Until when it is good.
    #[schema(schema_with = words::date_time)]
    pub expires_at: String,
}

/// What owners may change.
#[derive(Debug, Clone, Deserialize, Serialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MediaPatch {
    /// What the owner says of it; null takes it away.
    // The field must be there: an empty body would otherwise take the description away.
    #[serde(deserialize_with = "present")]
    #[garde(inner(custom(check_description)))]
    #[schema(required, nullable, max_length = 500)]
    pub description: Option<String>,
}

fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Option::deserialize(from)
}

/// At most 500 characters; line breaks are fine, other control characters are not.
pub(crate) fn check_description(text: &str, _: &()) -> Result<(), garde::Error> {
    let odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.chars().take(501).count() <= 500 && !text.chars().any(odd) {
        Ok(())
    } else {
        Err(garde::Error::new("expected at most 500 characters, without control characters"))
    }
}

impl From<&Media> for MediaBody {
    fn from(media: &Media) -> Self {
        let facts = &media.facts;
        Self {
            id: media.id.to_string(),
            filename: media.filename.clone(),
            description: media.description.clone(),
            media_type: facts.kind.to_string(),
            mimetype: media.mimetype.clone(),
            size: facts.bytes,
            sha256: facts.sha256.to_string(),
            has_audio: facts.audio.is_some(),
            url: format!("/api/v1/media/{}/content", media.id),
            public_id: media.key.clone(),
            status: media.status.to_string(),
            verdict: media.verdict.map(|verdict| verdict.to_string()),
            latest_analysis_run_id: media.latest_run.map(|id| id.to_string()),
            metadata: MediaMetadata::from(facts),
            created_at: words::moment(media.created_at),
            updated_at: words::moment(media.updated_at),
        }
    }
}

impl From<&MediaDetail> for MediaDetailBody {
    fn from(detail: &MediaDetail) -> Self {
        Self { media: MediaBody::from(&detail.media), runs: detail.runs.iter().map(RunBody::from).collect() }
    }
}

impl From<&MediaFacts> for MediaMetadata {
    fn from(facts: &MediaFacts) -> Self {
        Self {
            format: facts.format.clone(),
            duration_ms: facts.duration_ms,
            image: facts
                .image
                .as_ref()
                .map(|image| DimensionsBody { width: image.width_px, height: image.height_px }),
            video: facts.video.as_ref().map(VideoBody::from),
            audio: facts.audio.as_ref().map(AudioBody::from),
        }
    }
}

impl From<&VideoFacts> for VideoBody {
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

impl From<&AudioFacts> for AudioBody {
    fn from(audio: &AudioFacts) -> Self {
        Self { codec: audio.codec.clone(), sample_rate: audio.sample_rate_hz, channels: audio.channels }
    }
}
