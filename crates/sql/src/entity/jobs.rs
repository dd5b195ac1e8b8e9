//! The SQL job queue.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

#[derive(Debug, Clone, PartialEq, DeriveEntityModel)]
#[expect(clippy::struct_field_names, reason = "the names of the columns")]
#[sea_orm(table_name = "jobs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: String,
    pub name: String,
    pub media_id: Uuid,
    pub run_id: Uuid,
    pub model_name: Option<String>,
    pub place: i32,
    pub state: String,
    pub attempts: i32,
    /// How often its worker died.
    pub stalls: i32,
    pub locked_by: Option<Uuid>,
    pub locked_until: Option<OffsetDateTime>,
    /// When the next attempt may begin.
    pub run_at: Option<OffsetDateTime>,
    pub error: Option<String>,
    pub created_at: OffsetDateTime,
    pub ended_at: Option<OffsetDateTime>,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
