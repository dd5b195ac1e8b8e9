//! Headers that make browsers careful, and answers to pages of other origins.

use std::time::Duration;

use axum::http::{Extensions, HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Version, header};
use tower_http::compression::CompressionLayer;
use tower_http::compression::predicate::{Predicate, SizeAbove};
use tower_http::cors::CorsLayer;

use crate::config::ApiConfig;

/// For answers that no page shows: nothing may be loaded, framed or run.
const API_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
);

/// Adds what a handler has not set itself.
pub(super) fn secure(config: &ApiConfig, headers: &mut HeaderMap) {
    let mut set = |name: HeaderName, value: HeaderValue| {
        headers.entry(name).or_insert(value);
    };
    set(header::CONTENT_SECURITY_POLICY, API_POLICY);
    set(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    set(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    set(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    set(
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static("camera=(), microphone=(), geolocation=(), interest-cohort=()"),
    );
    set(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-site"));
    set(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if config.https {
        set(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=31536000; includeSubDomains"),
        );
    }
}

/// Lets pages of the named origins in, and nobody else's.
pub(crate) fn cors(config: &ApiConfig) -> CorsLayer {
    let origins: Vec<HeaderValue> =
        config.origins.iter().filter_map(|origin| HeaderValue::from_str(origin).ok()).collect();
    let name = HeaderName::from_static;
    CorsLayer::new()
        .allow_origin(origins)
        .allow_credentials(true)
        .allow_methods([Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            header::RANGE,
            header::IF_NONE_MATCH,
            header::IF_RANGE,
            name("idempotency-key"),
            name("tus-resumable"),
            name("upload-length"),
            name("upload-metadata"),
            name("upload-offset"),
            name("x-api-key"),
            name("x-http-method-override"),
            name("x-request-id"),
        ])
        .expose_headers([
            header::LOCATION,
            header::ETAG,
            header::RETRY_AFTER,
            header::CONTENT_RANGE,
            header::CONTENT_DISPOSITION,
            header::ACCEPT_RANGES,
            name("media-id"),
            name("tus-extension"),
            name("tus-max-size"),
            name("tus-resumable"),
            name("tus-version"),
            name("upload-expires"),
            name("upload-length"),
            name("upload-offset"),
            name("x-request-id"),
            name("ratelimit-limit"),
            name("ratelimit-remaining"),
            name("ratelimit-reset"),
        ])
        .max_age(Duration::from_mins(10))
}

/// JSON shrinks well; originals, and pages with originals inside, are compressed already.
fn shrinks(_: StatusCode, _: Version, headers: &HeaderMap, _: &Extensions) -> bool {
    if headers.contains_key(header::CONTENT_DISPOSITION) {
        return false;
    }
    let kind = headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    [b"application/json".as_slice(), b"text/html"].iter().any(|known| kind.starts_with(known))
}

/// Compresses JSON from 1 KiB on.
pub(crate) fn compression() -> CompressionLayer<impl Predicate> {
    CompressionLayer::new().compress_when(SizeAbove::new(1024).and(shrinks))
}
