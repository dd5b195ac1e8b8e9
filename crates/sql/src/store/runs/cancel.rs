//! Cancelling a run: what has ended stays, the rest is cancelled with it.

use dk_app::ports::{Event, RunDetail};
use dk_domain::{AnalysisStatus, ModelName, RunId, RunStatus, UserId};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use time::OffsetDateTime;

use super::UNFINISHED;
use super::end::close;
use super::lock::{Held, hold};
use crate::connection::Transaction;
use crate::database::{Database, word};
use crate::entity::{analysis_runs, deepfake_analyses};
use crate::fault::Fault;
use crate::rows;
use crate::store::events;
use crate::store::library::analyses_of;

pub(super) async fn cancel(
    db: &Database,
    owner: UserId,
    run: RunId,
    now: OffsetDateTime,
) -> Result<Option<(RunDetail, Vec<ModelName>, Vec<Event>)>, Fault> {
    let tx = db.begin().await?;
    let held = match hold(&tx, run).await? {
        Some(held) if held.media.user_id == owner.get() => held,
        _ => return Ok(None),
    };
    if held.is_ended() {
        let detail = detail(&tx, &held).await?;
        return Ok(Some((detail, Vec::new(), Vec::new())));
    }
    let models = unfinished_models(&tx, &held).await?;
    let changed = deepfake_analyses::ActiveModel {
        status: Set(AnalysisStatus::Cancelled.to_string()),
        updated_at: Set(now),
        ..deepfake_analyses::ActiveModel::default()
    };
    deepfake_analyses::Entity::update_many()
        .set(changed)
        .filter(deepfake_analyses::Column::AnalysisRunId.eq(held.run.id))
        .filter(deepfake_analyses::Column::Status.is_in(UNFINISHED))
        .exec(&tx)
        .await?;
    let done = analyses_of(&tx, vec![held.run.id]).await?;
    let answered = done.iter().filter(|row| row.status == AnalysisStatus::Completed.as_str()).count();
    let event = close(&tx, &held, RunStatus::Cancelled, None, answered, now).await?;
    let events = events::write(&tx, held.about(), vec![event], now).await?;
    let detail = detail(&tx, &held).await?;
    tx.commit().await?;
    Ok(Some((detail, models, events)))
}

async fn unfinished_models(tx: &Transaction, held: &Held) -> Result<Vec<ModelName>, Fault> {
    let parts = analyses_of(tx, vec![held.run.id]).await?;
    let unfinished = parts.iter().filter(|part| UNFINISHED.contains(&part.status.as_str()));
    unfinished.map(|part| word(&part.model_name)).collect()
}

async fn detail(tx: &Transaction, held: &Held) -> Result<RunDetail, Fault> {
    let row = analysis_runs::Entity::find_by_id(held.run.id).one(tx).await?;
    let analyses = analyses_of(tx, vec![held.run.id]).await?;
    rows::run_detail(row.unwrap_or_else(|| held.run.clone()), analyses)
}
