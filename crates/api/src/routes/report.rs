//! Everything that is said of one of one's own media in a run that has ended: in the form that `analyze --json` has,
//! or as the page that `analyze --out` writes.

use std::error::Error;
use std::time::Duration;

use axum::Json as Reply;
use axum::extract::State;
use axum::response::{Html, IntoResponse, Response};
use bytes::Bytes;
use dk_app::ports::{Analysis, Media, RunDetail, StorageError};
use dk_app::{ErrorCode, ModelCard, Thumbnail, service};
use dk_domain::{AnalysisStatus, MediaKind, RunId, RunStatus, Verdict, conclude_votes};
use dk_wire::{FailureMessage, FileDocument, MediaMessage, ResultPayload, SCHEMA, VerdictMessage};
use futures_util::TryStreamExt as _;
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::content::download;
use crate::app::App;
use crate::auth::Signed;
use crate::edge::{Id, Params};
use crate::problem::{Code, Problem};

/// A report does not wait longer for its small pictures.
const PICTURES_LONGEST: Duration = Duration::from_secs(15);

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(report))
}

/// In which form a report comes.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Format {
    /// One JSON document.
    #[default]
    Json,
    /// A page that needs nothing else, with the file inside where it is not too large.
    Html,
}

/// How the report comes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ReportParams {
    /// `json` unless told otherwise.
    #[serde(default)]
    #[param(inline, default = "json")]
    format: Format,
}

/// The verdict of one of my runs with all that its models say.
#[utoipa::path(
    get, path = "/runs/{id}/report", tag = "runs", security(("token" = []), ("apiKey" = [])),
    params(("id" = String, Path, format = Uuid), ReportParams),
    responses((status = 200, description = "The whole result", content((FileDocument = "application/json"), (String = "text/html"))),
        (status = 404, description = "I have no such run"),
        (status = 409, description = "The run has not ended, or was cancelled"))
)]
async fn report(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id<RunId>,
    Params(params): Params<ReportParams>,
) -> Result<Response, Problem> {
    let missing = || Problem::new(Code::NotFound);
    let library = &app.ports.library;
    let detail = library.run(signed.id(), id).await?.ok_or_else(missing)?;
    let verdict = verdict(&detail)?;
    let media = library.medium_row(signed.id(), detail.run.media_id).await?.ok_or_else(missing)?;
    let payloads = library.payloads(signed.id(), id).await?;
    let analyses: Result<Vec<ResultPayload>, _> =
        payloads.iter().map(|text| serde_json::from_str(text)).collect();
    let analyses = analyses.map_err(|error| Problem::inner(Code::Internal, error))?;
    let document = document(&media, &verdict, analyses, &detail.analyses);
    match params.format {
        Format::Json => Ok(Reply(document).into_response()),
        Format::Html => page(&app, &media, document).await,
    }
}

/// The page holds the whole file, so only so many are made at a time.
async fn page(app: &App, media: &Media, document: FileDocument) -> Result<Response, Problem> {
    let _permit = app.pages.acquire().await.map_err(|error| Problem::inner(Code::Internal, error))?;
    let mut judged = dk_report::read(&document).map_err(|error| Problem::inner(Code::Internal, error))?;
    let original = if dk_report::fits(&media.facts) { original(app, media).await } else { None };
    judged.illustration.thumbnails = pictures(app, media, original.is_some()).await;
    let cards: Vec<ModelCard> =
        app.ports.analyst.offers().await.into_iter().map(|offer| offer.card).collect();
    let facts = media.facts.clone();
    let made = tokio::task::spawn_blocking(move || {
        let original = original.as_deref().and_then(|bytes| dk_report::Original::new(&facts, bytes));
        dk_report::html(&document.file, &judged, &cards, original)
    });
    let html = made.await.map_err(|error| Problem::inner(Code::Internal, error))?;
    let mut response = Html(html).into_response();
    download(&mut response, &format!("{}.html", media.filename));
    Ok(response)
}

/// Frames of a video, and a small copy of a picture that is not in the page itself.
async fn pictures(app: &App, media: &Media, has_original: bool) -> Vec<Thumbnail> {
    let wanted = match media.facts.kind {
        MediaKind::Video => true,
        MediaKind::Image => !has_original,
        MediaKind::Audio => false,
    };
    if !wanted {
        return Vec::new();
    }
    let made = tokio::time::timeout(PICTURES_LONGEST, service::illustrate(&app.ports, media)).await;
    made.unwrap_or_else(|_| {
        tracing::warn!(media.id = %media.id, "a report is made without pictures, which took too long");
        Vec::new()
    })
}

/// The file for the page. One that cannot be had is no error: the page shows the evidence without it.
async fn original(app: &App, media: &Media) -> Option<Bytes> {
    let read = async {
        let Some(stream) = app.ports.storage.read(&media.key, None).await? else { return Ok(None) };
        let pieces: Vec<Bytes> = stream.try_collect().await?;
        Ok::<_, StorageError>(Some(Bytes::from(pieces.concat())))
    };
    read.await.unwrap_or_else(|error| {
        tracing::warn!(media.id = %media.id, error = &error as &dyn Error, "a report is made without the file itself");
        None
    })
}

/// A run that was cancelled may have answers, and they are not what was asked for. One in which every model failed
/// has no verdict of its own, and the rule says what that means.
fn verdict(detail: &RunDetail) -> Result<Verdict, Problem> {
    let not_ended = |why: &str| Err(Problem::new(Code::RunNotEnded).detail(why));
    match (&detail.run.verdict, detail.run.status) {
        (_, RunStatus::Cancelled) => not_ended("the run was cancelled"),
        (_, status) if !status.is_ended() => not_ended(&format!("the run is {status}")),
        (Some(verdict), _) => Ok(verdict.clone()),
        (None, _) => {
            let failed = detail.analyses.iter().filter(|row| row.status == AnalysisStatus::Failed);
            Ok(conclude_votes(&[], failed.count()))
        }
    }
}

fn document(
    media: &Media,
    verdict: &Verdict,
    analyses: Vec<ResultPayload>,
    rows: &[Analysis],
) -> FileDocument {
    let failed = rows.iter().filter(|row| row.status == AnalysisStatus::Failed);
    FileDocument {
        schema: SCHEMA.to_owned(),
        file: media.filename.clone(),
        media: MediaMessage::from(&media.facts),
        verdict: VerdictMessage::from(verdict),
        analyses,
        failures: failed.map(failure).collect(),
        stability: None,
    }
}

fn failure(row: &Analysis) -> FailureMessage {
    let (code, message) = match &row.error {
        Some((code, message)) => (*code, message.clone()),
        None => (ErrorCode::ModelFailed, "it ended without an answer".to_owned()),
    };
    FailureMessage { model: row.model.to_string(), code: code.as_str().to_owned(), message }
}
