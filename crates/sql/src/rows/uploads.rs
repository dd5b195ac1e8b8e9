//! Uploads and their parts.

use dk_app::ports::{NewUpload, PartialUpload, UploadPart, UploadRefusal, UploadState};
use dk_domain::{MediaId, ModelName, UploadId, UserId};
use sea_orm::JsonValue;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use super::unsigned;
use crate::database::word;
use crate::entity::{upload_parts, uploads};
use crate::fault::Fault;

#[derive(Serialize, Deserialize)]
struct RefusalRow {
    code: String,
    message: String,
    hint: Option<String>,
}

pub(crate) fn upload(row: uploads::Model) -> Result<PartialUpload, Fault> {
    let models: Vec<String> = serde_json::from_value(row.wanted_models)?;
    let state = match (row.media_id, row.refusal) {
        (Some(media), _) => UploadState::Taken(MediaId::from(media)),
        (None, Some(refusal)) => UploadState::Refused(read_refusal(refusal)?),
        (None, None) => UploadState::Open,
    };
    let asked = NewUpload {
        id: UploadId::from(row.id),
        user_id: UserId::from(row.user_id),
        filename: row.filename,
        description: row.description,
        urgency: word(&row.urgency)?,
        models: models.iter().map(|name| word(name)).collect::<Result<Vec<ModelName>, Fault>>()?,
        length_bytes: unsigned(row.length_bytes)?,
        expires_at: row.expires_at,
    };
    Ok(PartialUpload { asked, offset_bytes: unsigned(row.received_bytes)?, state })
}

pub(crate) fn upload_row(new: &NewUpload, now: OffsetDateTime) -> Result<uploads::Model, Fault> {
    let models: Vec<&str> = new.models.iter().map(ModelName::as_str).collect();
    Ok(uploads::Model {
        id: new.id.get(),
        user_id: new.user_id.get(),
        filename: new.filename.clone(),
        description: new.description.clone(),
        urgency: new.urgency.to_string(),
        wanted_models: serde_json::to_value(models)?,
        length_bytes: i64::try_from(new.length_bytes)?,
        received_bytes: 0,
        media_id: None,
        refusal: None,
        created_at: now,
        updated_at: now,
        expires_at: new.expires_at,
    })
}

/// `None` for a part that is still being stored.
pub(crate) fn upload_part(row: upload_parts::Model) -> Result<Option<UploadPart>, Fault> {
    let (Some(start), Some(bytes)) = (row.start_byte, row.bytes) else { return Ok(None) };
    Ok(Some(UploadPart { key: row.key, start_byte: unsigned(start)?, bytes: unsigned(bytes)? }))
}

pub(crate) fn refusal_json(refusal: &UploadRefusal) -> Result<JsonValue, Fault> {
    let row = RefusalRow {
        code: refusal.code.as_str().to_owned(),
        message: refusal.message.clone(),
        hint: refusal.hint.clone(),
    };
    Ok(serde_json::to_value(row)?)
}

fn read_refusal(json: JsonValue) -> Result<UploadRefusal, Fault> {
    let row: RefusalRow = serde_json::from_value(json)?;
    Ok(UploadRefusal { code: word(&row.code)?, message: row.message, hint: row.hint })
}
