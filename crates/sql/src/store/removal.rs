//! Removing a medium with everything that belongs to it.

use std::collections::BTreeMap;

use dk_app::ports::{ErrandKind, RemovedMedia};
use dk_domain::{MediaId, ModelName, RunId, UserId};
use sea_orm::{ColumnTrait, EntityTrait, JoinType, QueryFilter, QueryOrder, QuerySelect, RelationTrait};
use time::OffsetDateTime;
use uuid::Uuid;

use super::library::owned;
use super::outbox;
use super::runs::UNFINISHED;
use crate::connection::Transaction;
use crate::database::{Database, word};
use crate::entity::{analysis_runs, deepfake_analyses, media};
use crate::fault::Fault;

pub(super) async fn remove(
    db: &Database,
    owner: UserId,
    id: MediaId,
    now: OffsetDateTime,
) -> Result<Option<RemovedMedia>, Fault> {
    let tx = db.begin().await?;
    let Some(row) = owned(owner, id).lock_exclusive().one(&tx).await? else {
        return Ok(None);
    };
    let runs = under_way(&tx, row.id).await?;
    media::Entity::delete_by_id(row.id).exec(&tx).await?;
    outbox::write_due(&tx, &ErrandKind::RemoveFile(row.public_id.clone()), now).await?;
    tx.commit().await?;
    Ok(Some(RemovedMedia { key: row.public_id, runs }))
}

async fn under_way(tx: &Transaction, media: Uuid) -> Result<Vec<(RunId, Vec<ModelName>)>, Fault> {
    let runs = analysis_runs::Entity::find()
        .select_only()
        .column(analysis_runs::Column::Id)
        .filter(analysis_runs::Column::MediaId.eq(media))
        .filter(analysis_runs::Column::EndedAt.is_null())
        .into_tuple::<Uuid>()
        .all(tx)
        .await?;
    let mut models: BTreeMap<Uuid, Vec<ModelName>> = runs.into_iter().map(|run| (run, Vec::new())).collect();
    let pending = deepfake_analyses::Entity::find()
        .select_only()
        .column(deepfake_analyses::Column::AnalysisRunId)
        .column(deepfake_analyses::Column::ModelName)
        .join(JoinType::InnerJoin, deepfake_analyses::Relation::Run.def())
        .filter(analysis_runs::Column::MediaId.eq(media))
        .filter(deepfake_analyses::Column::Status.is_in(UNFINISHED))
        .order_by_asc(deepfake_analyses::Column::ModelName)
        .into_tuple::<(Uuid, String)>()
        .all(tx)
        .await?;
    for (run, model) in pending {
        models.entry(run).or_default().push(word(&model)?);
    }
    Ok(models.into_iter().map(|(run, models)| (RunId::from(run), models)).collect())
}
