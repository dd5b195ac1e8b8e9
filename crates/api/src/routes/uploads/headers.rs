//! The headers of tus.

use axum::extract::{Request, State};
use axum::http::header::{ACCESS_CONTROL_REQUEST_METHOD, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use dk_app::ports::{PartialUpload, UploadState};
use dk_domain::MediaId;
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};

use crate::app::App;
use crate::problem::{Code, Problem};

pub(super) const LENGTH: HeaderName = HeaderName::from_static("upload-length");
pub(super) const METADATA: HeaderName = HeaderName::from_static("upload-metadata");
pub(super) const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const MEANT: HeaderName = HeaderName::from_static("x-http-method-override");
const EXPIRES: HeaderName = HeaderName::from_static("upload-expires");
const MEDIA_ID: HeaderName = HeaderName::from_static("media-id");
const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const VERSIONS: HeaderName = HeaderName::from_static("tus-version");
const EXTENSIONS: HeaderName = HeaderName::from_static("tus-extension");
const MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");

const VERSION: HeaderValue = HeaderValue::from_static("1.0.0");
const PART: &str = "application/offset+octet-stream";
const DATE: &[BorrowedFormatItem<'_>] =
    format_description!("[weekday repr:short], [day] [month repr:short] [year] [hour]:[minute]:[second] GMT");

/// Answers `OPTIONS` that is no question of a browser about another origin. The layer that answers those would
/// answer this one too, so it stands before it.
pub(crate) async fn capabilities(State(app): State<App>, request: Request, next: Next) -> Response {
    let path = request.uri().path();
    let is_ours = path == "/api/v1/uploads" || path.starts_with("/api/v1/uploads/");
    let is_preflight = request.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD);
    if request.method() != Method::OPTIONS || !is_ours || is_preflight {
        return next.run(request).await;
    }
    let mut response = say_version(StatusCode::NO_CONTENT.into_response()).await;
    let offered = HeaderValue::from_static("creation,creation-with-upload,termination,expiration");
    response.headers_mut().insert(EXTENSIONS, offered);
    response.headers_mut().insert(MAX_SIZE, app.config.max_upload_bytes.into());
    response
}

/// Every answer says which version is spoken here, refusals too.
pub(super) async fn say_version(mut response: Response) -> Response {
    response.headers_mut().insert(RESUMABLE, VERSION);
    response.headers_mut().insert(VERSIONS, VERSION);
    response
}

pub(super) fn speaks_tus(headers: &HeaderMap) -> Result<(), Problem> {
    match headers.get(RESUMABLE) {
        Some(version) if version == VERSION => Ok(()),
        _ => Err(Problem::new(Code::OtherTus).detail("expected the header Tus-Resumable: 1.0.0")),
    }
}

/// A number of bytes that must be there.
pub(super) fn number(headers: &HeaderMap, name: &HeaderName) -> Result<u64, Problem> {
    let found = text(headers, name)?.unwrap_or_default();
    // Also refuses a sign, which the parser would take. A file has fewer bytes than a signed number can count.
    let is_plain = found.bytes().all(|byte| byte.is_ascii_digit());
    let number = found.parse().ok().filter(|number| is_plain && i64::try_from(*number).is_ok());
    number.ok_or_else(|| malformed(name, "a number of bytes"))
}

pub(super) fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<Option<&'a str>, Problem> {
    let found =
        headers.get(name).map(|value| value.to_str().map_err(|_| malformed(name, "plain characters")));
    found.transpose()
}

fn malformed(name: &HeaderName, expected: &str) -> Problem {
    Problem::new(Code::MalformedRequest).detail(format!("expected {expected} in the header {name}"))
}

/// Whether the body is bytes of the file.
pub(super) fn is_part(headers: &HeaderMap) -> bool {
    let kind = headers.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().unwrap_or_default().trim().eq_ignore_ascii_case(PART)
}

/// The method that is meant, where it is another than that of the request.
pub(super) fn meant(headers: &HeaderMap) -> Option<&str> {
    headers.get(MEANT)?.to_str().ok()
}

/// Where an upload stands, until when it lasts, and what it has become.
pub(super) fn describe(response: &mut Response, upload: &PartialUpload, media: Option<MediaId>) {
    let headers = response.headers_mut();
    headers.insert(OFFSET, upload.offset_bytes.into());
    if let Some(expires) = date(upload.asked.expires_at) {
        headers.insert(EXPIRES, expires);
    }
    let known = match upload.state {
        UploadState::Taken(media) => Some(media),
        UploadState::Open | UploadState::Refused(_) => media,
    };
    if let Some(value) = known.and_then(|media| HeaderValue::from_str(&media.to_string()).ok()) {
        headers.insert(MEDIA_ID, value);
    }
}

fn date(moment: OffsetDateTime) -> Option<HeaderValue> {
    let text = moment.to_offset(UtcOffset::UTC).format(DATE).ok()?;
    HeaderValue::from_str(&text).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn a_date_is_that_of_http() {
        assert_eq!(date(datetime!(1994-11-06 10:49:37 +2)).unwrap(), "Sun, 06 Nov 1994 08:49:37 GMT");
    }

    #[test]
    fn a_number_of_bytes_is_digits_and_nothing_else() {
        let read = |text: &str| {
            let headers = HeaderMap::from_iter([(LENGTH, HeaderValue::from_str(text).unwrap())]);
            number(&headers, &LENGTH).ok()
        };
        assert_eq!(read("12"), Some(12));
        for wrong in ["", "+1", "-1", "1.5", "1e3", "9223372036854775808", " "] {
            assert_eq!(read(wrong), None, "{wrong:?} was taken");
        }
    }
}
