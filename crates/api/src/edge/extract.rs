//! Reads ids, parameters and JSON bodies, and refuses them as problems that name the field.

use std::str::FromStr;

use axum::body::to_bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use axum::http::request::Parts;
use garde::Validate;
use serde::de::DeserializeOwned;

use super::linger;
use crate::app::App;
use crate::messages::FieldProblem;
use crate::problem::{Code, Problem};

/// Most bytes of a JSON body.
const MAX_JSON_BYTES: usize = 64 * 1024;

/// The one id in a path.
pub(crate) struct Id<T>(pub(crate) T);

impl<T> FromRequestParts<App> for Id<T>
where
    T: FromStr<Err = dk_domain::IdError>,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let path = Path::<String>::from_request_parts(parts, app).await;
        let Path(text) = path.map_err(|error| malformed(error.body_text()))?;
        text.parse().map(Self).map_err(|error: dk_domain::IdError| malformed(error.to_string()))
    }
}

/// Parameters behind the question mark.
pub(crate) struct Params<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<App> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let query = Query::<T>::from_request_parts(parts, app).await;
        query.map(|Query(params)| Self(params)).map_err(|error| malformed(error.body_text()))
    }
}

/// A JSON body that was checked.
pub(crate) struct Json<T>(pub(crate) T);

impl<T> FromRequest<App> for Json<T>
where
    T: DeserializeOwned + Validate<Context = ()>,
{
    type Rejection = Problem;

    async fn from_request(request: Request, _: &App) -> Result<Self, Problem> {
        if !is_json(&request) {
            return Err(Problem::new(Code::UnsupportedContentType).detail("expected application/json"));
        }
        parse(&read(request).await?).map(Self)
    }
}

/// A JSON body that may be left out.
pub(crate) struct MaybeJson<T>(pub(crate) T);

impl<T> FromRequest<App> for MaybeJson<T>
where
    T: DeserializeOwned + Validate<Context = ()> + Default,
{
    type Rejection = Problem;

    async fn from_request(request: Request, app: &App) -> Result<Self, Problem> {
        if request.headers().contains_key(CONTENT_TYPE) {
            return Json::from_request(request, app).await.map(|Json(body)| Self(body));
        }
        let bytes = read(request).await?;
        if bytes.is_empty() {
            return Ok(Self(T::default()));
        }
        Err(Problem::new(Code::UnsupportedContentType).detail("expected application/json"))
    }
}

fn is_json(request: &Request) -> bool {
    let value = request.headers().get(CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = value.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case("application/json")
}

async fn read(request: Request) -> Result<Vec<u8>, Problem> {
    let too_large =
        || Problem::new(Code::TooLarge).detail(format!("a JSON body has at most {MAX_JSON_BYTES} bytes"));
    let declared = request.headers().get(CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    let body = linger(request.into_body());
    if declared.is_some_and(|bytes: usize| bytes > MAX_JSON_BYTES) {
        return Err(too_large());
    }
    // The only other way to fail is a client that goes away, which reads no answer.
    to_bytes(body, MAX_JSON_BYTES).await.map(|bytes| bytes.to_vec()).map_err(|_| too_large())
}

fn parse<T: DeserializeOwned + Validate<Context = ()>>(bytes: &[u8]) -> Result<T, Problem> {
    let body: T = serde_json::from_slice(bytes).map_err(|error| match error.classify() {
        serde_json::error::Category::Data => Problem::fields(vec![data_problem(&error.to_string())]),
        _ => malformed(format!("the body is not JSON: {error}")),
    })?;
    body.validate().map_err(|report| {
        let wrong = report.iter().map(|(path, error)| {
            FieldProblem::new(&camel_case(&path.to_string()), "invalid", error.message())
        });
        Problem::fields(wrong.collect())
    })?;
    Ok(body)
}

/// The parser names the field in its message, in backticks.
fn data_problem(message: &str) -> FieldProblem {
    let code = if message.starts_with("unknown field") {
        "unknown"
    } else if message.starts_with("missing field") {
        "missing"
    } else {
        "invalid"
    };
    let named = message.split('`').nth(1).filter(|_| code != "invalid").unwrap_or_default();
    FieldProblem::new(named, code, message)
}

fn camel_case(path: &str) -> String {
    let mut upper = false;
    let mut text = String::with_capacity(path.len());
    for c in path.chars() {
        if c == '_' {
            upper = true;
        } else if std::mem::take(&mut upper) {
            text.extend(c.to_uppercase());
        } else {
            text.push(c);
        }
    }
    text
}

fn malformed(detail: impl Into<String>) -> Problem {
    Problem::new(Code::MalformedRequest).detail(detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_named_as_the_client_wrote_it() {
        assert_eq!(camel_case("first_name"), "firstName");
        assert_eq!(camel_case("models[2]"), "models[2]");
        let unknown = data_problem("unknown field `isAdmin`, expected one of `email` at line 1 column 2");
        assert_eq!((unknown.field.as_str(), unknown.code.as_str()), ("isAdmin", "unknown"));
        let missing = data_problem("missing field `email` at line 1 column 2");
        assert_eq!((missing.field.as_str(), missing.code.as_str()), ("email", "missing"));
    }
}
