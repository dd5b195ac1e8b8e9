//! Choose the models of a run: those that can be asked now, read this kind of medium and, where the person named
//! some, are among them.

use dk_domain::{AnalysisId, ModelName, RunId, Waiting, place_in_queue};

use super::Ports;
use crate::ports::{Errand, Offer, StoreError};

/// What came of planning.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// Rows were written, and this errand for the jobs.
    Made(Errand),
    /// The run needs no plan any more.
    NotNeeded,
    /// No server answers, or one that has a wanted model is missing: try again later.
    Wait,
}

/// Plans one run; twice is harmless.
pub async fn plan(ports: &Ports, id: RunId) -> Result<Plan, StoreError> {
    let Some((run, kind, _, backlog)) = ports.runs.to_plan(id).await? else {
        return Ok(Plan::NotNeeded);
    };
    let now = ports.ambient.now();
    let offers = ports.analyst.offers().await;
    if offers.is_empty() {
        ports.runs.wait(id, &Waiting::NoServer, now).await?;
        return Ok(Plan::Wait);
    }
    if let Some(missing) =
        run.wanted.iter().find(|name| !offers.iter().any(|offer| offer.card.name == **name))
    {
        ports.runs.wait(id, &Waiting::ModelMissing(missing.clone()), now).await?;
        return Ok(Plan::Wait);
    }
    let fits = |offer: &&Offer| {
        let card = &offer.card;
        let is_wanted =
            if run.wanted.is_empty() { !card.on_request } else { run.wanted.contains(&card.name) };
        card.kinds.contains(&kind) && is_wanted
    };
    let models: Vec<ModelName> = offers.iter().filter(fits).map(|offer| offer.card.name.clone()).collect();
    if models.is_empty() {
        let ended = ports.runs.end_without_models(id, now).await?;
        ports.publish(ended.events).await;
        return Ok(Plan::NotNeeded);
    }
    let place = place_in_queue(run.urgency, backlog);
    let analyses: Vec<_> =
        models.into_iter().map(|model| (AnalysisId::from(ports.ambient.id()), model)).collect();
    let planned = ports.runs.plan(id, &analyses, place, now).await?;
    tracing::info!(run.id = %id, models = analyses.len(), planned = planned.is_some(), "run planned");
    Ok(planned.map_or(Plan::NotNeeded, Plan::Made))
}
