//! What an ML server says of itself and of its models.

use dk_app::{ModelCard, Quality, Unready};
use dk_wire::{CardMessage, MessageError, RateSentence};
use serde::{Deserialize, Serialize};

/// Header of an accepted request for an analysis: how many files the server has to do with now, this one included.
pub(crate) const FILES: &str = "x-ml-files";

/// The answer of `GET /stats`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatsMessage {
    /// Which program answers.
    pub service: String,
    /// Its version.
    pub version: String,
    /// Seconds since its start.
    pub uptime_secs: f64,
    /// Whether its models are loaded.
    pub ready: bool,
    /// What it computes on.
    pub device: DeviceStats,
    /// Engines that run models, with versions.
    pub engines: Vec<String>,
    /// Memory.
    pub memory: MemoryStats,
    /// Processor time.
    pub cpu: CpuStats,
    /// Files that are looked at at the same time.
    pub lanes: usize,
    /// Requests whose file is being looked at.
    pub active: usize,
    /// Requests that wait.
    pub waiting: usize,
    /// Files that wait or are looked at.
    pub files: usize,
    /// Most requests that may wait.
    pub max_waiting: usize,
    /// Files that it holds; absent where it reads them from the storage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blobs: Option<BlobStats>,
    /// Every package, usable or not, in order of name.
    pub models: Vec<ModelStats>,
}

/// What a server computes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DeviceStats {
    /// `cpu`.
    pub kind: String,
    /// Name of the processor, where the system tells.
    pub name: Option<String>,
    /// Threads that may run at the same time.
    pub threads: usize,
}

/// Memory, in bytes; null where the system does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MemoryStats {
    /// Of this process.
    pub rss_bytes: Option<u64>,
    /// Of the machine.
    pub total_bytes: Option<u64>,
    /// Of the machine, free for programs.
    pub available_bytes: Option<u64>,
}

/// Processor time of this process; null where the system does not tell.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CpuStats {
    /// Seconds since its start, of all threads together.
    pub seconds: Option<f64>,
    /// Of one processor, over the last seconds: 250 means two and a half processors.
    pub percent: Option<f64>,
}

/// Files that a server holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlobStats {
    /// How many.
    pub count: usize,
    /// Their bytes, with those that are being received.
    pub bytes: u64,
    /// Most bytes.
    pub max_bytes: u64,
    /// Most bytes of one file.
    pub max_blob_bytes: u64,
}

/// One package.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ModelStats {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Checksum of its weights, once it has answered.
    pub sha256: Option<String>,
    /// What it reads.
    pub kinds: Vec<String>,
    /// False for helpers such as face detectors.
    pub is_detector: bool,
    /// `loading`, `ready`, `absent` (its weights were never fetched) or `refused`.
    pub state: String,
    /// The engine that runs it.
    pub engine: Option<String>,
    /// Why it cannot be used.
    pub reason: Option<String>,
    /// The way out.
    pub hint: Option<String>,
    /// How long loading took.
    pub load_ms: Option<u64>,
    /// Answers so far.
    pub inferences: u64,
    /// Errors so far.
    pub failures: u64,
    /// How long answers took; null before the first.
    pub latency_ms: Option<LatencyStats>,
}

/// How long answers took, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LatencyStats {
    /// Mean of all.
    pub mean: f64,
    /// Half of the last ones took no longer.
    pub p50: f64,
    /// Of twenty of the last ones, nineteen took no longer.
    pub p95: f64,
}

/// One package as `GET /models` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PackageMessage {
    /// Its card.
    #[serde(flatten)]
    pub card: CardMessage,
    /// False for helpers.
    pub is_detector: bool,
    /// `ready`, `absent` (its weights were never fetched) or `refused`.
    pub state: String,
    /// The engine that runs it.
    pub engine: Option<String>,
    /// Why it cannot be used.
    pub reason: Option<String>,
    /// The way out.
    pub hint: Option<String>,
}

/// Pipelines that this version knows; a newer server may have others.
const PIPELINES: [&str; 8] = [
    "image-classifier",
    "face-classifier",
    "frame-sequence",
    "audio-windows",
    "audio-visual",
    "face-detector",
    "face-landmarks",
    "voice-activity",
];

/// The card as others read it.
pub fn card_message(card: &ModelCard) -> CardMessage {
    CardMessage {
        name: card.name.to_string(),
        version: card.version.clone(),
        title: card.title.clone(),
        family: card.family.to_string(),
        weight: card.weight.to_string(),
        kinds: card.kinds.iter().map(ToString::to_string).collect(),
        pipeline: card.pipeline.to_owned(),
        licence: card.licence.clone(),
        origin: card.origin.clone(),
        limits: card.limits.clone(),
        quality: card.quality.said.clone(),
        rates: card.quality.rates.iter().map(RateSentence::from).collect(),
        on_request: card.on_request,
    }
}

/// Reads the card of a model; `state` says how it is where it runs.
pub fn read_card(
    card: CardMessage,
    is_detector: bool,
    state: Result<String, Unready>,
) -> Result<ModelCard, MessageError> {
    let rate = |rate: RateSentence| Ok((read("rates", &rate.kind)?, rate.sentence));
    let rates = card.rates.into_iter().map(rate).collect::<Result<_, _>>()?;
    Ok(ModelCard {
        name: read("name", &card.name)?,
        family: read("family", &card.family)?,
        weight: read("weight", &card.weight)?,
        kinds: card.kinds.iter().map(|kind| read("kinds", kind)).collect::<Result<_, _>>()?,
        pipeline: PIPELINES.into_iter().find(|known| *known == card.pipeline).unwrap_or("other"),
        version: card.version,
        title: card.title,
        licence: card.licence,
        origin: card.origin,
        limits: card.limits,
        quality: Quality { said: card.quality, rates },
        state,
        is_detector,
        on_request: card.on_request,
    })
}

fn read<T: std::str::FromStr>(field: &'static str, text: &str) -> Result<T, MessageError>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|why: T::Err| MessageError { field, why: why.to_string() })
}

const ABSENT: &str = "absent";

/// The word for a model that cannot be used.
pub(crate) fn state_of(unready: &Unready) -> &'static str {
    if unready.is_absent { ABSENT } else { "refused" }
}

impl From<&ModelCard> for PackageMessage {
    fn from(card: &ModelCard) -> Self {
        let unready = card.state.as_ref().err();
        Self {
            card: card_message(card),
            is_detector: card.is_detector,
            state: unready.map_or("ready", state_of).to_owned(),
            engine: card.state.as_ref().ok().cloned(),
            reason: unready.map(|u| u.why.clone()),
            hint: unready.map(|u| u.hint.clone()),
        }
    }
}

impl TryFrom<PackageMessage> for ModelCard {
    type Error = MessageError;

    fn try_from(model: PackageMessage) -> Result<Self, MessageError> {
        let state = if model.state == "ready" {
            Ok(model.engine.unwrap_or_default())
        } else {
            let (why, hint) = (model.reason.unwrap_or_default(), model.hint.unwrap_or_default());
            Err(Unready { why, hint, is_absent: model.state == ABSENT })
        };
        read_card(model.card, model.is_detector, state)
    }
}
