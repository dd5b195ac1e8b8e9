//! Keys for programs.

use dk_app::ports::{ApiKey, SecretHash, User};
use dk_domain::{ApiKeyId, UserId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
};
use time::{Duration, OffsetDateTime};

use crate::database::Database;
use crate::entity::api_keys::{ActiveModel, Column, Entity, Model};
use crate::entity::users;
use crate::fault::Fault;
use crate::rows::{self, hash_bytes};

/// A use is noted at most this often: a write for every request would be many.
const NOTE_EVERY: Duration = Duration::minutes(1);

pub(super) async fn add(db: &Database, key: &ApiKey, secret: &SecretHash) -> Result<(), Fault> {
    let row = Model {
        id: key.id.get(),
        user_id: key.user_id.get(),
        name: key.name.clone(),
        prefix: key.prefix.clone(),
        scope: key.scope.to_string(),
        secret_hash: hash_bytes(secret),
        expires_at: key.expires_at,
        last_used_at: key.last_used_at,
        created_at: key.created_at,
    };
    let tx = db.begin().await?;
    Entity::insert(row.into_active_model()).exec_without_returning(&tx).await?;
    Ok(tx.commit().await?)
}

pub(super) async fn owner(
    db: &Database,
    secret: &SecretHash,
    now: OffsetDateTime,
) -> Result<Option<(ApiKey, User)>, Fault> {
    let not_over = Condition::any().add(Column::ExpiresAt.is_null()).add(Column::ExpiresAt.gt(now));
    let found = Entity::find()
        .find_also_related(users::Entity)
        .filter(Column::SecretHash.eq(hash_bytes(secret)))
        .filter(not_over)
        .filter(users::Column::IsActive.eq(true))
        .one(&db.read())
        .await?;
    let Some((mut key, Some(user))) = found else {
        return Ok(None);
    };
    if key.last_used_at.is_none_or(|last| now - last >= NOTE_EVERY) {
        note_use(db, &key, now).await?;
        key.last_used_at = Some(now);
    }
    Ok(Some((rows::api_key(key)?, rows::user(user)?)))
}

async fn note_use(db: &Database, key: &Model, now: OffsetDateTime) -> Result<(), Fault> {
    let tx = db.begin().await?;
    let changed = ActiveModel { last_used_at: Set(Some(now)), ..Default::default() };
    // The key may have been revoked in between: then nothing is changed.
    Entity::update_many().set(changed).filter(Column::Id.eq(key.id)).exec(&tx).await?;
    Ok(tx.commit().await?)
}

pub(super) async fn list(db: &Database, user: UserId) -> Result<Vec<ApiKey>, Fault> {
    let query = Entity::find().filter(Column::UserId.eq(user.get())).order_by_desc(Column::Id);
    query.all(&db.read()).await?.into_iter().map(rows::api_key).collect()
}

pub(super) async fn revoke(db: &Database, user: UserId, id: ApiKeyId) -> Result<bool, Fault> {
    let tx = db.begin().await?;
    let removed = Entity::delete_many()
        .filter(Column::UserId.eq(user.get()))
        .filter(Column::Id.eq(id.get()))
        .exec(&tx)
        .await?;
    tx.commit().await?;
    Ok(removed.rows_affected > 0)
}
