//! Runs and their verdicts.

use dk_app::ports::{Run, RunDetail};
use dk_domain::{MediaId, ModelName, Probability, RunId, Verdict};
use dk_wire::VerdictMessage;
use sea_orm::JsonValue;

use super::{AnalysisRow, analysis, unsigned};
use crate::database::word;
use crate::entity::analysis_runs::Model;
use crate::fault::Fault;

pub(crate) fn run(row: Model) -> Result<Run, Fault> {
    let wanted: Vec<String> = serde_json::from_value(row.wanted_models)?;
    Ok(Run {
        id: RunId::from(row.id),
        media_id: MediaId::from(row.media_id),
        number: unsigned(row.run_number)?,
        status: word(&row.status)?,
        wanted: wanted.iter().map(|name| word(name)).collect::<Result<Vec<ModelName>, Fault>>()?,
        urgency: word(&row.urgency)?,
        // What an older version wrote in words is written anew with the next attempt to plan.
        waiting_for: row.waiting_for.and_then(|text| text.parse().ok()),
        verdict: row.verdict.map(verdict).transpose()?,
        created_at: row.created_at,
        started_at: row.started_at,
        ended_at: row.ended_at,
    })
}

/// `analyses` in order of name.
pub(crate) fn run_detail(row: Model, analyses: Vec<AnalysisRow>) -> Result<RunDetail, Fault> {
    Ok(RunDetail { run: run(row)?, analyses: analyses.into_iter().map(analysis).collect::<Result<_, _>>()? })
}

fn verdict(json: JsonValue) -> Result<Verdict, Fault> {
    let message: VerdictMessage = serde_json::from_value(json)?;
    Ok(Verdict::try_from(&message)?)
}

/// Messages round the probability; the row keeps every digit.
pub(crate) fn exact_verdict(verdict: &Verdict) -> Result<JsonValue, Fault> {
    let message = VerdictMessage::from(verdict);
    let probability = verdict.probability.map(Probability::get);
    Ok(serde_json::to_value(VerdictMessage { probability, ..message })?)
}
