//! Small pictures of a medium: one that is made when it is first asked for and kept beside the file, and those of a
//! report, which are kept in it and nowhere else.

use std::error::Error;

use bytes::Bytes;
use dk_domain::{ErrorCode, MediaKind};
use futures_util::TryStreamExt as _;

use super::Ports;
use super::reading::read_file;
use crate::Thumbnail;
use crate::ports::{Content, Media, StorageError};

/// The small picture as a JPEG; `None` where there is nothing to be seen.
pub async fn thumbnail(ports: &Ports, media: &Media) -> Result<Option<Bytes>, StorageError> {
    if media.facts.kind == MediaKind::Audio {
        return Ok(None);
    }
    if let Some(stream) = ports.storage.thumbnail(&media.key).await? {
        let pieces: Vec<Bytes> = stream.try_collect().await?;
        // An empty one says that none can be made, so that nobody tries again.
        return Ok(Some(Bytes::from(pieces.concat())).filter(|bytes| !bytes.is_empty()));
    }
    let Some(file) = ports.storage.local(&media.key).await? else { return Ok(None) };
    let known = Content { sha256: media.facts.sha256, bytes: media.facts.bytes };
    let inspector = ports.inspector.clone();
    let bytes = match read_file(move |stop| inspector.thumbnail(file.path(), known, stop)).await {
        Ok(made) => Bytes::from(made.unwrap_or_default()),
        Err(error) if matches!(error.code, ErrorCode::Stopped | ErrorCode::Io | ErrorCode::ToolMissing) => {
            tracing::warn!(media.id = %media.id, code = error.code.as_str(), "no small picture could be made now");
            return Ok(None);
        }
        Err(_) => Bytes::new(),
    };
    if let Err(error) = keep(ports, media, bytes.clone()).await {
        // It is made again when it is asked for again.
        tracing::warn!(media.id = %media.id, error = &error as &dyn Error, "a small picture was not kept");
    }
    Ok(Some(bytes).filter(|bytes| !bytes.is_empty()))
}

/// Small pictures for a report. A report without them is still right, so that what cannot be had is left out.
pub async fn illustrate(ports: &Ports, media: &Media) -> Vec<Thumbnail> {
    let file = match ports.storage.local(&media.key).await {
        Ok(Some(file)) => file,
        Ok(None) => return Vec::new(),
        Err(error) => {
            tracing::warn!(media.id = %media.id, error = &error as &dyn Error, "a report is made without pictures");
            return Vec::new();
        }
    };
    let known = Content { sha256: media.facts.sha256, bytes: media.facts.bytes };
    let inspector = ports.inspector.clone();
    let made = read_file(move |stop| inspector.illustrate(file.path(), known, stop)).await;
    made.unwrap_or_else(|error| {
        tracing::warn!(media.id = %media.id, code = error.code.as_str(), "a report is made without pictures");
        Vec::new()
    })
}

async fn keep(ports: &Ports, media: &Media, bytes: Bytes) -> Result<(), StorageError> {
    let mut incoming = ports.storage.receive().await?;
    incoming.write(bytes).await?;
    let staged = incoming.finish().await?;
    ports.storage.keep_thumbnail(staged, &media.key).await
}
