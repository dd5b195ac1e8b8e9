//! Put the parts of an upload together and take the file in, once.

use dk_domain::{ErrorCode, MediaId};
use futures_util::TryStreamExt as _;

use crate::ports::{
    InspectError, PartialUpload, Staged, StorageError, StoreError, UploadRefusal, UploadState,
};
use crate::service::{AcceptError, Ports, SentAs, Upload, accept};

/// Why an upload does not become a medium.
#[derive(Debug, thiserror::Error)]
pub enum FinishError {
    /// The parts could not be read or counted.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// Its rows could not be read.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file was not taken in.
    #[error(transparent)]
    Accept(#[from] AcceptError),
}

/// What is stored are not all the bytes.
#[derive(Debug, thiserror::Error)]
#[error("{found} bytes lie in the parts, and the file has {expected}")]
struct Incomplete {
    found: u64,
    expected: u64,
}

/// The medium of an upload of which every byte is there. As often as one likes and at several places at once: the
/// medium appears once, and a file that is not accepted is refused with the same words again.
pub async fn finish_upload(ports: &Ports, upload: &PartialUpload) -> Result<MediaId, FinishError> {
    match &upload.state {
        UploadState::Taken(id) => return Ok(*id),
        UploadState::Refused(refusal) => return Err(AcceptError::Inspect(refusal.clone().into()).into()),
        UploadState::Open => {}
    }
    let staged = match put_together(ports, upload).await {
        Ok(staged) => staged,
        Err(error) => return ended_meanwhile(ports, upload).await?.ok_or(error),
    };
    let asked = &upload.asked;
    let file = Upload {
        staged,
        filename: asked.filename.clone(),
        description: asked.description.clone(),
        urgency: asked.urgency,
        models: asked.models.clone(),
        sent_as: Some(SentAs::Upload(asked.id)),
    };
    match accept(ports, asked.user_id, file).await {
        Ok(taken) => Ok(taken.media.id),
        Err(AcceptError::Inspect(error)) if is_of_the_file(error.code) => {
            let refusal = UploadRefusal::from(error);
            ports.uploads.refuse(asked.id, &refusal, ports.ambient.now()).await?;
            Err(AcceptError::Inspect(refusal.into()).into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Whoever else put it together has had the parts removed.
async fn ended_meanwhile(ports: &Ports, upload: &PartialUpload) -> Result<Option<MediaId>, StoreError> {
    let asked = &upload.asked;
    let found = ports.uploads.upload(asked.user_id, asked.id, ports.ambient.now()).await?;
    Ok(found.and_then(|upload| match upload.state {
        UploadState::Taken(id) => Some(id),
        UploadState::Open | UploadState::Refused(_) => None,
    }))
}

async fn put_together(ports: &Ports, upload: &PartialUpload) -> Result<Staged, FinishError> {
    let mut whole = ports.storage.receive().await?;
    for part in ports.uploads.parts(upload.asked.id).await? {
        if part.start_byte != whole.len() {
            break;
        }
        let Some(mut bytes) = ports.storage.read(&part.key, None).await? else { break };
        while let Some(piece) = bytes.try_next().await? {
            whole.write(piece).await?;
        }
    }
    let (found, expected) = (whole.len(), upload.asked.length_bytes);
    if found != expected {
        let source = Box::new(Incomplete { found, expected });
        return Err(StorageError::Failed { tried: "put an upload together", source }.into());
    }
    Ok(whole.finish().await?)
}

/// Whether another look at the same bytes would say the same.
fn is_of_the_file(code: ErrorCode) -> bool {
    use ErrorCode::{
        EmptyFile, FileTooLarge, LimitReached, NoDuration, NoStreams, RefusedFormat, TimedOut, TooLong,
        TooManyPixels, TooManyStreams, UnreadableMedia, UnsupportedMedia,
    };
    matches!(
        code,
        EmptyFile
            | FileTooLarge
            | LimitReached
            | NoDuration
            | NoStreams
            | RefusedFormat
            | TimedOut
            | TooLong
            | TooManyPixels
            | TooManyStreams
            | UnreadableMedia
            | UnsupportedMedia
    )
}

impl From<InspectError> for UploadRefusal {
    fn from(error: InspectError) -> Self {
        Self { code: error.code, message: error.message, hint: error.hint }
    }
}

impl From<UploadRefusal> for InspectError {
    fn from(refusal: UploadRefusal) -> Self {
        Self { code: refusal.code, message: refusal.message, hint: refusal.hint }
    }
}
