//! The port [`HealthLog`].

use async_trait::async_trait;
use dk_app::ports::{HealthLog, HealthRecord, ServerState, ServerStatus, StoreError};
use sea_orm::{ColumnTrait, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder, QuerySelect};
use time::OffsetDateTime;

use super::Store;
use crate::connection::View;
use crate::database::Database;
use crate::entity::server_health::{Column, Entity, Model};
use crate::fault::Fault;
use crate::look::Sight;
use crate::rows::unsigned;

const STATES: [ServerState; 3] = [ServerState::Healthy, ServerState::Degraded, ServerState::Unreachable];

fn row(record: &HealthRecord) -> Result<Model, Fault> {
    let status = &record.status;
    Ok(Model {
        id: record.id,
        server_name: status.name.clone(),
        status: status.state.as_str().to_owned(),
        response_time_ms: status.response_ms.map(i64::from),
        stats_payload: status.stats.as_deref().map(serde_json::from_str).transpose()?,
        checked_at: status.checked_at,
    })
}

fn read(row: Model) -> Result<HealthRecord, Fault> {
    Ok(HealthRecord {
        id: row.id,
        status: ServerStatus {
            name: row.server_name,
            state: dk_domain::parse_word(&row.status, &STATES, ServerState::as_str)?,
            response_ms: row.response_time_ms.map(unsigned).transpose()?,
            stats: row.stats_payload.map(|json| json.to_string()),
            checked_at: row.checked_at,
        },
    })
}

async fn record(db: &Database, record: &HealthRecord) -> Result<(), Fault> {
    let tx = db.begin().await?;
    Entity::insert(row(record)?.into_active_model()).exec_without_returning(&tx).await?;
    Ok(tx.commit().await?)
}

async fn history(
    view: &View<'_>,
    server: Option<&str>,
    since: OffsetDateTime,
    limit: u16,
) -> Result<Vec<HealthRecord>, Fault> {
    let mut query = Entity::find()
        .filter(Column::CheckedAt.gte(since))
        .order_by_desc(Column::CheckedAt)
        .order_by_desc(Column::Id)
        .limit(u64::from(limit));
    if let Some(server) = server {
        query = query.filter(Column::ServerName.eq(server));
    }
    query.all(view).await?.into_iter().map(read).collect()
}

async fn forget(db: &Database, before: OffsetDateTime) -> Result<u64, Fault> {
    let tx = db.begin().await?;
    let removed = Entity::delete_many().filter(Column::CheckedAt.lt(before)).exec(&tx).await?;
    tx.commit().await?;
    Ok(removed.rows_affected)
}

#[async_trait]
impl HealthLog for Store {
    async fn record(&self, what: &HealthRecord) -> Result<(), StoreError> {
        self.db.timed("note how a server is", record(&self.db, what)).await
    }

    async fn history(
        &self,
        server: Option<&str>,
        since: OffsetDateTime,
        limit: u16,
    ) -> Result<Vec<HealthRecord>, StoreError> {
        let ask = self.db.look(
            "read how servers were",
            Sight::Each,
            |_| true,
            move |view| Box::pin(history(view, server, since, limit)),
        );
        ask.await
    }

    async fn forget(&self, before: OffsetDateTime) -> Result<u64, StoreError> {
        self.db.timed("forget how servers were", forget(&self.db, before)).await
    }
}
