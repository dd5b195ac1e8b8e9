//! Files that come in part by part.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

#[derive(Debug, Clone, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "uploads")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    pub filename: String,
    pub description: Option<String>,
    pub urgency: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub wanted_models: Json,
    pub length_bytes: i64,
    pub received_bytes: i64,
    /// What it has become.
    pub media_id: Option<Uuid>,
    /// Why it becomes nothing.
    #[sea_orm(column_type = "JsonBinary")]
    pub refusal: Option<Json>,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
    pub expires_at: OffsetDateTime,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
