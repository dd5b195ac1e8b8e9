//! Media.

use dk_app::ports::{Media, NewMedia};
use dk_domain::{MediaFacts, MediaId, MediaKind, RunId, RunStatus, UserId};
use dk_wire::MediaMessage;
use time::OffsetDateTime;

use super::searched;
use crate::database::word;
use crate::entity::media::Model;
use crate::fault::Fault;

pub(crate) fn media(row: Model) -> Result<Media, Fault> {
    let message: MediaMessage = serde_json::from_value(row.metadata)?;
    Ok(Media {
        id: MediaId::from(row.id),
        user_id: UserId::from(row.user_id),
        filename: row.filename,
        description: row.description,
        key: row.public_id,
        url: row.url,
        mimetype: row.mimetype,
        facts: MediaFacts::try_from(&message)?,
        status: word(&row.status)?,
        verdict: row.verdict.as_deref().map(word).transpose()?,
        latest_run: row.latest_analysis_run_id.map(RunId::from),
        created_at: row.created_at,
        updated_at: row.updated_at,
    })
}

/// The row of a medium whose first run waits. The run is named later, because its row points here.
pub(crate) fn media_row(media: &NewMedia, now: OffsetDateTime) -> Result<Model, Fault> {
    let facts = &media.facts;
    Ok(Model {
        id: media.id.get(),
        user_id: media.user_id.get(),
        filename: media.filename.clone(),
        description: media.description.clone(),
        search: searched(&[&media.filename, media.description.as_deref().unwrap_or_default()]),
        url: media.url.clone(),
        public_id: media.key.clone(),
        mimetype: media.mimetype.clone(),
        size: i64::try_from(facts.bytes)?,
        sha256: facts.sha256.to_string(),
        media_type: facts.kind.to_string(),
        has_audio: facts.audio.is_some() || facts.kind == MediaKind::Audio,
        metadata: serde_json::to_value(MediaMessage::from(facts))?,
        status: RunStatus::Queued.to_string(),
        verdict: None,
        latest_analysis_run_id: None,
        created_at: now,
        updated_at: now,
    })
}
