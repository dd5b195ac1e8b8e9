//! Uploads that go on where they were cut off, by the protocol tus 1.0.0: core, creation, creation with upload,
//! termination, expiration; also for clients whose network lets no `PATCH` through. Where an upload stands is in the rows,
//! so any server takes what comes next.

mod headers;
mod metadata;
mod receive;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use dk_app::service::begin_upload;
use dk_domain::{ErrorCode, UploadId};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::media::set_location;
use super::upload::too_large;
use crate::app::App;
use crate::auth::Signed;
use crate::edge::{Id, linger, take};
use crate::problem::{Code, Problem};

pub(crate) use headers::capabilities;

use headers::{LENGTH, METADATA, OFFSET, describe, is_part, meant, number, say_version, speaks_tus, text};
use metadata::announcement;
use receive::take_in;

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(look, remove)).layer(map_response(say_version))
}

/// The routes whose bodies are large; they have limits of their own.
pub(crate) fn part_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(begin))
        .routes(routes!(append))
        .route("/uploads/{id}", post(instead))
        .layer(map_response(say_version))
}

/// Begin an upload that can go on after it was cut off (tus 1.0.0).
///
/// `OPTIONS` on this path says what is offered. Bytes may come with this request already.
#[utoipa::path(
    post, path = "/uploads", tag = "media", security(("token" = []), ("apiKey" = [])),
    params(("Tus-Resumable" = String, Header, description = "`1.0.0`"),
        ("Upload-Length" = u64, Header, description = "Bytes of the whole file"),
        ("Upload-Metadata" = Option<String>, Header, description = "Pairs of a word and a text in Base64, separated \
            by commas: `filename`, `description`, `priority` and `models` mean what they mean in POST /media; others \
            are not looked at")),
    responses((status = 201, description = "It is at `Location`",
            headers(("Location" = String), ("Upload-Offset" = u64), ("Upload-Expires" = String))),
        (status = 409, description = "Too many uploads are unfinished"),
        (status = 412, description = "Another version of tus"),
        (status = 413, description = "The file is too large"),
        (status = 415, description = "What came with it is no part of a file, or the file is not what we accept"),
        (status = 422, description = "Some of what is said of the file is wrong, or the file cannot be read"),
        (status = 507, description = "There is no room left for files"))
)]
async fn begin(
    State(app): State<App>,
    signed: Signed,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let body = linger(request.into_body());
    speaks_tus(&headers)?;
    let length_bytes = number(&headers, &LENGTH)?;
    if length_bytes > app.config.max_upload_bytes {
        return Err(too_large(&app));
    }
    if length_bytes == 0 {
        return Err(Problem::new(Code::Media(ErrorCode::EmptyFile)).detail("the file is empty"));
    }
    let announced = announcement(text(&headers, &METADATA)?, length_bytes)?;
    take(&app, &format!("uploads:user:{}", signed.id()), app.config.uploads_per_user).await?;
    let upload = begin_upload(&app.ports, signed.id(), announced).await?;
    let path = format!("/api/v1/uploads/{}", upload.asked.id);
    let mut response = StatusCode::CREATED.into_response();
    if is_part(&headers) {
        let now = match take_in(&app, upload.clone(), body).await {
            Ok(taken) => taken,
            // The client must learn where its upload is; what became of these bytes it sees there.
            Err(_) => (
                app.ports
                    .uploads
                    .upload(signed.id(), upload.asked.id, app.ports.ambient.now())
                    .await?
                    .unwrap_or(upload),
                None,
            ),
        };
        describe(&mut response, &now.0, now.1);
    } else {
        describe(&mut response, &upload, None);
    }
    set_location(&mut response, &path);
    Ok(response)
}

/// Where one of my uploads stands (tus 1.0.0).
#[utoipa::path(
    head, path = "/uploads/{id}", tag = "media", security(("token" = []), ("apiKey" = [])),
    params(("id" = String, Path, format = Uuid), ("Tus-Resumable" = String, Header, description = "`1.0.0`")),
    responses((status = 200, description = "So many bytes are there; `Media-Id` once it has become a medium",
            headers(("Upload-Offset" = u64), ("Upload-Length" = u64), ("Upload-Expires" = String), ("Media-Id" = String))),
        (status = 404, description = "I have no such upload, or its time is over"),
        (status = 412, description = "Another version of tus"))
)]
async fn look(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id<UploadId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    speaks_tus(&headers)?;
    let found = app.ports.uploads.upload(signed.id(), id, app.ports.ambient.now()).await?;
    let upload = found.ok_or_else(|| Problem::new(Code::NotFound))?;
    let mut response = StatusCode::OK.into_response();
    describe(&mut response, &upload, None);
    response.headers_mut().insert(LENGTH, upload.asked.length_bytes.into());
    Ok(response)
}

/// What is meant is said in a header, because something between the client and here lets only `GET` and `POST` through.
async fn instead(
    app: State<App>,
    signed: Signed,
    id: Id<UploadId>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    match meant(&headers) {
        Some("PATCH") => append(app, signed, id, headers, request).await,
        Some("HEAD") => look(app, signed, id, headers).await,
        Some("DELETE") => remove(app, signed, id, headers).await.map(IntoResponse::into_response),
        _ => Err(Problem::new(Code::MethodNotAllowed)
            .detail("POST is for X-HTTP-Method-Override: PATCH, HEAD or DELETE here")),
    }
}

/// Send the bytes that follow on those that are there (tus 1.0.0).
///
/// Where a network lets no `PATCH` through, `POST` with `X-HTTP-Method-Override: PATCH` does the same. The last ones turn
/// the upload into a medium, which `Media-Id` names, or are answered with why the file is not
/// accepted. Sending nothing at the end of a whole upload asks for that answer again.
#[utoipa::path(
    patch, path = "/uploads/{id}", tag = "media", security(("token" = []), ("apiKey" = [])),
    params(("id" = String, Path, format = Uuid), ("Tus-Resumable" = String, Header, description = "`1.0.0`"),
        ("Upload-Offset" = u64, Header, description = "At which byte of the file these begin")),
    request_body(content = Vec<u8>, content_type = "application/offset+octet-stream"),
    responses((status = 204, description = "They are stored",
            headers(("Upload-Offset" = u64), ("Upload-Expires" = String), ("Media-Id" = String))),
        (status = 404, description = "I have no such upload, or its time is over"),
        (status = 408, description = "The upload stood still; what came is stored"),
        (status = 409, description = "The upload does not end there, or is in too many parts"),
        (status = 412, description = "Another version of tus"),
        (status = 413, description = "More bytes than the file has"),
        (status = 415, description = "Not of this type, or the whole file is not what we accept"),
        (status = 422, description = "The whole file cannot be read, or a model is not there any more"),
        (status = 507, description = "There is no room left for files"))
)]
async fn append(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id<UploadId>,
    headers: HeaderMap,
    request: Request,
) -> Result<Response, Problem> {
    let body = linger(request.into_body());
    speaks_tus(&headers)?;
    if !is_part(&headers) {
        return Err(
            Problem::new(Code::UnsupportedContentType).detail("expected application/offset+octet-stream")
        );
    }
    let offset = number(&headers, &OFFSET)?;
    let found = app.ports.uploads.upload(signed.id(), id, app.ports.ambient.now()).await?;
    let upload = found.ok_or_else(|| Problem::new(Code::NotFound))?;
    if offset != upload.offset_bytes {
        let detail = format!("the upload ends at byte {}", upload.offset_bytes);
        return Err(Problem::new(Code::WrongOffset).detail(detail));
    }
    let declared = headers.get(axum::http::header::CONTENT_LENGTH);
    let declared = declared.and_then(|bytes| bytes.to_str().ok()?.parse::<u64>().ok());
    if declared.is_some_and(|bytes| bytes > upload.missing_bytes()) {
        return Err(receive::too_much(&upload));
    }
    let (upload, media) = take_in(&app, upload, body).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    describe(&mut response, &upload, media);
    Ok(response)
}

/// Take back one of my uploads (tus 1.0.0). A medium that it has become stays.
#[utoipa::path(
    delete, path = "/uploads/{id}", tag = "media", security(("token" = []), ("apiKey" = [])),
    params(("id" = String, Path, format = Uuid), ("Tus-Resumable" = String, Header, description = "`1.0.0`")),
    responses((status = 204, description = "It is gone"),
        (status = 404, description = "I have no such upload, or its time is over"),
        (status = 412, description = "Another version of tus"))
)]
async fn remove(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id<UploadId>,
    headers: HeaderMap,
) -> Result<StatusCode, Problem> {
    speaks_tus(&headers)?;
    if app.ports.uploads.remove(signed.id(), id, app.ports.ambient.now()).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::new(Code::NotFound))
    }
}
