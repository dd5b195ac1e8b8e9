//! Takes in a file: streamed part by part into the storage, hashed and counted on the way, never held in memory.

use std::time::Duration;

use axum::Json as Reply;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, Multipart, Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use dk_app::ports::{Media, Staged};
use dk_app::service::{SentAs, Upload, accept};

use super::media::{idempotency_key, set_location};
use super::said::{Said, harmless, twice};
use crate::app::App;
use crate::auth::Signed;
use crate::edge::{Backlog, linger, take};
use crate::messages::{MediaBody, UploadForm};
use crate::problem::{Code, Problem};

/// Room for what a multipart body holds besides the file.
const OVERHEAD_BYTES: u64 = 64 * 1024;
/// Most bytes of a part that is text.
const MAX_TEXT_BYTES: usize = 8 * 1024;
/// Most parts.
const MAX_PARTS: usize = 64;

/// Upload a file to be judged.
#[utoipa::path(
    post, path = "/media", tag = "media", security(("token" = []), ("apiKey" = [])),
    params(("Idempotency-Key" = Option<String>, Header,
        description = "Makes sending the same upload twice within 24 hours harmless; another file or other fields under \
            the same key are refused with 422",
        min_length = 1, max_length = 255)),
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses((status = 202, description = "Accepted; its first run is on its way", body = MediaBody,
            headers(("Location" = String))),
        (status = 408, description = "The upload stood still"),
        (status = 507, description = "There is no room left for files"))
)]
pub(super) async fn upload(
    State(app): State<App>,
    signed: Signed,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let request = request.map(linger);
    let key = idempotency_key(&headers)?;
    refuse_declared(&app, &headers)?;
    take(&app, &format!("uploads:user:{}", signed.id()), app.config.uploads_per_user).await?;
    let busy = |_| Problem::new(Code::Busy).retry_after(Duration::from_secs(2));
    let _permit = app.uploads.try_acquire().map_err(busy)?;
    let too_many = || Problem::new(Code::RateLimited).retry_after(Duration::from_secs(2));
    let _own = app.begin_upload(signed.id()).ok_or_else(too_many)?;
    let form = tokio::time::timeout(app.config.upload_longest, read_form(&app, request)).await;
    let form = form.map_err(|_| Problem::new(Code::RequestTimeout))??;
    let bytes = form.file.0.bytes;
    let upload = Upload {
        staged: form.file.0,
        filename: form.file.1,
        description: form.said.description(),
        urgency: form.said.urgency(),
        models: form.said.models,
        sent_as: key.map(SentAs::Named),
    };
    let taken = accept(&app.ports, signed.id(), upload).await?;
    let run = taken.media.latest_run.map(tracing::field::display);
    tracing::info!(media.id = %taken.media.id, run.id = run, bytes, again = taken.again, "upload accepted");
    Ok(accepted(&taken.media))
}

fn accepted(media: &Media) -> Response {
    let mut response = (StatusCode::ACCEPTED, Reply(MediaBody::from(media))).into_response();
    set_location(&mut response, &format!("/api/v1/media/{}", media.id));
    response
}

/// Refuses at once what says of itself that it is too large or no form.
fn refuse_declared(app: &App, headers: &HeaderMap) -> Result<(), Problem> {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("multipart/form-data") {
        return Err(Problem::new(Code::UnsupportedContentType).detail("expected multipart/form-data"));
    }
    let declared = headers.get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|bytes| bytes > app.config.max_upload_bytes + OVERHEAD_BYTES) {
        return Err(too_large(app));
    }
    Ok(())
}

pub(super) fn too_large(app: &App) -> Problem {
    let most = app.config.max_upload_bytes;
    Problem::new(Code::TooLarge).detail(format!("a file has at most {most} bytes"))
}

/// What a whole form said.
struct Form {
    file: (Staged, String),
    said: Said,
}

/// What has come of it so far; parts come in any order.
#[derive(Default)]
struct Draft {
    file: Option<(Staged, String)>,
    said: Said,
}

async fn read_form(app: &App, request: Request) -> Result<Form, Problem> {
    let reader = Reader { app, backlog: Backlog::default() };
    let request = request.map(|body| reader.backlog.watch(body));
    let multipart = Multipart::from_request(request, app).await;
    let mut multipart = multipart.map_err(|error| malformed(error.body_text()))?;
    let mut draft = Draft::default();
    for _ in 0..MAX_PARTS {
        let next = reader.in_time(multipart.next_field()).await?;
        let Some(field) = next else {
            return draft.finish();
        };
        draft.add(&reader, field).await?;
    }
    Err(malformed(format!("a form has at most {MAX_PARTS} parts")))
}

impl Draft {
    async fn add(&mut self, reader: &Reader<'_>, field: Field<'_>) -> Result<(), Problem> {
        let name = field.name().unwrap_or_default().chars().take(80).collect::<String>();
        match name.as_str() {
            "media" if self.file.is_some() => Err(twice(&name)),
            "media" => {
                let filename = harmless(field.file_name().unwrap_or_default());
                self.file = Some((reader.receive(field).await?, filename));
                Ok(())
            }
            name => self.said.add(name, &reader.text(field).await?),
        }
    }

    fn finish(self) -> Result<Form, Problem> {
        let file = self.file.ok_or_else(|| Problem::field("media", "missing", "the file is missing"))?;
        Ok(Form { file, said: self.said })
    }
}

/// Reads a form piece by piece.
struct Reader<'a> {
    app: &'a App,
    backlog: Backlog,
}

impl Reader<'_> {
    /// Streams the file away. What came so far is removed when this ends early.
    async fn receive(&self, mut field: Field<'_>) -> Result<Staged, Problem> {
        let app = self.app;
        let mut incoming = app.ports.storage.receive().await?;
        let counter = metrics::counter!("upload_bytes_total");
        while let Some(bytes) = self.in_time(field.chunk()).await? {
            counter.increment(bytes.len() as u64);
            if incoming.len() + bytes.len() as u64 > app.config.max_upload_bytes {
                return Err(too_large(app));
            }
            incoming.write(bytes).await?;
        }
        Ok(incoming.finish().await?)
    }

    async fn text(&self, mut field: Field<'_>) -> Result<String, Problem> {
        let name = field.name().unwrap_or_default().to_owned();
        let mut text = Vec::new();
        while let Some(bytes) = self.in_time(field.chunk()).await? {
            text.extend_from_slice(&bytes);
            if text.len() > MAX_TEXT_BYTES {
                return Err(Problem::field(&name, "invalid", format!("at most {MAX_TEXT_BYTES} bytes")));
            }
        }
        String::from_utf8(text).map_err(|_| Problem::field(&name, "invalid", "expected UTF-8 text"))
    }

    /// The next part or piece of one, unless the client stands still.
    async fn in_time<T>(&self, next: impl Future<Output = Result<T, MultipartError>>) -> Result<T, Problem> {
        match tokio::time::timeout(self.app.config.upload_idle, next).await {
            Ok(Ok(next)) => {
                self.backlog.clear();
                Ok(next)
            }
            Ok(Err(error)) => Err(malformed(error.body_text())),
            Err(_) => Err(Problem::new(Code::RequestTimeout)),
        }
    }
}

fn malformed(detail: impl Into<String>) -> Problem {
    Problem::new(Code::MalformedRequest).detail(detail)
}
