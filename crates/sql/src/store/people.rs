//! Accounts and the audit log.

use dk_app::ports::{AddUser, AuditEntry, Page, Paged, PasswordHash, SetPassword, User, UserEdit};
use dk_domain::{Email, Role, UserId};
use sea_orm::sea_query::{LikeExpr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ActiveValue::NotSet, ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend,
    EntityTrait, IntoActiveModel, Order, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    TryInsertResult,
};
use time::OffsetDateTime;

use super::lists::{paged, rows_to_read};
use super::sessions;
use crate::connection::{Transaction, View};
use crate::database::Database;
use crate::entity::audit_log;
use crate::entity::users::{ActiveModel, Column, Entity, Model};
use crate::fault::Fault;
use crate::rows;

pub(super) async fn add(db: &Database, user: &User, password: &PasswordHash) -> Result<AddUser, Fault> {
    let tx = db.begin().await?;
    let taken = OnConflict::column(Column::Email).do_nothing().to_owned();
    let inserted = Entity::insert(row(user, password).into_active_model())
        .on_conflict(taken)
        .try_insert()
        .exec_without_returning(&tx)
        .await?;
    tx.commit().await?;
    Ok(match inserted {
        TryInsertResult::Inserted(1..) => AddUser::Added,
        _ => AddUser::EmailTaken,
    })
}

pub(super) async fn add_first(db: &Database, user: &User, password: &PasswordHash) -> Result<bool, Fault> {
    let tx = db.begin().await?;
    if db.backend() == DbBackend::Postgres {
        // Nobody adds an account between the look and the insertion; SQLite writes one after the other anyway.
        tx.execute_unprepared("lock table users in share row exclusive mode").await?;
    }
    let anybody = Entity::find().select_only().column(Column::Id).into_tuple::<uuid::Uuid>().one(&tx).await?;
    if anybody.is_some() {
        return Ok(false);
    }
    Entity::insert(row(user, password).into_active_model()).exec_without_returning(&tx).await?;
    tx.commit().await?;
    Ok(true)
}

fn row(user: &User, password: &PasswordHash) -> Model {
    Model {
        id: user.id.get(),
        email: user.email.to_string(),
        first_name: user.first_name.clone(),
        last_name: user.last_name.clone(),
        password: password.0.clone(),
        role: user.role.to_string(),
        is_active: user.is_active,
        must_change_password: user.must_change_password,
        search: search(user.email.as_str(), &user.first_name, &user.last_name),
        last_event: 0,
        created_at: user.created_at,
        updated_at: user.updated_at,
    }
}

fn search(email: &str, first: &str, last: &str) -> String {
    rows::searched(&[email, &format!("{first} {last}")])
}

pub(super) async fn one(db: &Database, id: UserId) -> Result<Option<User>, Fault> {
    Entity::find_by_id(id.get()).one(&db.read()).await?.map(rows::user).transpose()
}

pub(super) async fn by_email(db: &Database, email: &Email) -> Result<Option<(User, PasswordHash)>, Fault> {
    let row = Entity::find().filter(Column::Email.eq(email.as_str())).one(&db.read()).await?;
    row.map(|row| {
        let password = PasswordHash(row.password.clone());
        Ok((rows::user(row)?, password))
    })
    .transpose()
}

pub(super) async fn password(db: &Database, id: UserId) -> Result<Option<PasswordHash>, Fault> {
    let found = Entity::find_by_id(id.get())
        .select_only()
        .column(Column::Password)
        .into_tuple::<String>()
        .one(&db.read())
        .await?;
    Ok(found.map(PasswordHash))
}

pub(super) async fn list(view: &View<'_>, text: Option<&str>, page: &Page) -> Result<Paged<User>, Fault> {
    let mut query = Entity::find().order_by(Column::Id, Order::Desc).limit(rows_to_read(page));
    if let Some(before) = page.before {
        query = query.filter(Column::Id.lt(before));
    }
    if let Some(text) = text {
        query = query.filter(Column::Search.like(LikeExpr::new(rows::pattern(text)).escape('\\')));
    }
    paged(query.all(view).await?, page, |row| row.id, rows::user)
}

pub(super) async fn any(db: &Database) -> Result<bool, Fault> {
    let query = Entity::find().select_only().column(Column::Id).into_tuple::<uuid::Uuid>();
    Ok(query.one(&db.read()).await?.is_some())
}

pub(super) async fn count_admins(db: &Database) -> Result<u64, Fault> {
    let admins =
        Entity::find().filter(Column::Role.eq(Role::Admin.as_str())).filter(Column::IsActive.eq(true));
    Ok(admins.count(&db.read()).await?)
}

pub(super) async fn edit(
    db: &Database,
    id: UserId,
    edit: &UserEdit,
    now: OffsetDateTime,
) -> Result<Option<User>, Fault> {
    let tx = db.begin().await?;
    let Some(row) = locked(&tx, id).await? else {
        return Ok(None);
    };
    let first = edit.first_name.clone().unwrap_or_else(|| row.first_name.clone());
    let last = edit.last_name.clone().unwrap_or_else(|| row.last_name.clone());
    let changed = ActiveModel {
        id: Set(row.id),
        search: Set(search(&row.email, &first, &last)),
        first_name: Set(first),
        last_name: Set(last),
        role: edit.role.map_or(NotSet, |role| Set(role.to_string())),
        is_active: edit.is_active.map_or(NotSet, Set),
        updated_at: Set(now),
        ..Default::default()
    };
    let row = changed.update(&tx).await?;
    if edit.is_active == Some(false) {
        sessions::end_all(&tx, id, None, now).await?;
    }
    tx.commit().await?;
    rows::user(row).map(Some)
}

async fn locked(tx: &Transaction, id: UserId) -> Result<Option<Model>, Fault> {
    Ok(Entity::find_by_id(id.get()).lock_exclusive().one(tx).await?)
}

pub(super) async fn set_password(
    db: &Database,
    id: UserId,
    change: &SetPassword,
    now: OffsetDateTime,
) -> Result<bool, Fault> {
    let tx = db.begin().await?;
    let changed = ActiveModel {
        password: Set(change.hash.0.clone()),
        must_change_password: Set(change.must_change),
        updated_at: Set(now),
        ..Default::default()
    };
    let mut update = Entity::update_many().set(changed).filter(Column::Id.eq(id.get()));
    if let Some(replaced) = &change.replaces {
        update = update.filter(Column::Password.eq(replaced.0.as_str()));
    }
    if update.exec(&tx).await?.rows_affected == 0 {
        return Ok(false);
    }
    sessions::end_all(&tx, id, change.keep, now).await?;
    tx.commit().await?;
    Ok(true)
}

pub(super) async fn upgrade_password(
    db: &Database,
    id: UserId,
    old: &PasswordHash,
    new: &PasswordHash,
) -> Result<(), Fault> {
    let tx = db.begin().await?;
    let changed = ActiveModel { password: Set(new.0.clone()), ..Default::default() };
    Entity::update_many()
        .set(changed)
        .filter(Column::Id.eq(id.get()))
        .filter(Column::Password.eq(old.0.as_str()))
        .exec(&tx)
        .await?;
    Ok(tx.commit().await?)
}

pub(super) async fn audit(db: &Database, entry: &AuditEntry) -> Result<(), Fault> {
    let row = audit_log::ActiveModel {
        id: NotSet,
        actor_id: Set(entry.actor.map(UserId::get)),
        action: Set(entry.action.to_owned()),
        subject: Set(entry.subject.clone()),
        at: Set(entry.at),
    };
    let tx = db.begin().await?;
    audit_log::Entity::insert(row).exec_without_returning(&tx).await?;
    Ok(tx.commit().await?)
}
