//! The outermost layer: names the request, measures it, gives problems their body, logs it once.

use std::any::Any;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::Instrument as _;

use super::quota::QuotaSlot;
use super::{ClientAddress, headers};
use crate::app::App;
use crate::problem::{Code, Problem};

const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Frames one request.
pub(crate) async fn frame(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let began = Instant::now();
    let id = request_id(request.headers()).unwrap_or_else(|| app.ports.ambient.id().to_string());
    let address = ClientAddress::find(request.extensions(), request.headers(), &app.config.trusted_proxies);
    let route = request.extensions().get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str).to_owned();
    let method = request.method().clone();
    let span = tracing::info_span!(
        "request",
        request.id = %id,
        http.method = %method,
        http.route = %route,
        user.id = tracing::field::Empty,
    );
    let slot = QuotaSlot::default();
    request.extensions_mut().insert(address);
    request.extensions_mut().insert(slot.clone());
    let future = async {
        let response = finish(next.run(request).await, &id);
        let secs = began.elapsed().as_secs_f64();
        let took_ms = (secs * 1e4).round() / 10.0;
        let status = response.status().as_u16();
        count(&method, &route, status, secs);
        if route.starts_with("/api/health") || route.starts_with("/api/ready") {
            tracing::debug!(http.status = status, took_ms, "request answered");
        } else {
            tracing::info!(http.status = status, took_ms, "request answered");
        }
        response
    };
    let mut response = future.instrument(span).await;
    slot.write(response.headers_mut());
    headers::secure(&app.config, response.headers_mut());
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    response
}

/// A handler that panicked is a fault of ours like any other.
#[expect(clippy::needless_pass_by_value, reason = "the layer hands it over like this")]
pub(crate) fn panicked(panic: Box<dyn Any + Send + 'static>) -> Response {
    let words = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let words = words.or_else(|| panic.downcast_ref::<String>().cloned()).unwrap_or_default();
    tracing::error!(panic = %words, "a handler panicked");
    Problem::new(Code::Internal).into_response()
}

/// What the client calls its request, where that is 1 to 64 visible characters.
fn request_id(headers: &HeaderMap) -> Option<String> {
    let text = headers.get(REQUEST_ID)?.to_str().ok()?;
    let visible = text.bytes().all(|byte| byte.is_ascii_graphic());
    (visible && (1..=64).contains(&text.len())).then(|| text.to_owned())
}

/// Whatever layer refused the request, the client gets a problem.
fn finish(mut response: Response, id: &str) -> Response {
    let status = response.status();
    if !status.is_client_error() && !status.is_server_error() {
        return response;
    }
    let problem = match response.extensions_mut().remove::<Problem>() {
        Some(problem) => problem,
        None if is_answer(&response) => return response,
        None => Problem::of_status(status),
    };
    report(&problem);
    let body = serde_json::to_vec(&problem.body(id)).unwrap_or_default();
    *response.status_mut() = problem.code().status();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, PROBLEM_JSON);
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    *response.body_mut() = Body::from(body);
    response
}

/// A refusal that a handler wrote itself, such as the readiness answer.
fn is_answer(response: &Response) -> bool {
    let kind = response.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"))
}

/// The chain of an inner fault, once.
fn report(problem: &Problem) {
    let code = problem.code();
    match problem.cause() {
        Some(cause) if code == Code::Internal => {
            tracing::error!(code = code.as_str(), error = cause, "a request failed");
        }
        Some(cause) => tracing::warn!(code = code.as_str(), error = cause, "a request could not be served"),
        None => {}
    }
}

fn count(method: &axum::http::Method, route: &str, status: u16, secs: f64) {
    // Methods are free text to a client; only those that exist become labels.
    let method = match method.as_str() {
        known @ ("GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS") => known.to_owned(),
        _ => "OTHER".to_owned(),
    };
    let labels = [("method", method), ("route", route.to_owned()), ("status", status.to_string())];
    metrics::counter!("http_requests_total", &labels).increment(1);
    metrics::histogram!("http_request_seconds", &labels[..2]).record(secs);
}
