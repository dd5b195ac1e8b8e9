//! One's own media: list, look, describe, remove, judge once more.

use axum::Json as Reply;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dk_app::ports::{MediaFilter, MediaPage, MediaSort};
use dk_app::service::{Rerun, remove_media, rerun};
use dk_domain::{MediaId, Urgency};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::paging::{PageParams, read_place, write_place};
use super::upload::{__path_upload, upload};
use crate::app::App;
use crate::auth::Signed;
use crate::edge::{Id, Json, MaybeJson, Params};
use crate::messages::{AnalyzeBody, MediaBody, MediaDetailBody, MediaList, MediaPatch, RunBody};
use crate::problem::{Code, Problem};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(detail, describe, remove))
        .routes(routes!(analyze))
}

/// The one route whose body is large; it has limits of its own.
pub(crate) fn upload_routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(upload))
}

/// Which media to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListParams {
    /// From the answer before; the first part without it.
    cursor: Option<String>,
    /// How many items, 1 to 100; 20 unless told otherwise.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u16>,
    /// Status of the latest run.
    #[param(schema_with = crate::messages::run_status)]
    status: Option<String>,
    /// Kind.
    #[param(schema_with = crate::messages::media_type)]
    media_type: Option<String>,
    /// Verdict of the latest run.
    #[param(schema_with = crate::messages::prediction)]
    verdict: Option<String>,
    /// In which order; newest first unless told otherwise. A cursor goes on in its own order only.
    #[param(inline)]
    sort: Option<Sort>,
    /// Text within name or description, upper and lower case alike.
    #[param(max_length = 200)]
    q: Option<String>,
}

/// Orders of the list.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Sort {
    /// Newest first.
    #[default]
    Newest,
    /// Oldest first.
    Oldest,
    /// By name, upper and lower case alike.
    Name,
    /// Largest file first.
    Largest,
}

impl From<Sort> for MediaSort {
    fn from(sort: Sort) -> Self {
        match sort {
            Sort::Newest => Self::Newest,
            Sort::Oldest => Self::Oldest,
            Sort::Name => Self::Name,
            Sort::Largest => Self::Largest,
        }
    }
}

impl ListParams {
    fn page(&self) -> Result<MediaPage, Problem> {
        let sort = self.sort.unwrap_or_default().into();
        let after = self.cursor.as_deref().map(|cursor| read_place(sort, cursor)).transpose()?;
        let limit = PageParams { cursor: None, limit: self.limit }.limit()?;
        Ok(MediaPage { limit, sort, after })
    }

    fn filter(&self) -> Result<MediaFilter, Problem> {
        let wrong =
            |error: dk_domain::UnknownWord| Problem::new(Code::MalformedRequest).detail(error.to_string());
        Ok(MediaFilter {
            status: self.status.as_deref().map(str::parse).transpose().map_err(wrong)?,
            kind: self.media_type.as_deref().map(str::parse).transpose().map_err(wrong)?,
            verdict: self.verdict.as_deref().map(str::parse).transpose().map_err(wrong)?,
            text: search_text(self.q.as_deref())?,
        })
    }
}

/// A text to look for: at most 200 characters; nothing to look for is no filter.
pub(super) fn search_text(text: Option<&str>) -> Result<Option<String>, Problem> {
    let text = text.map(str::trim).filter(|text| !text.is_empty());
    if text.is_some_and(|text| text.chars().count() > 200 || text.contains('\0')) {
        return Err(Problem::new(Code::MalformedRequest).detail("q has at most 200 characters, and no NUL"));
    }
    Ok(text.map(ToOwned::to_owned))
}

/// My media.
#[utoipa::path(
    get, path = "/media", tag = "media", security(("token" = []), ("apiKey" = [])), params(ListParams),
    responses((status = 200, description = "A part of the list", body = MediaList))
)]
async fn list(
    State(app): State<App>,
    signed: Signed,
    Params(params): Params<ListParams>,
) -> Result<Reply<MediaList>, Problem> {
    let filter = params.filter()?;
    let page = params.page()?;
    let found = app.ports.library.media(signed.id(), &filter, &page).await?;
    Ok(Reply(MediaList {
        items: found.items.iter().map(MediaBody::from).collect(),
        next_cursor: found.next.map(|place| write_place(page.sort, &place)),
    }))
}

/// One of my media with its runs.
#[utoipa::path(
    get, path = "/media/{id}", tag = "media", security(("token" = []), ("apiKey" = [])),
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, description = "The medium", body = MediaDetailBody),
        (status = 404, description = "I have no such medium"))
)]
async fn detail(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id<MediaId>,
) -> Result<Reply<MediaDetailBody>, Problem> {
    let found = app.ports.library.medium(signed.id(), id).await?;
    let found = found.ok_or_else(|| Problem::new(Code::NotFound))?;
    Ok(Reply(MediaDetailBody::from(&found)))
}

/// Describe one of my media.
#[utoipa::path(
    patch, path = "/media/{id}", tag = "media", security(("token" = []), ("apiKey" = [])),
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, description = "The medium as it is now", body = MediaBody),
        (status = 404, description = "I have no such medium"))
)]
async fn describe(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id<MediaId>,
    Json(body): Json<MediaPatch>,
) -> Result<Reply<MediaBody>, Problem> {
    let text = body.description.as_deref().map(str::trim).filter(|text| !text.is_empty());
    let changed = app.ports.library.describe(signed.id(), id, text, app.ports.ambient.now()).await?;
    let changed = changed.ok_or_else(|| Problem::new(Code::NotFound))?;
    Ok(Reply(MediaBody::from(&changed)))
}

/// Remove one of my media with its runs, its file and its jobs.
#[utoipa::path(
    delete, path = "/media/{id}", tag = "media", security(("token" = []), ("apiKey" = [])),
    params(("id" = String, Path, format = Uuid)),
    responses((status = 204, description = "It is gone"), (status = 404, description = "I have no such medium"))
)]
async fn remove(State(app): State<App>, signed: Signed, Id(id): Id<MediaId>) -> Result<StatusCode, Problem> {
    if remove_media(&app.ports, signed.id(), id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::new(Code::NotFound))
    }
}

/// Judge one of my media once more.
#[utoipa::path(
    post, path = "/media/{id}/analyze", tag = "media", security(("token" = []), ("apiKey" = [])),
    params(("id" = String, Path, format = Uuid),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes asking twice within 24 hours harmless; \
            other wishes under the same key are refused with 422",
            min_length = 1, max_length = 255)),
    request_body(content = Option<AnalyzeBody>),
    responses((status = 202, description = "The run is on its way", body = RunBody, headers(("Location" = String))),
        (status = 404, description = "I have no such medium"),
        (status = 409, description = "A run of it is under way"))
)]
async fn analyze(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id<MediaId>,
    headers: HeaderMap,
    MaybeJson(body): MaybeJson<AnalyzeBody>,
) -> Result<Response, Problem> {
    let wrong =
        |field: &str, error: &dyn std::fmt::Display| Problem::field(field, "invalid", error.to_string());
    let models = body.models.unwrap_or_default();
    let urgency = body.priority.as_deref().map(str::parse::<Urgency>).transpose();
    let how = Rerun {
        models: models
            .iter()
            .map(|name| name.parse().map_err(|error: dk_domain::NameError| wrong("models", &error)))
            .collect::<Result<_, _>>()?,
        urgency: urgency.map_err(|error| wrong("priority", &error))?.unwrap_or(Urgency::Interactive),
        idempotency_key: idempotency_key(&headers)?,
    };
    let run = rerun(&app.ports, signed.id(), id, how).await?;
    let mut response = (StatusCode::ACCEPTED, Reply(RunBody::new(&run, &[]))).into_response();
    set_location(&mut response, &format!("/api/v1/runs/{}", run.id));
    Ok(response)
}

/// What makes sending twice harmless: 1 to 255 visible characters of the client's choice.
pub(super) fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get(HeaderName::from_static("idempotency-key")) else {
        return Ok(None);
    };
    let text = value.to_str().unwrap_or_default();
    if (1..=255).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        Ok(Some(text.to_owned()))
    } else {
        Err(Problem::new(Code::MalformedRequest)
            .detail("Idempotency-Key has 1 to 255 visible characters, without spaces"))
    }
}

/// Where the thing that was made is found.
pub(super) fn set_location(response: &mut Response, path: &str) {
    if let Ok(value) = HeaderValue::from_str(path) {
        response.headers_mut().insert(header::LOCATION, value);
    }
}
