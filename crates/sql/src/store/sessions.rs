//! Sessions and their refresh tokens.

use dk_app::ports::{Exchange, NewSession, PasswordHash, Rotation, Session, User};
use dk_domain::{SessionId, UserId};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, EntityTrait, IntoActiveModel, JoinType,
    QueryFilter, QueryOrder, QuerySelect, RelationTrait,
};
use time::OffsetDateTime;

use crate::connection::Transaction;
use crate::database::Database;
use crate::entity::sessions::{ActiveModel, Column, Entity, Model, Relation};
use crate::entity::users;
use crate::fault::Fault;
use crate::rows::{self, hash_bytes};

pub(super) async fn open(
    db: &Database,
    session: &NewSession,
    verified: &PasswordHash,
) -> Result<bool, Fault> {
    let row = Model {
        id: session.id.get(),
        user_id: session.user_id.get(),
        family_hash: hash_bytes(&session.hashes.family),
        token_hash: hash_bytes(&session.hashes.token),
        previous_hash: None,
        rotated_at: None,
        user_agent: session.user_agent.clone(),
        address: session.address.clone(),
        created_at: session.created_at,
        expires_at: session.expires_at,
        ended_at: None,
    };
    let tx = db.begin().await?;
    // The row of the person is held until the session is there: a change of the password comes before it, and is
    // seen here, or after it, and ends the session.
    let owner = users::Entity::find_by_id(row.user_id)
        .filter(users::Column::Password.eq(verified.0.as_str()))
        .filter(users::Column::IsActive.eq(true))
        .lock_shared();
    if owner.one(&tx).await?.is_none() {
        return Ok(false);
    }
    Entity::insert(row.into_active_model()).exec_without_returning(&tx).await?;
    tx.commit().await?;
    Ok(true)
}

pub(super) async fn list(
    db: &Database,
    user: UserId,
    limit: u16,
    now: OffsetDateTime,
) -> Result<Vec<Session>, Fault> {
    let query = Entity::find()
        .filter(Column::UserId.eq(user.get()))
        .filter(is_open(now))
        .order_by_desc(Column::Id)
        .limit(u64::from(limit));
    Ok(query.all(&db.read()).await?.into_iter().map(rows::session).collect())
}

pub(super) async fn rotate(db: &Database, exchange: &Exchange) -> Result<Rotation, Fault> {
    let tx = db.begin().await?;
    let Some(session) = open_for(&tx, exchange.session, exchange.now).await? else {
        return Ok(Rotation::Unknown);
    };
    let Some(user) = users::Entity::find_by_id(session.user_id).one(&tx).await? else {
        return Ok(Rotation::Unknown);
    };
    let user = rows::user(user)?;
    if !user.is_active || session.family_hash != hash_bytes(&exchange.presented.family) {
        return Ok(Rotation::Unknown);
    }
    let presented = hash_bytes(&exchange.presented.token);
    let rotation = if session.token_hash == presented {
        replace_token(&tx, session, exchange).await?;
        Rotation::Rotated(user)
    } else if session.previous_hash.as_ref() == Some(&presented) && is_recent(&session, exchange) {
        Rotation::JustRotated(user)
    } else {
        ActiveModel { id: Set(session.id), ended_at: Set(Some(exchange.now)), ..Default::default() }
            .update(&tx)
            .await?;
        Rotation::Reused(user.id)
    };
    tx.commit().await?;
    Ok(rotation)
}

async fn open_for(tx: &Transaction, id: SessionId, now: OffsetDateTime) -> Result<Option<Model>, Fault> {
    let query = Entity::find_by_id(id.get()).filter(is_open(now)).lock_exclusive();
    Ok(query.one(tx).await?)
}

fn is_recent(session: &Model, exchange: &Exchange) -> bool {
    session.rotated_at.is_some_and(|at| exchange.now - at <= exchange.grace)
}

fn is_open(now: OffsetDateTime) -> Condition {
    Condition::all().add(Column::EndedAt.is_null()).add(Column::ExpiresAt.gt(now))
}

async fn replace_token(tx: &Transaction, session: Model, exchange: &Exchange) -> Result<(), Fault> {
    let changed = ActiveModel {
        id: Set(session.id),
        token_hash: Set(hash_bytes(&exchange.next)),
        previous_hash: Set(Some(session.token_hash)),
        rotated_at: Set(Some(exchange.now)),
        expires_at: Set(exchange.expires_at),
        ..Default::default()
    };
    changed.update(tx).await?;
    Ok(())
}

pub(super) async fn user_of(
    db: &Database,
    id: SessionId,
    now: OffsetDateTime,
) -> Result<Option<User>, Fault> {
    let query = users::Entity::find()
        .join_rev(JoinType::InnerJoin, Relation::User.def())
        .filter(Column::Id.eq(id.get()))
        .filter(is_open(now))
        .filter(users::Column::IsActive.eq(true));
    query.one(&db.read()).await?.map(rows::user).transpose()
}

pub(super) async fn end(
    db: &Database,
    user: UserId,
    id: SessionId,
    now: OffsetDateTime,
) -> Result<bool, Fault> {
    let tx = db.begin().await?;
    let ended = Entity::update_many()
        .col_expr(Column::EndedAt, Expr::value(now))
        .filter(Column::Id.eq(id.get()))
        .filter(Column::UserId.eq(user.get()))
        .filter(Column::EndedAt.is_null())
        .exec(&tx)
        .await?;
    tx.commit().await?;
    Ok(ended.rows_affected > 0)
}

/// Ends every session of a person but `keep`.
pub(super) async fn end_all(
    tx: &Transaction,
    user: UserId,
    keep: Option<SessionId>,
    now: OffsetDateTime,
) -> Result<(), Fault> {
    let mut query = Entity::update_many()
        .col_expr(Column::EndedAt, Expr::value(now))
        .filter(Column::UserId.eq(user.get()))
        .filter(Column::EndedAt.is_null());
    if let Some(keep) = keep {
        query = query.filter(Column::Id.ne(keep.get()));
    }
    query.exec(tx).await?;
    Ok(())
}

/// Removes sessions that ended before `before`.
pub(super) async fn forget(tx: &Transaction, before: OffsetDateTime) -> Result<u64, Fault> {
    let over = Condition::any().add(Column::EndedAt.lt(before)).add(Column::ExpiresAt.lt(before));
    Ok(Entity::delete_many().filter(over).exec(tx).await?.rows_affected)
}
