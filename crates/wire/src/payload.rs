//! One model's result: the payload of the contract, stored and sent as it is here.

use dk_domain::{
    Evidence, Face, Finding, FrameScore, Heatmap, MediaFacts, Opinion, Outcome, Prediction, Probability,
    Reason, Span, SyncEvidence, SyncMoment, WindowScore,
};
use serde::{Deserialize, Serialize};

use crate::document::AudioProperties;
use crate::origin::ProvenanceMessage;
use crate::round4;
use crate::thin::thin;

/// What one model says of one file. `score`s inside series are calibrated probabilities (0 to 1).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ResultPayload {
    /// FAKE, REAL, INCONCLUSIVE or NOT_APPLICABLE.
    pub prediction: String,
    /// Probability of the prediction; null where it is neither FAKE nor REAL.
    pub confidence: Option<f64>,
    /// Calibrated P(synthetic).
    pub probability: Option<f64>,
    /// Raw score of the net, of no fixed range.
    pub score: Option<f64>,
    /// Closed codes.
    pub reasons: Vec<String>,
    /// Seconds.
    pub processing_time: f64,
    /// image, video or audio.
    pub media_type: String,
    /// Who says it.
    pub model: ModelMessage,
    /// Spans that stand out.
    pub segments: Vec<Segment>,
    /// Frames in the video, where the file tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_count: Option<u64>,
    /// Frames that were looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frames_analyzed: Option<usize>,
    /// Those frames, thinned where there are too many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub frame_predictions: Option<Vec<FramePrediction>>,
    /// Windows of sound that were listened to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chunks_analyzed: Option<usize>,
    /// Those windows, thinned where there are too many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub chunk_predictions: Option<Vec<ChunkPrediction>>,
    /// Of the sound track.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub properties: Option<AudioProperties>,
    /// Of the picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dimensions: Option<Dimensions>,
    /// Probabilities over a grid.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heatmap: Option<HeatmapMessage>,
    /// Faces of a still picture.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub faces: Option<Vec<FaceMessage>>,
    /// What the file says of its own origin, from the model that reads that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provenance: Option<ProvenanceMessage>,
    /// How mouth and voice go together, from a model that compares them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sync: Option<SyncMessage>,
    /// How the score was read.
    pub metrics: Metrics,
    /// Path of a picture of the evidence, where one was made.
    pub visualization_path: Option<String>,
}

/// A model and its weights.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ModelMessage {
    /// Name of the package.
    pub name: String,
    /// Version of the package.
    pub version: String,
    /// Checksum of the weights.
    pub sha256: String,
}

/// A span that stands out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Segment {
    /// Begin.
    pub start_ms: u64,
    /// End.
    pub end_ms: u64,
    /// picture, face or sound.
    pub track: String,
    /// Highest probability inside.
    pub score: f64,
}

/// A frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FramePrediction {
    /// Number in the stream, from 0.
    pub index: u32,
    /// Presentation time.
    pub time_ms: u64,
    /// Probability; null where the model could not look.
    pub score: Option<f64>,
    /// What this frame alone would be called.
    pub prediction: String,
    /// Its faces.
    pub faces: Vec<FaceMessage>,
}

/// A face; the box as shares of width and height.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct FaceMessage {
    /// `[x, y, width, height]`, 0 to 1.
    pub r#box: [f64; 4],
    /// Number of the person within the file.
    pub track: u32,
    /// Sureness of the face detector.
    pub detection: f64,
    /// Probability of this face alone.
    pub score: Option<f64>,
}

/// A window of sound.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct ChunkPrediction {
    /// Begin.
    pub start_ms: u64,
    /// End.
    pub end_ms: u64,
    /// Probability.
    pub score: f64,
}

/// Size of a picture, upright.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Dimensions {
    /// Pixels.
    pub width: u32,
    /// Pixels.
    pub height: u32,
}

/// Probabilities over a grid, row by row from the upper left. Each cell is a tile of half the picture's
/// width and height, judged alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct HeatmapMessage {
    /// Rows.
    pub rows: u16,
    /// Columns.
    pub columns: u16,
    /// `rows * columns` probabilities.
    pub cells: Vec<f64>,
}

/// How well a mouth and the sound go together.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SyncMessage {
    /// By how much the sound is later than the mouth where both agree best; negative where it is earlier.
    pub offset_ms: i32,
    /// How clear the agreement is there; chance rarely reaches 0.7.
    pub best: f64,
    /// The same within 0.2 s of no offset.
    pub in_place: f64,
    /// How long both were compared.
    pub compared_ms: u64,
    /// The two curves.
    pub moments: Vec<SyncMomentMessage>,
}

/// Mouth and voice at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct SyncMomentMessage {
    /// When.
    pub time_ms: u64,
    /// How far the mouth is open, 0 to 1 between its extremes.
    pub mouth: f64,
    /// How far a mouth that speaks like this would be open, 0 to 1 between its extremes.
    pub voice: f64,
}

/// How the score was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Metrics {
    /// What the model looks for.
    pub family: String,
    /// unrated, weak, strong or declared.
    pub weight: String,
    /// Which engine ran it.
    pub engine: String,
    /// The probability to the last digit; the verdict rule reads this one.
    #[serde(default)]
    pub probability: Option<f64>,
    /// From this probability on it is FAKE.
    pub fake_at: Option<f64>,
    /// Below this probability it is REAL.
    pub real_below: Option<f64>,
    /// True where a series was thinned.
    pub thinned: bool,
}

impl ResultPayload {
    /// The payload of one finding on a file with these facts.
    pub fn new(finding: &Finding, facts: &MediaFacts) -> Self {
        let opinion = match &finding.outcome {
            Outcome::Answer(opinion) => Some(opinion.as_ref()),
            Outcome::NotApplicable(_) => None,
        };
        let prediction = finding.prediction();
        let mut payload = Self {
            prediction: prediction.as_str().to_owned(),
            confidence: opinion.and_then(|o| prediction.confidence(o.probability)).map(round4),
            probability: opinion.map(|o| share(o.probability)),
            score: opinion.map(|o| round4(o.score.get())),
            reasons: reasons(finding),
            processing_time: (finding.took_secs * 1e3).round() / 1e3,
            media_type: facts.kind.as_str().to_owned(),
            model: ModelMessage {
                name: finding.model.name.to_string(),
                version: finding.model.version.clone(),
                sha256: finding.model.sha256.to_string(),
            },
            segments: opinion.map(|o| o.spans.iter().map(segment).collect()).unwrap_or_default(),
            frame_count: None,
            frames_analyzed: None,
            frame_predictions: None,
            chunks_analyzed: None,
            chunk_predictions: None,
            properties: None,
            dimensions: facts.image.as_ref().map(|i| Dimensions { width: i.width_px, height: i.height_px }),
            heatmap: None,
            faces: None,
            provenance: finding.origin.as_deref().map(ProvenanceMessage::from),
            sync: None,
            metrics: metrics(finding, opinion),
            visualization_path: None,
        };
        if let Some(opinion) = opinion {
            payload.add_evidence(opinion, facts);
        }
        payload
    }

    fn add_evidence(&mut self, opinion: &Opinion, facts: &MediaFacts) {
        match &opinion.evidence {
            Evidence::Image { faces, heatmap } => {
                self.heatmap = heatmap.as_ref().map(heatmap_message);
                self.faces = (!faces.is_empty()).then(|| faces.iter().map(face).collect());
            }
            Evidence::Video { frames } => {
                let (kept, thinned) = thin(frames, |f| f.probability.map_or(-1.0, Probability::get));
                self.metrics.thinned = thinned || opinion.left_out > 0;
                self.frame_count = frame_count(facts);
                self.frames_analyzed = Some(frames.len() + opinion.left_out);
                self.frame_predictions = Some(kept.iter().map(|f| frame(f, opinion)).collect());
            }
            Evidence::Audio { windows } => {
                let (kept, thinned) = thin(windows, |w| w.probability.get());
                self.metrics.thinned = thinned || opinion.left_out > 0;
                self.chunks_analyzed = Some(windows.len() + opinion.left_out);
                self.chunk_predictions = Some(kept.iter().map(chunk).collect());
                self.properties = facts.audio.as_ref().map(AudioProperties::from);
            }
            Evidence::Sync(sync) => {
                self.frame_count = frame_count(facts);
                self.properties = facts.audio.as_ref().map(AudioProperties::from);
                self.sync = Some(sync_message(sync));
            }
            Evidence::Origin => {}
        }
    }
}

fn share(probability: Probability) -> f64 {
    round4(probability.get())
}

fn reasons(finding: &Finding) -> Vec<String> {
    let reasons: Vec<Reason> = match &finding.outcome {
        Outcome::Answer(opinion) => {
            let between = (opinion.point.is_some() && opinion.prediction() == Prediction::Inconclusive)
                .then_some(Reason::BetweenThresholds);
            opinion.reasons.iter().copied().chain(between).collect()
        }
        Outcome::NotApplicable(reasons) => reasons.clone(),
    };
    reasons.iter().map(|reason| reason.code().to_owned()).collect()
}

fn metrics(finding: &Finding, opinion: Option<&Opinion>) -> Metrics {
    let point = opinion.and_then(|o| o.point);
    Metrics {
        family: finding.family.to_string(),
        weight: finding.weight.as_str().to_owned(),
        engine: finding.model.engine.clone(),
        probability: opinion.map(|o| o.probability.get()),
        fake_at: point.map(|p| p.fake_at().get()),
        real_below: point.map(|p| p.real_below().get()),
        thinned: false,
    }
}

/// Frames of the whole stream, from its length and average rate.
fn frame_count(facts: &MediaFacts) -> Option<u64> {
    let fps = facts.video.as_ref()?.fps?;
    Some((fps * facts.duration_ms? as f64 / 1000.0).round() as u64)
}

fn segment(span: &Span) -> Segment {
    Segment {
        start_ms: span.start_ms,
        end_ms: span.end_ms,
        track: span.track.as_str().to_owned(),
        score: share(span.probability),
    }
}

fn frame(frame: &FrameScore, opinion: &Opinion) -> FramePrediction {
    let prediction = match (frame.probability, opinion.point) {
        (None, _) => Prediction::NotApplicable,
        (Some(_), None) => Prediction::Inconclusive,
        (Some(probability), Some(point)) => point.prediction(probability),
    };
    FramePrediction {
        index: frame.index,
        time_ms: frame.time_ms,
        score: frame.probability.map(share),
        prediction: prediction.as_str().to_owned(),
        faces: frame.faces.iter().map(face).collect(),
    }
}

fn face(face: &Face) -> FaceMessage {
    let edge = |value: f32| round4(f64::from(value));
    FaceMessage {
        r#box: [edge(face.at.x), edge(face.at.y), edge(face.at.width), edge(face.at.height)],
        track: face.track,
        detection: round4(f64::from(face.sureness)),
        score: face.probability.map(share),
    }
}

fn chunk(window: &WindowScore) -> ChunkPrediction {
    ChunkPrediction { start_ms: window.start_ms, end_ms: window.end_ms, score: share(window.probability) }
}

fn sync_message(sync: &SyncEvidence) -> SyncMessage {
    let moment = |m: &SyncMoment| SyncMomentMessage {
        time_ms: m.time_ms,
        mouth: round4(f64::from(m.mouth)),
        voice: round4(f64::from(m.voice)),
    };
    SyncMessage {
        offset_ms: sync.offset_ms,
        best: round4(sync.best),
        in_place: round4(sync.in_place),
        compared_ms: sync.compared_ms,
        moments: sync.moments.iter().map(moment).collect(),
    }
}

fn heatmap_message(heatmap: &Heatmap) -> HeatmapMessage {
    HeatmapMessage {
        rows: heatmap.rows,
        columns: heatmap.columns,
        cells: heatmap.cells.iter().map(|p| share(*p)).collect(),
    }
}
