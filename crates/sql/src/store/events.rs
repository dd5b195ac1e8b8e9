//! Events: numbered per owner without a gap, written in the transaction of what they tell of.

use dk_domain::{Event, EventKind, MediaId, RunId, UserId};
use sea_orm::{
    ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, Statement,
};
use time::OffsetDateTime;

use crate::connection::Transaction;
use crate::database::Database;
use crate::entity::events::{Column, Entity, Model};
use crate::entity::users;
use crate::fault::Fault;
use crate::rows::{self, unsigned};

/// What events are about.
#[derive(Debug, Clone, Copy)]
pub(super) struct About {
    pub(super) user: UserId,
    pub(super) media: MediaId,
    pub(super) run: RunId,
}

#[derive(FromQueryResult)]
struct Counter {
    last_event: i64,
}

/// Writes events that happened at once. The counter stays locked until the transaction ends, so that numbers have
/// no gap and appear in order.
pub(super) async fn write(
    tx: &Transaction,
    about: About,
    kinds: Vec<EventKind>,
    at: OffsetDateTime,
) -> Result<Vec<Event>, Fault> {
    if kinds.is_empty() {
        return Ok(Vec::new());
    }
    let count = i64::try_from(kinds.len())?;
    let raise = Statement::from_sql_and_values(
        tx.get_database_backend(),
        "update users set last_event = last_event + $1 where id = $2 returning last_event",
        [count.into(), about.user.get().into()],
    );
    let Some(counter) = Counter::find_by_statement(raise).one(tx).await? else {
        return Ok(Vec::new());
    };
    let mut events = Vec::with_capacity(kinds.len());
    let mut written = Vec::with_capacity(kinds.len());
    for (number, kind) in (counter.last_event - count + 1..).zip(kinds) {
        let event = Event {
            user_id: about.user,
            number: Some(unsigned(number)?),
            media_id: about.media,
            run_id: about.run,
            at,
            kind,
        };
        let message = rows::event_json(&event)?;
        let row = Model { user_id: about.user.get(), number, media_id: about.media.get(), at, message };
        written.push(row.into_active_model());
        events.push(event);
    }
    Entity::insert_many(written).exec_without_returning(tx).await?;
    Ok(events)
}

pub(super) async fn after(
    db: &Database,
    owner: UserId,
    number: u64,
    limit: u16,
) -> Result<Vec<Event>, Fault> {
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    let query = Entity::find()
        .filter(Column::UserId.eq(owner.get()))
        .filter(Column::Number.gt(number))
        .order_by_asc(Column::Number)
        .limit(u64::from(limit));
    query.all(&db.read()).await?.into_iter().map(|row| rows::event(row.message)).collect()
}

pub(super) async fn last(db: &Database, owner: UserId) -> Result<u64, Fault> {
    let found = users::Entity::find_by_id(owner.get())
        .select_only()
        .column(users::Column::LastEvent)
        .into_tuple::<i64>()
        .one(&db.read())
        .await?;
    found.map_or(Ok(0), unsigned)
}

pub(super) async fn forget(db: &Database, before: OffsetDateTime) -> Result<u64, Fault> {
    let tx = db.begin().await?;
    let removed = Entity::delete_many().filter(Column::At.lt(before)).exec(&tx).await?;
    tx.commit().await?;
    Ok(removed.rows_affected)
}
