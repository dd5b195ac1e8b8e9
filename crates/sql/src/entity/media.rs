//! Uploaded files.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

#[derive(Debug, Clone, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "media")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub user_id: Uuid,
    pub filename: String,
    pub description: Option<String>,
    /// Name and description in lower case, to look for text in.
    pub search: String,
    pub url: String,
    pub public_id: String,
    pub mimetype: String,
    pub size: i64,
    pub sha256: String,
    pub media_type: String,
    pub has_audio: bool,
    #[sea_orm(column_type = "JsonBinary")]
    pub metadata: Json,
    pub status: String,
    pub verdict: Option<String>,
    pub latest_analysis_run_id: Option<Uuid>,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
