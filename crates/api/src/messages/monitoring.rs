//! Models, ML servers, the queue and the service itself.

use dk_app::ports::{FailedJob, HealthRecord, JobKind, Offer, QueueCounts, ServerStatus};
use dk_wire::{CardMessage, RateSentence};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::words;

/// A model that can be asked now.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Model)]
pub struct ModelBody {
    /// Its card.
    #[serde(flatten)]
    pub card: CardMessage,
    /// How many servers have it.
    pub servers: usize,
}

impl From<&Offer> for ModelBody {
    fn from(offer: &Offer) -> Self {
        let card = &offer.card;
        let card = CardMessage {
            name: card.name.to_string(),
            version: card.version.clone(),
            title: card.title.clone(),
            family: card.family.to_string(),
            weight: card.weight.to_string(),
            kinds: card.kinds.iter().map(ToString::to_string).collect(),
            pipeline: card.pipeline.to_string(),
            licence: card.licence.clone(),
            origin: card.origin.clone(),
            limits: card.limits.clone(),
            quality: card.quality.said.clone(),
            rates: card.quality.rates.iter().map(RateSentence::from).collect(),
            on_request: card.on_request,
        };
        Self { card, servers: offer.servers.len() }
    }
}

/// Models that can be asked now.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
pub struct ModelList {
    /// In order of name.
    pub items: Vec<ModelBody>,
}

/// An ML server as it was last seen.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Server)]
pub struct ServerBody {
    /// Host and port, or `in-process`.
    pub name: String,
    /// HEALTHY, DEGRADED or UNREACHABLE.
    pub status: String,
    /// How long it took to answer.
    pub response_time_ms: Option<u32>,
    /// What it says of itself.
    #[schema(value_type = Option<Object>)]
    pub stats: Option<Box<RawValue>>,
    /// When it was asked.
    #[schema(schema_with = words::date_time)]
    pub checked_at: String,
}

impl From<&ServerStatus> for ServerBody {
    fn from(server: &ServerStatus) -> Self {
        Self {
            name: server.name.clone(),
            status: server.state.as_str().to_owned(),
            response_time_ms: server.response_ms,
            // Text that is no JSON was written by no server of ours; it is left out.
            stats: server.stats.clone().and_then(|text| RawValue::from_string(text).ok()),
            checked_at: words::moment(server.checked_at),
        }
    }
}

/// Every ML server.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ServerList {
    /// In order of configuration.
    pub items: Vec<ServerBody>,
}

/// One look at one ML server.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ServerHistoryEntry {
    /// Id.
    #[schema(schema_with = words::id)]
    pub id: String,
    /// What was seen.
    #[serde(flatten)]
    pub server: ServerBody,
}

impl From<&HealthRecord> for ServerHistoryEntry {
    fn from(record: &HealthRecord) -> Self {
        Self { id: record.id.to_string(), server: ServerBody::from(&record.status) }
    }
}

/// How ML servers were.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct ServerHistory {
    /// Newest first.
    pub items: Vec<ServerHistoryEntry>,
}

/// How many jobs stand where.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = QueueStatus)]
pub struct QueueBody {
    /// Name of the queue.
    pub queue: String,
    /// Waiting for a worker.
    pub waiting: u64,
    /// Under way.
    pub active: u64,
    /// Waiting for their next attempt.
    pub delayed: u64,
    /// Finalisers that wait for their models.
    pub waiting_children: u64,
    /// Done and not yet forgotten.
    pub completed: u64,
    /// Failed for good and not yet forgotten.
    pub failed: u64,
}

impl From<QueueCounts> for QueueBody {
    fn from(counts: QueueCounts) -> Self {
        Self {
            queue: "media-processing".to_owned(),
            waiting: counts.waiting,
            active: counts.active,
            delayed: counts.delayed,
            waiting_children: counts.waiting_children,
            completed: counts.completed,
            failed: counts.failed,
        }
    }
}

/// A job that failed for good.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = FailedJob)]
pub struct FailedJobBody {
    /// Id within the queue.
    pub id: String,
    /// `run-single-analysis` or `finalize-analysis`.
    pub name: String,
    /// Of which medium.
    #[schema(schema_with = words::id)]
    pub media_id: String,
    /// Of which run.
    #[schema(schema_with = words::id)]
    pub run_id: String,
    /// Which model; null for a finaliser.
    pub model_name: Option<String>,
    /// Why it failed, as a code of the closed list that analyses have; null where none is known.
    pub code: Option<String>,
    /// Why it failed, in English.
    pub reason: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it failed for good.
    #[schema(schema_with = words::date_time_or_null)]
    pub failed_at: Option<String>,
}

impl From<&FailedJob> for FailedJobBody {
    fn from(job: &FailedJob) -> Self {
        let (name, model) = match &job.kind {
            JobKind::Analyze { model } => ("run-single-analysis", Some(model.to_string())),
            JobKind::Finalize => ("finalize-analysis", None),
        };
        let (code, reason) = job.why();
        Self {
            id: job.id.clone(),
            name: name.to_owned(),
            media_id: job.media_id.to_string(),
            run_id: job.run_id.to_string(),
            model_name: model,
            code: code.map(|code| code.as_str().to_owned()),
            reason: reason.to_owned(),
            attempts: job.attempts,
            failed_at: words::moment_or_none(job.failed_at),
        }
    }
}

/// A part of the list of jobs that failed for good.
#[derive(Debug, Clone, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct FailedJobList {
    /// Newest first.
    pub items: Vec<FailedJobBody>,
    /// For the next part; null at the end.
    pub next_cursor: Option<String>,
}

/// The process is alive.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[schema(as = Health)]
pub struct HealthBody {
    /// `ok`.
    pub status: String,
    /// Version of the program.
    pub version: String,
}

/// Whether the service can do its work.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[schema(as = Ready)]
pub struct ReadyBody {
    /// `ok`, `degraded` (something that can wait fails) or `failed`.
    pub status: String,
    /// Rows.
    pub database: ReadyPart,
    /// Jobs.
    pub queue: ReadyPart,
    /// Live events.
    pub bus: ReadyPart,
    /// Files.
    pub storage: ReadyPart,
    /// ML servers.
    pub models: ReadyPart,
}

/// Whether one thing answers.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReadyPart {
    /// `ok` or `failed`.
    pub status: String,
    /// How long the answer took.
    pub took_ms: u32,
}
