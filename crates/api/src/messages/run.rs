//! Runs and what their models say.

#![expect(clippy::trivially_copy_pass_by_ref, reason = "checks get their empty context by reference")]

use dk_app::ports::{Analysis, ProgressMark, Run, RunDetail};
use dk_domain::{Verdict, Waiting};
use garde::Validate;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::words;

/// How to judge a medium once more.
#[derive(Debug, Clone, Default, Deserialize, Serialize, Validate, ToSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AnalyzeBody {
    /// Only these models; every one that fits unless told otherwise.
    #[garde(inner(length(max = 32), inner(custom(check_model))))]
    #[schema(max_items = 32)]
    pub models: Option<Vec<String>>,
    /// Who waits for it; `interactive` unless told otherwise.
    #[garde(inner(custom(check_urgency)))]
    #[schema(schema_with = words::urgency_or_null)]
    pub priority: Option<String>,
}

/// One round of judging a medium.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Run)]
pub struct RunBody {
    /// Id.
    #[schema(schema_with = words::id)]
    pub id: String,
    /// Of which medium.
    #[schema(schema_with = words::id)]
    pub media_id: String,
    /// 1 for the first run of a medium, then rising.
    pub run_number: u32,
    /// Where it stands.
    #[schema(schema_with = words::run_status)]
    pub status: String,
    /// Models that were asked for; empty means every one that fits.
    pub requested_models: Vec<String>,
    /// Who waits for it.
    #[schema(schema_with = words::urgency)]
    pub priority: String,
    /// Why it has not begun, in words, while it waits for something.
    pub waiting_for: Option<String>,
    /// The same as a code.
    #[schema(schema_with = words::waiting_or_null)]
    pub waiting_code: Option<String>,
    /// The model that `model_missing` means.
    pub waiting_model: Option<String>,
    /// What is said of the file, once the run has ended with an answer.
    pub verdict: Option<VerdictBody>,
    /// When it was asked for.
    #[schema(schema_with = words::date_time)]
    pub created_at: String,
    /// When the first model began.
    #[schema(schema_with = words::date_time_or_null)]
    pub started_at: Option<String>,
    /// When it ended.
    #[schema(schema_with = words::date_time_or_null)]
    pub ended_at: Option<String>,
    /// What its models do, in order of name.
    pub analyses: Vec<AnalysisBody>,
}

/// What is said of a file as a whole.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Verdict)]
pub struct VerdictBody {
    /// The answer.
    #[schema(schema_with = words::prediction)]
    pub prediction: String,
    /// Probability of the answer; null where it is neither FAKE nor REAL.
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

/// What one model does within a run, without its payload.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Analysis)]
pub struct AnalysisBody {
    /// Id.
    #[schema(schema_with = words::id)]
    pub id: String,
    /// Of which run.
    #[schema(schema_with = words::id)]
    pub run_id: String,
    /// Which model.
    pub model_name: String,
    /// Version of the package that answered.
    pub model_version: Option<String>,
    /// Where it stands.
    #[schema(schema_with = words::analysis_status)]
    pub status: String,
    /// What this model alone says.
    #[schema(schema_with = words::prediction_or_null)]
    pub prediction: Option<String>,
    /// Probability of the prediction; null where it is neither FAKE nor REAL.
    pub confidence: Option<f64>,
    /// Calibrated P(synthetic).
    pub probability: Option<f64>,
    /// Seconds.
    pub processing_time: Option<f64>,
    /// Kind of the medium.
    #[schema(schema_with = words::media_type)]
    pub media_type: String,
    /// Closed code of what went wrong last.
    pub error_code: Option<String>,
    /// One line on what went wrong last.
    pub error_message: Option<String>,
    /// How far it is.
    pub progress: Option<ProgressBody>,
    /// How often it was begun.
    pub attempts: u32,
    /// When it was planned.
    #[schema(schema_with = words::date_time)]
    pub created_at: String,
    /// When it last changed.
    #[schema(schema_with = words::date_time)]
    pub updated_at: String,
}

/// How far an analysis is.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = Progress)]
pub struct ProgressBody {
    /// reading, frames or sound.
    pub phase: String,
    /// Units done.
    pub progress: u64,
    /// Units in all; null while that is not known.
    pub total: Option<u64>,
}

/// What one model does within a run, with all it says.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = AnalysisDetail)]
pub struct AnalysisDetailBody {
    /// The row.
    #[serde(flatten)]
    pub analysis: AnalysisBody,
    /// Of which medium.
    #[schema(schema_with = words::id)]
    pub media_id: String,
    /// Everything that the model says; null until it has answered.
    #[schema(value_type = Option<dk_wire::ResultPayload>)]
    pub result_payload: Option<Box<RawValue>>,
}

fn four_decimals(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}

impl From<&Verdict> for VerdictBody {
    fn from(verdict: &Verdict) -> Self {
        let message = dk_wire::VerdictMessage::from(verdict);
        Self {
            prediction: message.prediction,
            confidence: message.confidence,
            probability: message.probability,
            decided_by: message.decided_by,
            reasons: message.reasons,
            meaning: message.meaning,
        }
    }
}

impl RunBody {
    /// A run with the analyses that belong to it.
    pub fn new(run: &Run, analyses: &[Analysis]) -> Self {
        Self {
            id: run.id.to_string(),
            media_id: run.media_id.to_string(),
            run_number: run.number,
            status: run.status.to_string(),
            requested_models: run.wanted.iter().map(ToString::to_string).collect(),
            priority: run.urgency.to_string(),
            waiting_for: run.waiting_for.as_ref().map(Waiting::in_words),
            waiting_code: run.waiting_for.as_ref().map(|waiting| waiting.code().to_owned()),
            waiting_model: run.waiting_for.as_ref().and_then(Waiting::model).map(ToString::to_string),
            verdict: run.verdict.as_ref().map(VerdictBody::from),
            created_at: words::moment(run.created_at),
            started_at: words::moment_or_none(run.started_at),
            ended_at: words::moment_or_none(run.ended_at),
            analyses: analyses.iter().map(AnalysisBody::from).collect(),
        }
    }
}

impl From<&RunDetail> for RunBody {
    fn from(detail: &RunDetail) -> Self {
        Self::new(&detail.run, &detail.analyses)
    }
}

impl From<&Analysis> for AnalysisBody {
    fn from(analysis: &Analysis) -> Self {
        let error = analysis.error.as_ref();
        Self {
            id: analysis.id.to_string(),
            run_id: analysis.run_id.to_string(),
            model_name: analysis.model.to_string(),
            model_version: analysis.model_version.clone(),
            status: analysis.status.to_string(),
            prediction: analysis.prediction.map(|prediction| prediction.to_string()),
            confidence: analysis.confidence.map(four_decimals),
            probability: analysis.probability.map(|probability| four_decimals(probability.get())),
            processing_time: analysis.processing_secs.map(four_decimals),
            media_type: analysis.kind.to_string(),
            error_code: error.map(|(code, _)| code.as_str().to_owned()),
            error_message: error.map(|(_, message)| message.clone()),
            progress: analysis.progress.map(ProgressBody::from),
            attempts: analysis.attempts,
            created_at: words::moment(analysis.created_at),
            updated_at: words::moment(analysis.updated_at),
        }
    }
}

impl From<ProgressMark> for ProgressBody {
    fn from(mark: ProgressMark) -> Self {
        Self { phase: mark.phase.as_str().to_owned(), progress: mark.done, total: mark.total }
    }
}

fn check_model(name: &str, _: &()) -> Result<(), garde::Error> {
    name.parse::<dk_domain::ModelName>().map(|_| ()).map_err(garde::Error::new)
}

fn check_urgency(word: &str, _: &()) -> Result<(), garde::Error> {
    word.parse::<dk_domain::Urgency>().map(|_| ()).map_err(garde::Error::new)
}
