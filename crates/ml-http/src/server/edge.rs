//! What every request passes: its id, the log, and the key.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument;

use super::Shared;
use super::problem::{Problem, code};
use crate::key::KEY_HEADER;

/// The header with the id of a request.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Longest id that is taken from outside.
const MAX_ID_CHARS: usize = 128;

/// Gives the request an id, logs its end, and writes the id into problems.
pub(super) async fn observe(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let begin = Instant::now();
    let given = request.headers().get(REQUEST_ID).and_then(|id| id.to_str().ok()).filter(|id| is_plain(id));
    let id = given.map_or_else(|| shared.ambient.id().to_string(), ToOwned::to_owned);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().map_or("-", MatchedPath::as_str).to_owned();
    let span = tracing::info_span!("request", request.id = %id);
    let mut response = next.run(request).instrument(span.clone()).await;
    if let Some(problem) = response.extensions_mut().remove::<Problem>() {
        response = problem.response(Some(&id));
    }
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    let (status, took_ms) = (response.status().as_u16(), begin.elapsed().as_millis());
    span.in_scope(|| {
        // Probes come every few seconds from every worker.
        if response.status().is_success() && route != "/analyze" {
            tracing::debug!(%method, route, status, took_ms, "answered");
        } else {
            tracing::info!(%method, route, status, took_ms, "answered");
        }
    });
    response
}

fn is_plain(id: &str) -> bool {
    (1..=MAX_ID_CHARS).contains(&id.len()) && id.bytes().all(|b| b.is_ascii_graphic())
}

/// Lets those with a key through.
pub(super) async fn guard(State(shared): State<Arc<Shared>>, request: Request, next: Next) -> Response {
    let sent = request.headers().get(KEY_HEADER).map(HeaderValue::as_bytes).unwrap_or_default();
    if shared.keys.opens(sent) {
        return next.run(request).await;
    }
    let detail = "the header X-API-Key is missing or holds no key that opens this server";
    Problem::new(axum::http::StatusCode::UNAUTHORIZED, code::UNAUTHORIZED, detail).into_response()
}
