//! The routes and the short ones among their handlers.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router, middleware};
use dk_domain::Sha256;
use futures_util::StreamExt;
use tower_http::catch_panic::CatchPanicLayer;

use super::problem::{Problem, code};
use super::{Shared, analyze, edge, form};
use crate::message::{PackageMessage, StatsMessage};

/// Longest time that one who is about to send a file waits for another who sends it already.
const MAX_WAIT_SECS: u64 = 600;

type App = State<Arc<Shared>>;

pub(super) fn router(shared: Arc<Shared>) -> Router {
    let guarded = Router::new()
        .route("/ready", get(ready))
        .route("/stats", get(stats))
        .route("/models", get(models))
        .route("/analyze", post(analyze::analyze))
        .route("/blobs/{sha256}", put(put_blob).head(head_blob))
        // Files are counted as they come, against a limit of their own.
        .layer(DefaultBodyLimit::disable())
        .method_not_allowed_fallback(wrong_method)
        .fallback(async || Problem::not_found())
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), edge::guard));
    Router::new()
        .route("/ping", get(async || Json(serde_json::json!({ "status": "ok" }))))
        .method_not_allowed_fallback(wrong_method)
        .merge(guarded)
        .layer(CatchPanicLayer::custom(panicked))
        .layer(middleware::from_fn_with_state(Arc::clone(&shared), edge::observe))
        .with_state(shared)
}

async fn wrong_method() -> Problem {
    let detail = "this address does not take this method";
    Problem::new(StatusCode::METHOD_NOT_ALLOWED, code::METHOD_NOT_ALLOWED, detail)
}

fn panicked(_: Box<dyn std::any::Any + Send>) -> Response {
    tracing::error!("a request panicked");
    Problem::internal().into_response()
}

pub(super) fn not_ready() -> Problem {
    Problem::unavailable(code::NOT_READY, "models are being loaded", 2)
}

async fn ready(State(shared): App) -> Result<Json<serde_json::Value>, Problem> {
    if shared.host.is_loaded() {
        Ok(Json(serde_json::json!({ "status": "ready" })))
    } else {
        Err(not_ready())
    }
}

async fn stats(State(shared): App) -> Json<StatsMessage> {
    Json(shared.host.stats(Some(shared.blobs.stats())))
}

async fn models(State(shared): App) -> Json<Vec<PackageMessage>> {
    Json(shared.host.cards().iter().map(PackageMessage::from).collect())
}

fn checksum(text: &str) -> Result<Sha256, Problem> {
    text.parse().map_err(|why| Problem::invalid(format!("{why}")))
}

async fn head_blob(
    State(shared): App,
    Path(sha256): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let sha256 = checksum(&sha256)?;
    let bytes = match wait_of(&headers) {
        Some(wait) => shared.blobs.find_or_expect(sha256, wait).await,
        None => shared.blobs.find(sha256),
    };
    let bytes = bytes.ok_or_else(Problem::blob_missing)?;
    Ok([(header::CONTENT_LENGTH, HeaderValue::from(bytes))].into_response())
}

/// `Prefer: wait=SECONDS` (RFC 7240), sent by one who will send the file where it is not there.
fn wait_of(headers: &HeaderMap) -> Option<Duration> {
    let prefer = headers.get("prefer")?.to_str().ok()?;
    let secs = prefer.split(',').find_map(|part| part.trim().strip_prefix("wait="))?;
    Some(Duration::from_secs(secs.parse::<u64>().ok()?.min(MAX_WAIT_SECS)))
}

async fn put_blob(
    State(shared): App,
    Path(sha256): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Result<StatusCode, Problem> {
    let sha256 = checksum(&sha256)?;
    let limit_bytes = shared.blobs.settings().max_blob_bytes;
    let declared = headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
    if declared.is_some_and(|bytes: u64| bytes > limit_bytes) {
        return Err(Problem::too_large(limit_bytes));
    }
    let mut reception = form::begin(&shared, Some(sha256))?;
    let mut pieces = body.into_data_stream();
    while let Some(piece) = form::patient(pieces.next()).await? {
        let piece = piece.map_err(|_| Problem::invalid("the file did not come as a whole"))?;
        reception.add(piece, limit_bytes).await?;
    }
    reception.finish(Some(sha256)).await?;
    Ok(StatusCode::NO_CONTENT)
}
