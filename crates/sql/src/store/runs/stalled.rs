//! Runs that do not go on by themselves, for the reconciler.

use std::collections::HashMap;

use dk_app::ports::StalledRun;
use dk_domain::{MediaId, ModelName, RunId};
use sea_orm::sea_query::{Expr, ExprTrait, Query};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use time::OffsetDateTime;
use uuid::Uuid;

use super::UNFINISHED;
use crate::database::{Database, word};
use crate::entity::{analysis_runs, deepfake_analyses};
use crate::fault::Fault;
use crate::rows::unsigned;

pub(super) async fn stalled(
    db: &Database,
    before: OffsetDateTime,
    limit: u16,
) -> Result<Vec<StalledRun>, Fault> {
    use analysis_runs::Column;
    let moved = Query::select()
        .expr(Expr::val(1))
        .from(deepfake_analyses::Entity)
        .and_where(
            Expr::col((deepfake_analyses::Entity, deepfake_analyses::Column::AnalysisRunId))
                .equals((analysis_runs::Entity, Column::Id)),
        )
        .and_where(deepfake_analyses::Column::UpdatedAt.gte(before))
        .to_owned();
    let runs = analysis_runs::Entity::find()
        .filter(Column::EndedAt.is_null())
        .filter(Column::UpdatedAt.lt(before))
        .filter(Expr::exists(moved).not())
        .order_by_asc(Column::UpdatedAt)
        .limit(u64::from(limit))
        .all(&db.read())
        .await?;
    let mut models = unfinished(db, runs.iter().map(|run| run.id).collect()).await?;
    let stalled = |run: analysis_runs::Model| {
        Ok(StalledRun {
            id: RunId::from(run.id),
            media_id: MediaId::from(run.media_id),
            models: models.remove(&run.id).unwrap_or_default(),
            place: unsigned(run.place)?,
        })
    };
    runs.into_iter().map(stalled).collect()
}

async fn unfinished(db: &Database, runs: Vec<Uuid>) -> Result<HashMap<Uuid, Vec<ModelName>>, Fault> {
    use deepfake_analyses::Column;
    let parts = deepfake_analyses::Entity::find()
        .select_only()
        .columns([Column::AnalysisRunId, Column::ModelName])
        .filter(Column::AnalysisRunId.is_in(runs))
        .filter(Column::Status.is_in(UNFINISHED))
        .order_by_asc(Column::ModelName)
        .into_tuple::<(Uuid, String)>()
        .all(&db.read())
        .await?;
    let mut models: HashMap<Uuid, Vec<ModelName>> = HashMap::new();
    for (run, model) in parts {
        models.entry(run).or_default().push(word(&model)?);
    }
    Ok(models)
}
