//! What a request led to that may come twice.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

#[derive(Debug, Clone, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "idempotency_keys")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub user_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub key: String,
    /// `upload`, or the medium that was to be judged again.
    #[sea_orm(primary_key, auto_increment = false)]
    pub purpose: String,
    pub media_id: Uuid,
    pub run_id: Uuid,
    /// Of what was asked; unknown for requests of older programs.
    pub digest: Option<String>,
    pub expires_at: OffsetDateTime,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
