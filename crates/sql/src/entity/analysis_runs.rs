//! Rounds of judging a medium.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

#[derive(Debug, Clone, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "analysis_runs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub media_id: Uuid,
    pub run_number: i32,
    pub status: String,
    #[sea_orm(column_type = "JsonBinary")]
    pub wanted_models: Json,
    pub urgency: String,
    pub place: i32,
    /// Analyses that have not ended.
    pub remaining: i32,
    pub waiting_for: Option<String>,
    #[sea_orm(column_type = "JsonBinary")]
    pub verdict: Option<Json>,
    pub created_at: OffsetDateTime,
    pub planned_at: Option<OffsetDateTime>,
    pub started_at: Option<OffsetDateTime>,
    pub ended_at: Option<OffsetDateTime>,
    pub updated_at: OffsetDateTime,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(belongs_to = "super::media::Entity", from = "Column::MediaId", to = "super::media::Column::Id")]
    Media,
}

impl ActiveModelBehavior for ActiveModel {}
