//! The original bytes, for their owner: whole or by range, never changed, never run by a browser.

use std::fmt::Write as _;
use std::ops::Range;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dk_app::ports::Media;
use dk_domain::MediaId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::link::Viewer;
use crate::app::App;
use crate::edge::Id;
use crate::problem::{Code, Problem};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(content))
}

/// What a browser may do with an original: show it, and nothing else.
const SANDBOX: HeaderValue = HeaderValue::from_static("default-src 'none'; sandbox");

/// The original of one of my media.
#[utoipa::path(
    get, path = "/media/{id}/content", tag = "media", security(("token" = []), ("apiKey" = [])),
    params(("id" = String, Path, format = Uuid),
        ("Range" = Option<String>, Header, description = "One range of bytes; several are answered with the whole"),
        ("link" = Option<String>, Query, description = "From a link of this medium, in the place of a credential"),
        ("If-None-Match" = Option<String>, Header), ("If-Range" = Option<String>, Header)),
    responses((status = 200, description = "The whole file", content_type = "*/*", body = Vec<u8>),
        (status = 206, description = "A range of it", content_type = "*/*", body = Vec<u8>),
        (status = 304, description = "The client has it already"),
        (status = 404, description = "I have no such medium"),
        (status = 416, description = "The range lies outside of the file"))
)]
async fn content(
    State(app): State<App>,
    Viewer(viewer): Viewer,
    Id(id): Id<MediaId>,
    method: Method,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let media = app.ports.library.medium_row(viewer, id).await?;
    let media = media.ok_or_else(|| Problem::new(Code::NotFound))?;
    let etag = format!("\"{}\"", media.facts.sha256);
    if is_known(&headers, &etag) {
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        describe(&mut response, &media, &etag);
        return Ok(response);
    }
    let size = media.facts.bytes;
    let wanted = match asked_range(&headers, &etag, size) {
        Asked::Whole => None,
        Asked::Part(range) => Some(range),
        Asked::Outside => return Ok(outside(size)),
    };
    let body = if method == Method::HEAD {
        Body::empty()
    } else {
        let stream = app.ports.storage.read(&media.key, wanted.clone()).await?;
        let stream = stream.ok_or_else(|| {
            tracing::error!(media.id = %media.id, "the file of a medium is gone from the storage");
            Problem::new(Code::NotFound).detail("the original is gone")
        })?;
        Body::from_stream(stream)
    };
    let mut response = Response::new(body);
    describe(&mut response, &media, &etag);
    let length = match wanted {
        Some(range) => {
            *response.status_mut() = StatusCode::PARTIAL_CONTENT;
            let text = format!("bytes {}-{}/{size}", range.start, range.end - 1);
            set(&mut response, header::CONTENT_RANGE, &text);
            range.end - range.start
        }
        None => size,
    };
    set(&mut response, header::CONTENT_LENGTH, &length.to_string());
    Ok(response)
}

fn describe(response: &mut Response, media: &Media, etag: &str) {
    set(response, header::ETAG, etag);
    set(response, header::ACCEPT_RANGES, "bytes");
    set(response, header::CACHE_CONTROL, "private, no-cache");
    set(response, header::CONTENT_TYPE, &media.mimetype);
    set(
        response,
        header::CONTENT_DISPOSITION,
        &format!("inline; filename*=UTF-8''{}", percent(&media.filename)),
    );
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, SANDBOX);
}

/// Says that the answer is a file to be kept under this name, and to be shown by no page of this origin.
pub(super) fn download(response: &mut Response, name: &str) {
    let disposition = format!("attachment; filename*=UTF-8''{}", percent(name));
    set(response, header::CONTENT_DISPOSITION, &disposition);
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, SANDBOX);
}

fn outside(size: u64) -> Response {
    let mut response = Problem::new(Code::RangeNotSatisfiable).into_response();
    set(&mut response, header::CONTENT_RANGE, &format!("bytes */{size}"));
    response
}

pub(super) fn set(response: &mut Response, name: header::HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}

/// RFC 8187: everything but a few plain characters as bytes in hexadecimal.
fn percent(name: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    name.bytes().fold(String::with_capacity(name.len()), |mut text, byte| {
        if plain(byte) {
            text.push(char::from(byte));
        } else {
            // Writing into a string cannot fail.
            let _ = write!(text, "%{byte:02X}");
        }
        text
    })
}

/// `If-None-Match`, compared weakly.
pub(super) fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    let lines = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|line| line.to_str().ok());
    lines
        .flat_map(|line| line.split(','))
        .map(str::trim)
        .any(|known| known == "*" || known.trim_start_matches("W/") == etag)
}

#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Whole,
    Part(Range<u64>),
    Outside,
}

/// One range of bytes. What is no such thing, and several at once, ask for the whole (RFC 9110, 14.2); so does a
/// range of another version of the file.
fn asked_range(headers: &HeaderMap, etag: &str, size: u64) -> Asked {
    let if_range = headers.get(header::IF_RANGE);
    if if_range.is_some_and(|known| known.as_bytes() != etag.as_bytes()) {
        return Asked::Whole;
    }
    let line = headers.get(header::RANGE).and_then(|line| line.to_str().ok());
    let Some((first, last)) = line.and_then(|line| line.strip_prefix("bytes=")?.trim().split_once('-'))
    else {
        return Asked::Whole;
    };
    let number =
        |text: &str| text.bytes().all(|b| b.is_ascii_digit()).then(|| text.parse::<u64>().ok()).flatten();
    match (number(first), number(last)) {
        // The last bytes of the file.
        (None, Some(0)) if first.is_empty() => Asked::Outside,
        (None, Some(count)) if first.is_empty() && size > 0 => Asked::Part(size.saturating_sub(count)..size),
        (None, Some(_)) if first.is_empty() => Asked::Outside,
        (Some(first), _) if last.is_empty() && first < size => Asked::Part(first..size),
        (Some(_), _) if last.is_empty() => Asked::Outside,
        (Some(first), Some(last)) if first <= last && first < size => {
            Asked::Part(first..last.saturating_add(1).min(size))
        }
        (Some(first), Some(last)) if first <= last => Asked::Outside,
        _ => Asked::Whole,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(range: &str) -> Asked {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, range.parse().unwrap());
        asked_range(&headers, "\"x\"", 100)
    }

    #[test]
    fn one_range_is_understood_and_everything_else_asks_for_the_whole() {
        assert_eq!(asked("bytes=0-0"), Asked::Part(0..1));
        assert_eq!(asked("bytes=90-"), Asked::Part(90..100));
        assert_eq!(asked("bytes=90-1000"), Asked::Part(90..100));
        assert_eq!(asked("bytes=-10"), Asked::Part(90..100));
        assert_eq!(asked("bytes=-1000"), Asked::Part(0..100));
        for outside in ["bytes=100-", "bytes=100-101", "bytes=-0"] {
            assert_eq!(asked(outside), Asked::Outside, "{outside}");
        }
        for whole in
            ["bytes=0-1,5-6", "bytes=5-4", "lines=1-2", "bytes=", "bytes=-", "bytes=a-b", "bytes=+1-2"]
        {
            assert_eq!(asked(whole), Asked::Whole, "{whole}");
        }
    }

    #[test]
    fn a_range_of_another_version_asks_for_the_whole() {
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, HeaderValue::from_static("bytes=0-0"));
        headers.insert(header::IF_RANGE, HeaderValue::from_static("\"y\""));
        assert_eq!(asked_range(&headers, "\"x\"", 100), Asked::Whole);
        assert_eq!(asked_range(&headers, "\"y\"", 100), Asked::Part(0..1));
    }

    #[test]
    fn a_file_name_in_a_header_is_plain() {
        assert_eq!(percent("Ferien \"Köln\"\r\n.mp4"), "Ferien%20%22K%C3%B6ln%22%0D%0A.mp4");
    }
}
