//! What a request led to that may come twice: kept for a day, per person and kind of request.

use dk_domain::{MediaId, RunId, UserId};
use sea_orm::sea_query::OnConflict;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, IntoActiveModel, QueryFilter, TryInsertResult};
use time::{Duration, OffsetDateTime};

use crate::connection::Transaction;
use crate::entity::idempotency_keys::{Column, Entity, Model};
use crate::fault::Fault;

const KEPT_FOR: Duration = Duration::hours(24);

/// One person's name for one request.
#[derive(Debug, Clone)]
pub(super) struct Request {
    owner: UserId,
    key: String,
    purpose: String,
}

impl Request {
    /// An upload.
    pub(super) fn upload(owner: UserId, key: &str) -> Self {
        Self { owner, key: key.to_owned(), purpose: "upload".to_owned() }
    }

    /// Another run of a medium.
    pub(super) fn rerun(owner: UserId, media: MediaId, key: &str) -> Self {
        Self { owner, key: key.to_owned(), purpose: media.to_string() }
    }
}

/// What the same request led to before.
pub(super) async fn led_to(
    connection: &impl ConnectionTrait,
    request: &Request,
    now: OffsetDateTime,
) -> Result<Option<(MediaId, RunId)>, Fault> {
    let row = Entity::find_by_id((request.owner.get(), request.key.clone(), request.purpose.clone()))
        .filter(Column::ExpiresAt.gt(now))
        .one(connection)
        .await?;
    Ok(row.map(|row| (MediaId::from(row.media_id), RunId::from(row.run_id))))
}

/// Notes what the request leads to. False when the same request was faster, whose transaction has ended by then.
pub(super) async fn note(
    tx: &Transaction,
    request: &Request,
    media: MediaId,
    run: RunId,
    now: OffsetDateTime,
) -> Result<bool, Fault> {
    // What a day ago had this name must not stand in the way.
    Entity::delete_many()
        .filter(Column::UserId.eq(request.owner.get()))
        .filter(Column::Key.eq(request.key.as_str()))
        .filter(Column::ExpiresAt.lte(now))
        .exec(tx)
        .await?;
    let row = Model {
        user_id: request.owner.get(),
        key: request.key.clone(),
        purpose: request.purpose.clone(),
        media_id: media.get(),
        run_id: run.get(),
        expires_at: now + KEPT_FOR,
    };
    let inserted = Entity::insert(row.into_active_model())
        .on_conflict(OnConflict::new().do_nothing().to_owned())
        .try_insert()
        .exec_without_returning(tx)
        .await?;
    Ok(matches!(inserted, TryInsertResult::Inserted(1..)))
}

/// Removes what was kept until `before`.
pub(super) async fn forget(tx: &Transaction, before: OffsetDateTime) -> Result<u64, Fault> {
    Ok(Entity::delete_many().filter(Column::ExpiresAt.lt(before)).exec(tx).await?.rows_affected)
}
