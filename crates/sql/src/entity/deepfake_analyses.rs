//! What one model does within a run.

use sea_orm::entity::prelude::*;
use time::OffsetDateTime;

#[derive(Debug, Clone, PartialEq, DeriveEntityModel)]
#[expect(clippy::struct_field_names, reason = "the names of the columns")]
#[sea_orm(table_name = "deepfake_analyses")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub analysis_run_id: Uuid,
    pub model_name: String,
    pub model_version: Option<String>,
    pub status: String,
    pub prediction: Option<String>,
    pub confidence: Option<f64>,
    pub probability: Option<f64>,
    pub processing_time: Option<f64>,
    pub media_type: String,
    pub error_code: Option<String>,
    pub error_message: Option<String>,
    #[sea_orm(column_type = "JsonBinary")]
    pub progress: Option<Json>,
    #[sea_orm(column_type = "JsonBinary")]
    pub vote: Option<Json>,
    /// Big, so it is read only where it is asked for.
    #[sea_orm(column_type = "JsonBinary")]
    pub result_payload: Option<Json>,
    pub attempts: i32,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
}

#[derive(Debug, Clone, Copy, EnumIter, DeriveRelation)]
pub enum Relation {
    #[sea_orm(
        belongs_to = "super::analysis_runs::Entity",
        from = "Column::AnalysisRunId",
        to = "super::analysis_runs::Column::Id"
    )]
    Run,
}

impl ActiveModelBehavior for ActiveModel {}
