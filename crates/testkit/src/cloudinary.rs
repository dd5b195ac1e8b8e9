//! A server that behaves as Cloudinary does, as far as the storage goes. It checks every signature with code of its
//! own, is strict about chunks, lists in an order of its own in small pages, and refuses on demand.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    missing_docs,
    reason = "what breaks the protocol shall end the test"
)]

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, Multipart, Path as UrlPath, Query, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use sha1::{Digest, Sha1};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// The name of its only cloud.
pub const CLOUD: &str = "demo";
/// A key that it takes.
pub const KEY: &str = "1234";
/// The secret of that key.
pub const SECRET: &str = "abcd";
/// Resources in one answer, whatever is asked for.
const PAGE: usize = 3;

/// A stored file.
#[derive(Debug, Clone)]
pub struct Asset {
    pub bytes: Vec<u8>,
    pub created_at: String,
}

/// What the server holds and what it is to do.
#[derive(Debug)]
pub struct Inside {
    /// What it takes for the time.
    now: fn() -> OffsetDateTime,
    /// By resource type and public id.
    pub assets: BTreeMap<(String, String), Asset>,
    /// Chunks of uploads that have not ended.
    uploads: HashMap<String, Vec<u8>>,
    /// Status of the next answers, the last one first.
    pub refusals: Vec<u16>,
    /// Method and path of every call.
    pub calls: Vec<String>,
}

type Shared = Arc<Mutex<Inside>>;

/// The server. It ends when dropped.
#[derive(Debug)]
pub struct StandIn {
    /// Where it is: `http://127.0.0.1:PORT`.
    pub url: String,
    pub inside: Shared,
    task: JoinHandle<()>,
}

impl StandIn {
    /// Starts it with a clock of the caller's, by which it judges the age of signatures.
    ///
    /// # Panics
    /// Where no port is free.
    pub async fn start(now: fn() -> OffsetDateTime) -> Self {
        let (assets, uploads, refusals, calls) = Default::default();
        let inside = Arc::new(Mutex::new(Inside { now, assets, uploads, refusals, calls }));
        let router = Router::new()
            .route("/v1_1/demo/{kind}/upload", post(upload))
            .route("/v1_1/demo/{kind}/destroy", post(destroy))
            .route("/v1_1/demo/ping", get(ping))
            .route("/v1_1/demo/resources/{kind}/authenticated", get(list))
            .route("/demo/{kind}/authenticated/{signature}/v1/{*id}", get(deliver))
            .layer(DefaultBodyLimit::disable())
            .layer(from_fn_with_state(Arc::clone(&inside), note))
            .with_state(Arc::clone(&inside));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, inside, task }
    }

    /// `HOST:PORT` of the server.
    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Writes down every call and refuses those that are to be refused.
async fn note(State(inside): State<Shared>, request: Request, next: Next) -> Response {
    let refusal = {
        let mut inside = inside.lock().unwrap();
        inside.calls.push(format!("{} {}", request.method(), request.uri().path()));
        inside.refusals.pop()
    };
    match refusal {
        Some(status) => refuse(status, "as told"),
        None => next.run(request).await,
    }
}

fn refuse(status: u16, message: &str) -> Response {
    (StatusCode::from_u16(status).unwrap(), Json(json!({"error": {"message": message}}))).into_response()
}

/// The fields of a form and the file in it, if what they say is signed and fresh.
async fn signed_form(
    now: OffsetDateTime,
    mut form: Multipart,
) -> Result<(BTreeMap<String, String>, Vec<u8>), Response> {
    let (mut fields, mut file) = (BTreeMap::new(), Vec::new());
    while let Some(mut field) = form.next_field().await.map_err(|_| refuse(400, "broken form"))? {
        let name = field.name().unwrap().to_owned();
        if name == "file" {
            assert_eq!(field.file_name(), Some("media"), "a name of a client's file went out");
            while let Some(bytes) = field.chunk().await.map_err(|_| refuse(400, "broken file"))? {
                file.extend(bytes);
            }
        } else {
            fields.insert(name, field.text().await.map_err(|_| refuse(400, "broken field"))?);
        }
    }
    let signature = fields.remove("signature").unwrap_or_default();
    let key = fields.remove("api_key").unwrap_or_default();
    let said: Vec<String> = fields.iter().map(|(name, value)| format!("{name}={value}")).collect();
    let expected: String = Sha1::digest(said.join("&") + SECRET)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .concat();
    if key != KEY || signature != expected {
        return Err(refuse(401, &format!("Invalid Signature {signature}")));
    }
    let age = now.unix_timestamp() - fields["timestamp"].parse::<i64>().unwrap();
    if !(0..3600).contains(&age) {
        return Err(refuse(400, "Stale request"));
    }
    assert_eq!(fields["type"], "authenticated", "a public file");
    Ok((fields, file))
}

async fn upload(
    State(inside): State<Shared>,
    UrlPath(kind): UrlPath<String>,
    headers: HeaderMap,
    form: Multipart,
) -> Response {
    let now = (inside.lock().unwrap().now)();
    let (fields, bytes) = match signed_form(now, form).await {
        Ok(form) => form,
        Err(refusal) => return refusal,
    };
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap().to_owned());
    let mut inside = inside.lock().unwrap();
    let whole = match (text("X-Unique-Upload-Id"), text("Content-Range")) {
        (Some(id), Some(range)) => match inside.add_chunk(&id, &range, bytes) {
            Ok(Some(whole)) => whole,
            Ok(None) => return Json(json!({"done": false, "kind": "upload"})).into_response(),
            Err(why) => return refuse(400, &why),
        },
        _ => bytes,
    };
    let public_id = fields["public_id"].clone();
    let answer =
        json!({"public_id": public_id, "bytes": whole.len(), "version": 1, "resource_type": kind, "new": 1});
    inside
        .assets
        .insert((kind, public_id), Asset { bytes: whole, created_at: now.format(&Rfc3339).unwrap() });
    Json(answer).into_response()
}

impl Inside {
    /// The whole file once its last chunk is there. A chunk that was half received may come again.
    fn add_chunk(&mut self, id: &str, range: &str, bytes: Vec<u8>) -> Result<Option<Vec<u8>>, String> {
        let (place, total) =
            range.strip_prefix("bytes ").ok_or("no range")?.split_once('/').ok_or("no total")?;
        let (first, last) = place.split_once('-').ok_or("no end")?;
        let [first, last, total] = [first, last, total].map(|number| number.parse::<usize>().unwrap());
        let so_far = self.uploads.entry(id.to_owned()).or_default();
        if so_far.len() != first || last + 1 - first != bytes.len() {
            return Err(format!("chunk {range} of {} bytes after {}", bytes.len(), so_far.len()));
        }
        if last + 1 < total && bytes.len() <= 5_000_000 {
            return Err("chunks must be larger than 5 MB".into());
        }
        so_far.extend(bytes);
        Ok(if last + 1 == total { self.uploads.remove(id) } else { None })
    }
}

async fn destroy(State(inside): State<Shared>, UrlPath(kind): UrlPath<String>, form: Multipart) -> Response {
    let now = (inside.lock().unwrap().now)();
    let (fields, _) = match signed_form(now, form).await {
        Ok(form) => form,
        Err(refusal) => return refusal,
    };
    let removed = inside.lock().unwrap().assets.remove(&(kind, fields["public_id"].clone()));
    Json(json!({"result": if removed.is_some() { "ok" } else { "not found" }})).into_response()
}

/// Whether the caller is the administrator: `1234:abcd` as base64.
fn is_administrator(headers: &HeaderMap) -> bool {
    headers.get(header::AUTHORIZATION).is_some_and(|value| value == "Basic MTIzNDphYmNk")
}

async fn ping(headers: HeaderMap) -> Response {
    if is_administrator(&headers) {
        Json(json!({"status": "ok"})).into_response()
    } else {
        refuse(401, "unknown api_key")
    }
}

/// In an order that is not that of the keys.
async fn list(
    State(inside): State<Shared>,
    UrlPath(kind): UrlPath<String>,
    Query(query): Query<HashMap<String, String>>,
    headers: HeaderMap,
) -> Response {
    if !is_administrator(&headers) {
        return refuse(401, "unknown api_key");
    }
    let inside = inside.lock().unwrap();
    let mut found: Vec<_> = inside
        .assets
        .iter()
        .filter(|((of, id), _)| *of == kind && id.starts_with(&query["prefix"]))
        .map(|((_, id), asset)| json!({"public_id": id, "created_at": asset.created_at, "type": "authenticated"}))
        .collect();
    found.reverse();
    let start = query.get("next_cursor").map_or(0, |cursor| cursor.parse().unwrap());
    let page: Vec<Value> = found.iter().skip(start).take(PAGE).cloned().collect();
    let mut answer = json!({"resources": page});
    if start + PAGE < found.len() {
        answer["next_cursor"] = json!((start + PAGE).to_string());
    }
    Json(answer).into_response()
}

async fn deliver(
    State(inside): State<Shared>,
    UrlPath((kind, signature, id)): UrlPath<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    if signature != format!("s--{}--", head_of_digest(&id)) {
        return (StatusCode::UNAUTHORIZED, [("x-cld-error", "Invalid signature in URL")]).into_response();
    }
    let Some(asset) = inside.lock().unwrap().assets.get(&(kind, id)).cloned() else {
        return (StatusCode::NOT_FOUND, [("x-cld-error", "Resource not found")]).into_response();
    };
    let total = asset.bytes.len();
    let Some(range) = headers.get(header::RANGE) else { return Body::from(asset.bytes).into_response() };
    let (first, last) = range.to_str().unwrap().strip_prefix("bytes=").unwrap().split_once('-').unwrap();
    let (first, last) =
        (first.parse::<usize>().unwrap(), last.parse().unwrap_or(total).min(total.max(1) - 1));
    if first > last || first >= total {
        return StatusCode::RANGE_NOT_SATISFIABLE.into_response();
    }
    let said = format!("bytes {first}-{last}/{total}");
    let bytes = asset.bytes[first..=last].to_vec();
    (StatusCode::PARTIAL_CONTENT, [(header::CONTENT_RANGE, said)], bytes).into_response()
}

/// The first eight characters of the URL-safe base64 of the digest, by the book: six bits at a time.
fn head_of_digest(id: &str) -> String {
    let bits: String = Sha1::digest(format!("{id}{SECRET}"))
        .iter()
        .map(|byte| format!("{byte:08b}"))
        .collect::<Vec<_>>()
        .concat();
    let letters: Vec<char> = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['-', '_']).collect();
    (0..8).map(|at| letters[usize::from_str_radix(&bits[at * 6..at * 6 + 6], 2).unwrap()]).collect()
}
