//! The port [`Uploads`]. The row of an upload stands for all its parts: whoever changes one holds it.

use async_trait::async_trait;
use dk_app::ports::{
    AddPart, ErrandKind, NewUpload, PartPlace, PartialUpload, StoreError, UploadPart, UploadRefusal,
    UploadState, Uploads,
};
use dk_domain::{MediaId, UploadId, UserId};
use sea_orm::sea_query::{Expr, ExprTrait as _};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, Condition, EntityTrait, IntoActiveModel, QueryFilter, QueryOrder,
    QuerySelect, Select,
};
use time::OffsetDateTime;
use uuid::Uuid;

use super::{Store, outbox};
use crate::connection::Transaction;
use crate::database::Database;
use crate::entity::uploads::{ActiveModel, Column, Entity, Model};
use crate::entity::{upload_parts, users};
use crate::fault::Fault;
use crate::rows;

async fn begin(db: &Database, new: &NewUpload, most: u32, now: OffsetDateTime) -> Result<bool, Fault> {
    let tx = db.begin().await?;
    // Whoever begins another one at the same time waits here.
    users::Entity::find_by_id(new.user_id.get()).lock_exclusive().one(&tx).await?;
    let own = Entity::find().filter(Column::UserId.eq(new.user_id.get())).filter(is_open(now));
    let open = own.select_only().expr(Expr::col(Column::Id).count()).into_tuple::<i64>().one(&tx).await?;
    if open.unwrap_or_default() >= i64::from(most) {
        return Ok(false);
    }
    Entity::insert(rows::upload_row(new, now)?.into_active_model()).exec_without_returning(&tx).await?;
    tx.commit().await?;
    Ok(true)
}

fn is_open(now: OffsetDateTime) -> Condition {
    Condition::all()
        .add(Column::MediaId.is_null())
        .add(Column::Refusal.is_null())
        .add(Column::ExpiresAt.gt(now))
}

fn owned(owner: UserId, id: UploadId, now: OffsetDateTime) -> Select<Entity> {
    Entity::find_by_id(id.get()).filter(Column::UserId.eq(owner.get())).filter(Column::ExpiresAt.gt(now))
}

async fn place_part(
    db: &Database,
    id: UploadId,
    key: &str,
    most: u32,
    now: OffsetDateTime,
) -> Result<PartPlace, Fault> {
    let tx = db.begin().await?;
    if Entity::find_by_id(id.get()).filter(is_open(now)).lock_exclusive().one(&tx).await?.is_none() {
        return Ok(PartPlace::Gone);
    }
    let parts = upload_parts::Entity::find()
        .filter(upload_parts::Column::UploadId.eq(id.get()))
        .select_only()
        .expr(Expr::col(upload_parts::Column::Key).count())
        .into_tuple::<i64>()
        .one(&tx)
        .await?;
    if parts.unwrap_or_default() >= i64::from(most) {
        return Ok(PartPlace::TooMany);
    }
    let row = upload_parts::Model { key: key.to_owned(), upload_id: id.get(), start_byte: None, bytes: None };
    upload_parts::Entity::insert(row.into_active_model()).exec_without_returning(&tx).await?;
    tx.commit().await?;
    Ok(PartPlace::Kept)
}

async fn add_part(
    db: &Database,
    id: UploadId,
    part: &UploadPart,
    now: OffsetDateTime,
    expires_at: OffsetDateTime,
) -> Result<AddPart, Fault> {
    let tx = db.begin().await?;
    let Some(row) = Entity::find_by_id(id.get()).filter(is_open(now)).lock_exclusive().one(&tx).await? else {
        return Ok(AddPart::Gone);
    };
    let upload = rows::upload(row.clone())?;
    if part.start_byte != upload.offset_bytes || part.bytes > upload.missing_bytes() {
        upload_parts::Entity::delete_by_id(part.key.as_str()).exec(&tx).await?;
        outbox::write_due(&tx, &ErrandKind::RemoveFile(part.key.clone()), now).await?;
        tx.commit().await?;
        return Ok(AddPart::Moved(Box::new(upload)));
    }
    let bytes = i64::try_from(part.bytes)?;
    let counted = upload_parts::ActiveModel {
        start_byte: Set(Some(row.received_bytes)),
        bytes: Set(Some(bytes)),
        ..upload_parts::ActiveModel::default()
    };
    upload_parts::Entity::update_many()
        .set(counted)
        .filter(upload_parts::Column::Key.eq(part.key.as_str()))
        .exec(&tx)
        .await?;
    let received_bytes = row.received_bytes + bytes;
    let moved = ActiveModel {
        received_bytes: Set(received_bytes),
        updated_at: Set(now),
        expires_at: Set(expires_at),
        ..ActiveModel::default()
    };
    Entity::update_many().set(moved).filter(Column::Id.eq(row.id)).exec(&tx).await?;
    tx.commit().await?;
    let row = Model { received_bytes, updated_at: now, expires_at, ..row };
    Ok(AddPart::Added(Box::new(rows::upload(row)?)))
}

async fn parts(db: &Database, id: UploadId) -> Result<Vec<UploadPart>, Fault> {
    let rows = upload_parts::Entity::find()
        .filter(upload_parts::Column::UploadId.eq(id.get()))
        .filter(upload_parts::Column::StartByte.is_not_null())
        .order_by_asc(upload_parts::Column::StartByte)
        .all(&db.read())
        .await?;
    rows.into_iter().filter_map(|row| rows::upload_part(row).transpose()).collect()
}

/// What an upload has become, held until the transaction ends; `None` when it is no more.
pub(super) async fn held_state(tx: &Transaction, id: UploadId) -> Result<Option<UploadState>, Fault> {
    let row = Entity::find_by_id(id.get()).lock_exclusive().one(tx).await?;
    row.map(|row| Ok(rows::upload(row)?.state)).transpose()
}

/// It has become a medium.
pub(super) async fn taken(
    tx: &Transaction,
    id: UploadId,
    media: MediaId,
    now: OffsetDateTime,
) -> Result<(), Fault> {
    let became =
        ActiveModel { media_id: Set(Some(media.get())), updated_at: Set(now), ..ActiveModel::default() };
    Entity::update_many().set(became).filter(Column::Id.eq(id.get())).exec(tx).await?;
    drop_parts(tx, id.get(), now).await
}

async fn refuse(
    db: &Database,
    id: UploadId,
    refusal: &UploadRefusal,
    now: OffsetDateTime,
) -> Result<(), Fault> {
    let tx = db.begin().await?;
    if held_state(&tx, id).await? != Some(UploadState::Open) {
        return Ok(());
    }
    let became = ActiveModel {
        refusal: Set(Some(rows::refusal_json(refusal)?)),
        updated_at: Set(now),
        ..ActiveModel::default()
    };
    Entity::update_many().set(became).filter(Column::Id.eq(id.get())).exec(&tx).await?;
    drop_parts(&tx, id.get(), now).await?;
    Ok(tx.commit().await?)
}

/// Forgets all parts, those too that are just being stored, and leaves their files to the relay.
async fn drop_parts(tx: &Transaction, id: Uuid, now: OffsetDateTime) -> Result<(), Fault> {
    let of_it = upload_parts::Column::UploadId.eq(id);
    for part in upload_parts::Entity::find().filter(of_it.clone()).all(tx).await? {
        outbox::write_due(tx, &ErrandKind::RemoveFile(part.key), now).await?;
    }
    upload_parts::Entity::delete_many().filter(of_it).exec(tx).await?;
    Ok(())
}

async fn remove(db: &Database, owner: UserId, id: UploadId, now: OffsetDateTime) -> Result<bool, Fault> {
    let tx = db.begin().await?;
    if owned(owner, id, now).lock_exclusive().one(&tx).await?.is_none() {
        return Ok(false);
    }
    drop_parts(&tx, id.get(), now).await?;
    Entity::delete_by_id(id.get()).exec(&tx).await?;
    tx.commit().await?;
    Ok(true)
}

async fn left_whole(
    db: &Database,
    before: OffsetDateTime,
    now: OffsetDateTime,
    limit: u16,
) -> Result<Vec<PartialUpload>, Fault> {
    let is_left = is_open(now)
        .add(Expr::col(Column::ReceivedBytes).eq(Expr::col(Column::LengthBytes)))
        .add(Column::UpdatedAt.lt(before));
    let some = Entity::find().filter(is_left.clone()).limit(u64::from(limit));
    // Mostly there is nothing, and then nothing is locked.
    if some.clone().one(&db.read()).await?.is_none() {
        return Ok(Vec::new());
    }
    let tx = db.begin().await?;
    let left = some.lock_exclusive().all(&tx).await?;
    let ids = left.iter().map(|row| row.id);
    let claimed = ActiveModel { updated_at: Set(now), ..ActiveModel::default() };
    Entity::update_many().set(claimed).filter(Column::Id.is_in(ids)).exec(&tx).await?;
    tx.commit().await?;
    left.into_iter().map(rows::upload).collect()
}

async fn forget_over(db: &Database, now: OffsetDateTime, limit: u16) -> Result<u64, Fault> {
    let over = Entity::find().filter(Column::ExpiresAt.lte(now)).limit(u64::from(limit));
    if over.clone().one(&db.read()).await?.is_none() {
        return Ok(0);
    }
    let tx = db.begin().await?;
    let rows = over.lock_exclusive().all(&tx).await?;
    for row in &rows {
        drop_parts(&tx, row.id, now).await?;
        Entity::delete_by_id(row.id).exec(&tx).await?;
    }
    tx.commit().await?;
    Ok(rows.len() as u64)
}

#[async_trait]
impl Uploads for Store {
    async fn begin(&self, new: &NewUpload, most: u32, now: OffsetDateTime) -> Result<bool, StoreError> {
        self.db.timed("begin an upload", begin(&self.db, new, most, now)).await
    }

    async fn upload(
        &self,
        owner: UserId,
        id: UploadId,
        now: OffsetDateTime,
    ) -> Result<Option<PartialUpload>, StoreError> {
        let look = async { owned(owner, id, now).one(&self.db.read()).await?.map(rows::upload).transpose() };
        self.db.timed("read an upload", look).await
    }

    async fn place_part(
        &self,
        id: UploadId,
        key: &str,
        most: u32,
        now: OffsetDateTime,
    ) -> Result<PartPlace, StoreError> {
        self.db.timed("place a part of an upload", place_part(&self.db, id, key, most, now)).await
    }

    async fn add_part(
        &self,
        id: UploadId,
        part: &UploadPart,
        now: OffsetDateTime,
        expires_at: OffsetDateTime,
    ) -> Result<AddPart, StoreError> {
        self.db.timed("add a part of an upload", add_part(&self.db, id, part, now, expires_at)).await
    }

    async fn parts(&self, id: UploadId) -> Result<Vec<UploadPart>, StoreError> {
        self.db.timed("read the parts of an upload", parts(&self.db, id)).await
    }

    async fn refuse(
        &self,
        id: UploadId,
        refusal: &UploadRefusal,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        self.db.timed("refuse an upload", refuse(&self.db, id, refusal, now)).await
    }

    async fn remove(&self, owner: UserId, id: UploadId, now: OffsetDateTime) -> Result<bool, StoreError> {
        self.db.timed("take back an upload", remove(&self.db, owner, id, now)).await
    }

    async fn left_whole(
        &self,
        before: OffsetDateTime,
        now: OffsetDateTime,
        limit: u16,
    ) -> Result<Vec<PartialUpload>, StoreError> {
        self.db.timed("look for uploads left whole", left_whole(&self.db, before, now, limit)).await
    }

    async fn forget_over(&self, now: OffsetDateTime, limit: u16) -> Result<u64, StoreError> {
        self.db.timed("forget uploads", forget_over(&self.db, now, limit)).await
    }
}
