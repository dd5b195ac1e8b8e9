//! What a request led to that may come twice: kept for a day, per person and kind of request.

use dk_app::ports::IdempotencyKey;
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
    key: IdempotencyKey,
    purpose: String,
}

impl Request {
    /// An upload.
    pub(super) fn upload(owner: UserId, key: &IdempotencyKey) -> Self {
        Self { owner, key: key.clone(), purpose: "upload".to_owned() }
    }

    /// Another run of a medium.
    pub(super) fn rerun(owner: UserId, media: MediaId, key: &IdempotencyKey) -> Self {
        Self { owner, key: key.clone(), purpose: media.to_string() }
    }
}

/// What a request of this name led to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Led {
    pub media: MediaId,
    pub run: RunId,
    /// Nothing else was asked for than now.
    pub is_same: bool,
}

/// What the same name led to before.
pub(super) async fn led_to(
    connection: &impl ConnectionTrait,
    request: &Request,
    now: OffsetDateTime,
) -> Result<Option<Led>, Fault> {
    let row = Entity::find_by_id((request.owner.get(), request.key.name.clone(), request.purpose.clone()))
        .filter(Column::ExpiresAt.gt(now))
        .one(connection)
        .await?;
    Ok(row.map(|row| Led {
        media: row.media_id.into(),
        run: row.run_id.into(),
        is_same: row.digest.is_none_or(|digest| digest == request.key.digest.to_string()),
    }))
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
        .filter(Column::Key.eq(request.key.name.as_str()))
        .filter(Column::ExpiresAt.lte(now))
        .exec(tx)
        .await?;
    let row = Model {
        user_id: request.owner.get(),
        key: request.key.name.clone(),
        purpose: request.purpose.clone(),
        media_id: media.get(),
        run_id: run.get(),
        digest: Some(request.key.digest.to_string()),
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
