//! The refresh cookie: out of reach of scripts, and sent to the few paths that need it.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, header};
use dk_app::account::RefreshToken;
use time::OffsetDateTime;

use crate::app::App;
use crate::config::ApiConfig;
use crate::problem::{Code, Problem};

const NAME: &str = "dk_refresh";
const PATH: &str = "/api/v1/auth";

/// The refresh token of a request.
pub(crate) struct RefreshCookie(pub(crate) RefreshToken);

impl FromRequestParts<App> for RefreshCookie {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Problem> {
        let cookies = parts.headers.get_all(header::COOKIE).iter().filter_map(|value| value.to_str().ok());
        let mut pairs =
            cookies.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
        let (_, text) =
            pairs.find(|(name, _)| *name == NAME).ok_or_else(|| Problem::new(Code::Unauthorized))?;
        text.parse().map(Self).map_err(|_| Problem::new(Code::SessionEnded))
    }
}

/// Gives the browser a refresh token.
pub(crate) fn set_cookie(
    config: &ApiConfig,
    token: &RefreshToken,
    expires_at: OffsetDateTime,
    now: OffsetDateTime,
) -> Option<HeaderValue> {
    let seconds = (expires_at - now).whole_seconds().max(0);
    line(config, &token.reveal(), seconds)
}

/// Takes it away.
pub(crate) fn clear_cookie(config: &ApiConfig) -> Option<HeaderValue> {
    line(config, "", 0)
}

fn line(config: &ApiConfig, value: &str, max_age_secs: i64) -> Option<HeaderValue> {
    let secure = if config.https { "; Secure" } else { "" };
    let text =
        format!("{NAME}={value}; Max-Age={max_age_secs}; Path={PATH}; HttpOnly; SameSite=Strict{secure}");
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}
