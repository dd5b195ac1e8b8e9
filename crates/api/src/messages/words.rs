//! Closed lists of words and forms of text, as the OpenAPI document tells them. Taken from the domain, so that the
//! two cannot drift apart.

use dk_domain::{AnalysisStatus, MediaKind, Prediction, Role, RunStatus, Scope, Urgency, Waiting};
use time::OffsetDateTime;
use utoipa::openapi::schema::{KnownFormat, ObjectBuilder, SchemaFormat, SchemaType, Type};

pub(crate) use dk_wire::moment;

/// RFC 3339, where there is a moment.
pub(super) fn moment_or_none(at: Option<OffsetDateTime>) -> Option<String> {
    at.map(moment)
}

fn words(all: impl IntoIterator<Item = &'static str>) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::Type(Type::String)).enum_values(Some(all))
}

fn words_or_null(all: impl IntoIterator<Item = &'static str>) -> ObjectBuilder {
    let all = all.into_iter().map(Some).chain([None]);
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([Type::String, Type::Null]))
        .enum_values(Some(all.map(|word| word.map_or(serde_json::Value::Null, serde_json::Value::from))))
}

fn formatted(format: KnownFormat) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(SchemaType::Type(Type::String))
        .format(Some(SchemaFormat::KnownFormat(format)))
}

fn formatted_or_null(format: KnownFormat) -> ObjectBuilder {
    formatted(format).schema_type(SchemaType::from_iter([Type::String, Type::Null]))
}

pub(super) fn id() -> ObjectBuilder {
    formatted(KnownFormat::Uuid)
}

pub(super) fn id_or_null() -> ObjectBuilder {
    formatted_or_null(KnownFormat::Uuid)
}

pub(super) fn date_time() -> ObjectBuilder {
    formatted(KnownFormat::DateTime)
}

pub(super) fn date_time_or_null() -> ObjectBuilder {
    formatted_or_null(KnownFormat::DateTime)
}

pub(super) fn role() -> ObjectBuilder {
    words(Role::ALL.iter().map(|word| word.as_str()))
}

pub(super) fn role_or_null() -> ObjectBuilder {
    words_or_null(Role::ALL.iter().map(|word| word.as_str()))
}

pub(super) fn scope() -> ObjectBuilder {
    words(Scope::ALL.iter().map(|word| word.as_str()))
}

pub(crate) fn run_status() -> ObjectBuilder {
    words(RunStatus::ALL.iter().map(|word| word.as_str()))
}

pub(super) fn analysis_status() -> ObjectBuilder {
    words(AnalysisStatus::ALL.iter().map(|word| word.as_str()))
}

pub(crate) fn media_type() -> ObjectBuilder {
    words(MediaKind::ALL.iter().map(|word| word.as_str()))
}

pub(crate) fn prediction() -> ObjectBuilder {
    words(Prediction::ALL.iter().map(|word| word.as_str()))
}

pub(super) fn prediction_or_null() -> ObjectBuilder {
    words_or_null(Prediction::ALL.iter().map(|word| word.as_str()))
}

pub(super) fn waiting_or_null() -> ObjectBuilder {
    words_or_null(Waiting::CODES.iter().copied())
}

pub(super) fn urgency() -> ObjectBuilder {
    words(Urgency::ALL.iter().map(|word| word.as_str()))
}

pub(super) fn urgency_or_null() -> ObjectBuilder {
    words_or_null(Urgency::ALL.iter().map(|word| word.as_str()))
}
