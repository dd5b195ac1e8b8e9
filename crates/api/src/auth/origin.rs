//! Requests that carry a cookie come from our own pages, or from those that the configuration names.

use axum::extract::FromRequestParts;
use axum::http::header::{HOST, ORIGIN};
use axum::http::request::Parts;

use crate::app::App;
use crate::problem::{Code, Problem};

/// Proof that the request does not come from a foreign page. Programs send no origin and are let through: nobody
/// can make them send somebody else's cookie.
pub(crate) struct OwnOrigin;

impl FromRequestParts<App> for OwnOrigin {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Some(origin) = parts.headers.get(ORIGIN) else {
            return Ok(Self);
        };
        let refused = || Problem::new(Code::CrossOrigin);
        let origin = origin.to_str().map_err(|_| refused())?;
        let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok());
        let own = origin.split_once("://").is_some_and(|(_, authority)| Some(authority) == host);
        let named = app.config.origins.iter().any(|allowed| allowed == origin);
        if own || named { Ok(Self) } else { Err(refused()) }
    }
}
