//! No request waits for ever. Uploads and originals have limits of their own.

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use crate::app::App;
use crate::problem::{Code, Problem};

/// Answers with 503 when the handler takes too long, and drops its work.
pub(crate) async fn time_limit(State(app): State<App>, request: Request, next: Next) -> Response {
    let Ok(response) = tokio::time::timeout(app.config.request_timeout, next.run(request)).await else {
        tracing::warn!("a request took too long and was given up");
        return Problem::new(Code::TimedOut).into_response();
    };
    response
}
