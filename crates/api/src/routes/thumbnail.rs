//! Small pictures of one's own media. Making one may take a while; it is made once.

use std::time::Duration;

use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dk_app::service;
use dk_domain::MediaId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::content::{is_known, set};
use crate::app::App;
use crate::auth::Signed;
use crate::edge::Id;
use crate::problem::{Code, Problem};

/// A remote storage may have to deliver a long film first.
const LONGEST: Duration = Duration::from_mins(2);

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(thumbnail))
}

/// A small picture of one of my media: at most 320 pixels long, of a video a frame near a tenth of its length.
#[utoipa::path(
    get, path = "/media/{id}/thumbnail", tag = "media", security(("token" = []), ("apiKey" = [])),
    params(("id" = String, Path, format = Uuid), ("If-None-Match" = Option<String>, Header)),
    responses((status = 200, description = "The picture", content_type = "image/jpeg", body = Vec<u8>),
        (status = 304, description = "The client has it already"),
        (status = 404, description = "I have no such medium, or there is nothing to be seen in it"))
)]
async fn thumbnail(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id<MediaId>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let media = app.ports.library.medium_row(signed.id(), id).await?;
    let media = media.ok_or_else(|| Problem::new(Code::NotFound))?;
    // Of one original there is one small picture.
    let etag = format!("\"thumbnail-{}\"", media.facts.sha256);
    if is_known(&headers, &etag) {
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        describe(&mut response, &etag);
        return Ok(response);
    }
    let made = tokio::time::timeout(LONGEST, service::thumbnail(&app.ports, &media)).await;
    let made = made.map_err(|_| Problem::new(Code::TimedOut))??;
    let jpeg = made.ok_or_else(|| Problem::new(Code::NoThumbnail))?;
    let mut response = jpeg.into_response();
    set(&mut response, header::CONTENT_TYPE, "image/jpeg");
    describe(&mut response, &etag);
    Ok(response)
}

fn describe(response: &mut Response, etag: &str) {
    set(response, header::ETAG, etag);
    set(response, header::CACHE_CONTROL, "private, max-age=86400, immutable");
}
