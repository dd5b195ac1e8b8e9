//! Analyses, their votes and their progress.

use dk_app::ports::{Analysis, ProgressMark};
use dk_domain::{AnalysisId, Probability, RunId, Vote};
use dk_wire::VoteMessage;
use sea_orm::{FromQueryResult, JsonValue};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

use super::unsigned;
use crate::database::word;
use crate::fault::Fault;

/// An analysis without its payload and its vote.
#[derive(Debug, Clone, FromQueryResult)]
pub(crate) struct AnalysisRow {
    pub(crate) id: Uuid,
    pub(crate) analysis_run_id: Uuid,
    pub(crate) model_name: String,
    pub(crate) model_version: Option<String>,
    pub(crate) status: String,
    pub(crate) prediction: Option<String>,
    pub(crate) confidence: Option<f64>,
    pub(crate) probability: Option<f64>,
    pub(crate) processing_time: Option<f64>,
    pub(crate) media_type: String,
    pub(crate) error_code: Option<String>,
    pub(crate) error_message: Option<String>,
    pub(crate) progress: Option<JsonValue>,
    pub(crate) attempts: i32,
    pub(crate) created_at: OffsetDateTime,
    pub(crate) updated_at: OffsetDateTime,
}

pub(crate) fn analysis(row: AnalysisRow) -> Result<Analysis, Fault> {
    let message = row.error_message.unwrap_or_default();
    Ok(Analysis {
        id: AnalysisId::from(row.id),
        run_id: RunId::from(row.analysis_run_id),
        model: word(&row.model_name)?,
        model_version: row.model_version,
        status: word(&row.status)?,
        prediction: row.prediction.as_deref().map(word).transpose()?,
        confidence: row.confidence,
        probability: row.probability.map(Probability::new).transpose()?,
        processing_secs: row.processing_time,
        kind: word(&row.media_type)?,
        error: row.error_code.as_deref().map(word).transpose()?.map(|code| (code, message)),
        progress: row.progress.map(mark).transpose()?,
        attempts: unsigned(row.attempts)?,
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

/// How far an analysis is, as it lies in its row.
#[derive(Serialize, Deserialize)]
struct MarkRow {
    phase: String,
    done: u64,
    total: Option<u64>,
}

pub(crate) fn progress_json(mark: ProgressMark) -> Result<JsonValue, Fault> {
    let row = MarkRow { phase: mark.phase.as_str().to_owned(), done: mark.done, total: mark.total };
    Ok(serde_json::to_value(row)?)
}

fn mark(json: JsonValue) -> Result<ProgressMark, Fault> {
    let row: MarkRow = serde_json::from_value(json)?;
    Ok(ProgressMark { phase: word(&row.phase)?, done: row.done, total: row.total })
}

pub(crate) fn vote_json(vote: &Vote) -> Result<JsonValue, Fault> {
    Ok(serde_json::to_value(VoteMessage::from(vote))?)
}

pub(crate) fn vote(json: JsonValue) -> Result<Vote, Fault> {
    let message: VoteMessage = serde_json::from_value(json)?;
    Ok(Vote::try_from(&message)?)
}
