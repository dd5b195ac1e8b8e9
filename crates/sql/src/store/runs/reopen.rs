//! Another chance for an analysis that failed for good.

use dk_app::ports::Reopened;
use dk_domain::{AnalysisStatus, ModelName, RunId, RunStatus};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter};
use time::OffsetDateTime;

use super::lock::{Held, change_part, hold_part};
use crate::connection::Transaction;
use crate::database::{Database, word};
use crate::entity::{analysis_runs, deepfake_analyses};
use crate::fault::Fault;

pub(super) async fn reopen(
    db: &Database,
    run: RunId,
    model: &ModelName,
    now: OffsetDateTime,
) -> Result<Reopened, Fault> {
    let tx = db.begin().await?;
    let (held, part) = match hold_part(&tx, run, model).await? {
        Some((held, part)) if held.run.status != RunStatus::Cancelled.as_str() => (held, part),
        _ => return Ok(Reopened::Over),
    };
    match word(&part.status)? {
        AnalysisStatus::Failed => {}
        // Somebody reopened it before, and perhaps its job was not queued.
        AnalysisStatus::Pending | AnalysisStatus::Processing => return Ok(Reopened::Open),
        AnalysisStatus::Completed | AnalysisStatus::Cancelled => return Ok(Reopened::Over),
    }
    // Of one medium, one run at a time.
    if held.is_ended() && another_is_under_way(&tx, &held).await? {
        return Ok(Reopened::Busy);
    }
    let changed = deepfake_analyses::ActiveModel {
        status: Set(AnalysisStatus::Pending.to_string()),
        error_code: Set(None),
        error_message: Set(None),
        progress: Set(None),
        updated_at: Set(now),
        ..deepfake_analyses::ActiveModel::default()
    };
    change_part(&tx, &held, part.id, changed).await?;
    let changed = analysis_runs::ActiveModel {
        remaining: Set(held.run.remaining + 1),
        verdict: Set(None),
        ended_at: Set(None),
        ..analysis_runs::ActiveModel::default()
    };
    held.change(&tx, RunStatus::Processing, None, changed, now).await?;
    tx.commit().await?;
    Ok(Reopened::Open)
}

async fn another_is_under_way(tx: &Transaction, held: &Held) -> Result<bool, Fault> {
    use analysis_runs::Column;
    let others = analysis_runs::Entity::find()
        .filter(Column::MediaId.eq(held.media.id))
        .filter(Column::Id.ne(held.run.id))
        .filter(Column::EndedAt.is_null());
    Ok(others.count(tx).await? > 0)
}
