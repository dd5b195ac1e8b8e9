//! Reads the form of a request for an analysis: which file, which model, and for whom.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::Multipart;
use axum::extract::multipart::{Field, MultipartError};
use axum::http::StatusCode;
use bytes::Bytes;
use dk_domain::{MediaId, ModelName, RunId, Sha256, UserId};

use super::Shared;
use super::blobs::Pinned;
use super::problem::{Problem, code};
use super::receive::Reception;

/// Longest text in a field.
const MAX_TEXT_BYTES: usize = 1024;
/// How long the sender of a file may be silent.
pub(super) const SILENCE: Duration = Duration::from_secs(30);

/// For whom progress is published.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Audience {
    pub(super) owner: UserId,
    pub(super) media: MediaId,
    pub(super) run: RunId,
}

/// A request for an analysis.
pub(super) struct Form {
    pub(super) file: Arc<Pinned>,
    pub(super) model: ModelName,
    pub(super) audience: Option<Audience>,
}

#[derive(Default)]
struct Parts {
    file: Option<Pinned>,
    sha256: Option<Sha256>,
    model: Option<ModelName>,
    user_id: Option<UserId>,
    media_id: Option<MediaId>,
    run_id: Option<RunId>,
}

/// Reads all of it; a model that cannot be asked is refused before a file is read that comes after its name.
pub(super) async fn read(shared: &Shared, mut form: Multipart) -> Result<Form, Problem> {
    let mut parts = Parts::default();
    while let Some(field) = form.next_field().await.map_err(|e| broken(&e))? {
        let name = field.name().unwrap_or_default().to_owned();
        match name.as_str() {
            "media" if parts.file.is_none() => parts.file = Some(media(shared, field).await?),
            "sha256" => parts.sha256 = Some(text(field, "sha256").await?),
            "model" => {
                let model = text(field, "model").await?;
                known(shared, &model)?;
                parts.model = Some(model);
            }
            "userId" => parts.user_id = Some(text(field, "userId").await?),
            "mediaId" => parts.media_id = Some(text(field, "mediaId").await?),
            "runId" => parts.run_id = Some(text(field, "runId").await?),
            _ => {
                let known = "media or sha256, model, mediaId, runId, userId, each once";
                return Err(Problem::invalid(format!(
                    "a field is not known or comes twice; known are {known}"
                )));
            }
        }
    }
    parts.check(shared)
}

impl Parts {
    fn check(self, shared: &Shared) -> Result<Form, Problem> {
        let file = match (self.file, self.sha256) {
            (Some(file), None) => file,
            (None, Some(sha256)) => shared.blobs.pin(sha256).ok_or_else(Problem::blob_missing)?,
            _ => {
                return Err(Problem::invalid(
                    "send either the file as `media`, or the `sha256` of a held one",
                ));
            }
        };
        let audience = match (self.user_id, self.media_id, self.run_id) {
            (Some(owner), Some(media), Some(run)) => Some(Audience { owner, media, run }),
            _ => None,
        };
        let model = self.model.ok_or_else(|| Problem::invalid("the field `model` is missing"))?;
        Ok(Form { file: Arc::new(file), model, audience })
    }
}

/// A model that can be asked now.
fn known(shared: &Shared, model: &ModelName) -> Result<(), Problem> {
    if shared.host.offers(model) {
        return Ok(());
    }
    let unavailable = dk_domain::ErrorCode::ModelUnavailable.as_str();
    let detail = format!("there is no usable model {model} here; GET /models says which there are");
    Err(Problem::new(StatusCode::NOT_FOUND, unavailable, detail))
}

/// A short field.
async fn text<T: std::str::FromStr>(mut field: Field<'_>, name: &str) -> Result<T, Problem>
where
    T::Err: std::fmt::Display,
{
    let mut bytes = Vec::new();
    while let Some(piece) = field.chunk().await.map_err(|e| broken(&e))? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > MAX_TEXT_BYTES {
            return Err(Problem::invalid(format!("the field `{name}` is too long")));
        }
    }
    let text =
        String::from_utf8(bytes).map_err(|_| Problem::invalid(format!("the field `{name}` is no text")))?;
    text.trim().parse().map_err(|why| Problem::invalid(format!("the field `{name}`: {why}")))
}

/// The file itself, held as if it had been sent before.
async fn media(shared: &Shared, mut field: Field<'_>) -> Result<Pinned, Problem> {
    let mut reception = begin(shared, None)?;
    let limit_bytes = shared.blobs.settings().max_blob_bytes;
    loop {
        let piece: Result<Option<Bytes>, _> = patient(field.chunk()).await?;
        match piece.map_err(|e| broken(&e))? {
            Some(piece) => reception.add(piece, limit_bytes).await?,
            None => return reception.finish(None).await,
        }
    }
}

/// Begins to receive a file.
pub(super) fn begin(shared: &Shared, named: Option<Sha256>) -> Result<Reception, Problem> {
    shared.blobs.receive(named).map_err(|error| {
        tracing::error!(error = &error as &dyn std::error::Error, "no file can be made for what is sent");
        Problem::internal()
    })
}

/// Waits for the next piece, and not for ever.
pub(super) async fn patient<T>(next: impl Future<Output = T>) -> Result<T, Problem> {
    let stalled = |_| {
        let detail = format!("nothing came for {} s", SILENCE.as_secs());
        Problem::new(StatusCode::REQUEST_TIMEOUT, code::UPLOAD_STALLED, detail)
    };
    tokio::time::timeout(SILENCE, next).await.map_err(stalled)
}

fn broken(error: &MultipartError) -> Problem {
    Problem::invalid(format!("the form cannot be read: {}", error.body_text()))
}
