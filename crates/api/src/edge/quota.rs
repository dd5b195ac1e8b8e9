//! How often somebody may ask. Counted in the port, so that all servers count together.

use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use dk_app::ports::{Allowance, Quota};
use dk_domain::UserId;

use super::ClientAddress;
use crate::app::App;
use crate::problem::{Code, Problem};

/// The quota that is told to the client: the last one that was counted, which is the narrowest.
#[derive(Clone, Default)]
pub(super) struct QuotaSlot(Arc<Mutex<Option<(Quota, Allowance)>>>);

impl QuotaSlot {
    fn set(&self, quota: Quota, allowance: Allowance) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some((quota, allowance));
    }

    /// Writes the headers of the draft "RateLimit header fields for HTTP".
    pub(super) fn write(&self, headers: &mut HeaderMap) {
        let Some((quota, allowance)) = *self.0.lock().unwrap_or_else(PoisonError::into_inner) else { return };
        let reset = allowance.reset_after.as_secs_f64().ceil();
        let numbers = [
            ("ratelimit-limit", u64::from(quota.limit)),
            ("ratelimit-remaining", u64::from(allowance.remaining)),
            ("ratelimit-reset", reset as u64),
        ];
        for (name, number) in numbers {
            headers.insert(HeaderName::from_static(name), HeaderValue::from(number));
        }
    }
}

/// Counts one request of an address, whoever sends it.
pub(crate) async fn count_address(State(app): State<App>, request: Request, next: Next) -> Response {
    let key = match request.extensions().get::<ClientAddress>() {
        Some(ClientAddress(address)) => format!("requests:address:{address}"),
        None => return next.run(request).await,
    };
    let slot = request.extensions().get::<QuotaSlot>().cloned();
    match count(&app, slot, &key, app.config.per_address).await {
        Ok(()) => next.run(request).await,
        Err(problem) => problem.into_response(),
    }
}

/// Counts one request of a person.
pub(crate) async fn count_user(app: &App, parts: &Parts, user: UserId) -> Result<(), Problem> {
    let slot = parts.extensions.get::<QuotaSlot>().cloned();
    count(app, slot, &format!("requests:user:{user}"), app.config.per_user).await
}

/// Counts something else that is not told in headers.
pub(crate) async fn take(app: &App, key: &str, quota: Quota) -> Result<(), Problem> {
    count(app, None, key, quota).await
}

async fn count(app: &App, slot: Option<QuotaSlot>, key: &str, quota: Quota) -> Result<(), Problem> {
    let allowance = app.ports.limiter.take(key, quota).await;
    if let Some(slot) = slot {
        slot.set(quota, allowance);
    }
    if allowance.allowed {
        Ok(())
    } else {
        metrics::counter!("rate_limited_total").increment(1);
        Err(Problem::new(Code::RateLimited).retry_after(allowance.reset_after))
    }
}
