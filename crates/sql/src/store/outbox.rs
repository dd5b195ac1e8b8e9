//! The port [`Outbox`].

use async_trait::async_trait;
use dk_app::ports::{Errand, ErrandKind, HEAD_START, Outbox, StoreError};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, EntityTrait, FromQueryResult, QueryFilter, Statement,
};
use time::OffsetDateTime;

use super::Store;
use crate::connection::Transaction;
use crate::database::Database;
use crate::entity::outbox::{ActiveModel, Column, Entity, Model};
use crate::fault::Fault;
use crate::rows;

/// Writes an errand beside its cause; whoever gets it has a head start.
pub(super) async fn write(tx: &Transaction, kind: ErrandKind, now: OffsetDateTime) -> Result<Errand, Fault> {
    let id = Entity::insert(row(&kind, now + HEAD_START, now)?).exec(tx).await?.last_insert_id;
    Ok(Errand { id, kind, attempts: 0 })
}

/// Writes an errand beside its cause that is due at once, for any relay.
pub(super) async fn write_due(tx: &Transaction, kind: &ErrandKind, now: OffsetDateTime) -> Result<(), Fault> {
    Entity::insert(row(kind, now, now)?).exec_without_returning(tx).await?;
    Ok(())
}

fn row(kind: &ErrandKind, due_at: OffsetDateTime, now: OffsetDateTime) -> Result<ActiveModel, Fault> {
    let (kind, payload) = rows::errand_parts(kind)?;
    Ok(ActiveModel {
        id: NotSet,
        kind: Set(kind.to_owned()),
        payload: Set(payload),
        attempts: Set(0),
        due_at: Set(due_at),
        created_at: Set(now),
    })
}

async fn take(
    db: &Database,
    limit: u16,
    now: OffsetDateTime,
    until: OffsetDateTime,
) -> Result<Vec<Errand>, Fault> {
    let tx = db.begin().await?;
    let skip = if db.is_postgres() { "for update skip locked" } else { "" };
    let lease = Statement::from_sql_and_values(
        db.backend(),
        format!(
            "update outbox set due_at = $1, attempts = attempts + 1 where id in
                (select id from outbox where due_at <= $2 order by id limit $3 {skip}) returning *"
        ),
        [until.into(), now.into(), i64::from(limit).into()],
    );
    let mut leased = Model::find_by_statement(lease).all(&tx).await?;
    tx.commit().await?;
    leased.sort_by_key(|row| row.id);
    Ok(leased.into_iter().filter_map(readable).collect())
}

/// A row that this program cannot read must not hold up the others. The count of earlier attempts is without this.
fn readable(row: Model) -> Option<Errand> {
    let (id, row) = (row.id, Model { attempts: row.attempts - 1, ..row });
    match rows::errand(row) {
        Ok(errand) => Some(errand),
        Err(fault) => {
            let error = fault.in_store("read an errand");
            tracing::error!(errand.id = id, error = &error as &dyn std::error::Error, "an errand is skipped");
            None
        }
    }
}

async fn done(db: &Database, ids: &[i64]) -> Result<(), Fault> {
    let strike_off = Entity::delete_many().filter(Column::Id.is_in(ids.iter().copied()));
    if db.is_postgres() {
        strike_off.exec(&db.read()).await?;
        return Ok(());
    }
    let tx = db.begin().await?;
    strike_off.exec(&tx).await?;
    Ok(tx.commit().await?)
}

async fn later(db: &Database, id: i64, at: OffsetDateTime) -> Result<(), Fault> {
    let tx = db.begin().await?;
    Entity::update_many()
        .col_expr(Column::DueAt, Expr::value(at))
        .filter(Column::Id.eq(id))
        .exec(&tx)
        .await?;
    Ok(tx.commit().await?)
}

#[async_trait]
impl Outbox for Store {
    async fn take(
        &self,
        limit: u16,
        now: OffsetDateTime,
        until: OffsetDateTime,
    ) -> Result<Vec<Errand>, StoreError> {
        self.db.timed("take errands", take(&self.db, limit, now, until)).await
    }

    async fn done(&self, ids: &[i64]) -> Result<(), StoreError> {
        self.db.timed("end errands", done(&self.db, ids)).await
    }

    async fn later(&self, id: i64, at: OffsetDateTime) -> Result<(), StoreError> {
        self.db.timed("put off an errand", later(&self.db, id, at)).await
    }
}
