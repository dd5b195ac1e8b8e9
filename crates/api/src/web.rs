//! The web app and the documents: files that are built from `web/` and `docs/` and are inside the binary. A build for
//! development reads them from `web/dist` instead. Knows nothing of what the app does.

use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use rust_embed::{EmbeddedFile, RustEmbed};

use crate::problem::{Code, Problem};

#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Dist;

/// Everything comes from here; pictures and media may also be made by the app itself.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; \
     connect-src 'self'; font-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
);

const INDEX: &str = "index.html";
/// The folder of the documents, which is a site of plain pages.
const DOCS: &str = "docs";
const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Drishtiksha</title>\
    <h1>Drishtiksha</h1><p>The service runs. The web app is not in this build: <code>make web</code> builds it, and \
    <code>make run</code> does so by itself.</p><p><a href=\"/api/docs\">The interface for programs</a></p></html>";

/// Answers what no route is for: a file of the app, its page for a path that the app knows, or a problem.
pub(crate) async fn serve(request: Request) -> Response {
    respond(Dist::get, &request)
}

/// Where files come from; the tests bring their own.
type Find = fn(&str) -> Option<EmbeddedFile>;

fn respond(find: Find, request: &Request) -> Response {
    let not_found = || Problem::new(Code::NotFound).into_response();
    if ![Method::GET, Method::HEAD].contains(request.method()) {
        return not_found();
    }
    let name = request.uri().path().trim_start_matches('/');
    // What the build leaves for other programs is for no browser.
    let is_hidden = name.split('/').any(|part| part.starts_with('.'));
    if !name.is_empty() && !is_hidden && find(name).is_some() {
        return file(find, name, request.headers());
    }
    if let Some(response) = document(find, name, request.headers()) {
        return response;
    }
    if !is_page(name, request.headers()) {
        return not_found();
    }
    if find(INDEX).is_some() {
        return file(find, INDEX, request.headers());
    }
    let kind = HeaderValue::from_static("text/html; charset=utf-8");
    ([(header::CONTENT_TYPE, kind)], NOT_BUILT).into_response()
}

/// The first page of a folder of documents; `None` for what is no such folder. Links within are relative, so that a folder is
/// shown at an address that ends as one.
fn document(find: Find, name: &str, headers: &HeaderMap) -> Option<Response> {
    let folder = name.strip_suffix('/').unwrap_or(name);
    if folder.split('/').next() != Some(DOCS) {
        return None;
    }
    let index = format!("{folder}/{INDEX}");
    if find(&index).is_none() {
        return Some(Problem::new(Code::NotFound).into_response());
    }
    if name == folder {
        let last = folder.rsplit('/').next().unwrap_or_default();
        return Some(Redirect::permanent(&format!("{last}/")).into_response());
    }
    Some(file(find, &index, headers))
}

/// Whether the app itself would show something at this path. A missing asset is missing, and a program that does not
/// ask for a page gets none.
fn is_page(name: &str, headers: &HeaderMap) -> bool {
    let accepts = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let wants_page = accepts.into_iter().any(|accept| accept.contains("text/html"));
    let is_service = ["api", "socket.io", "assets"].contains(&name.split('/').next().unwrap_or_default());
    name.is_empty() || (wants_page && !is_service)
}

fn file(find: Find, name: &str, headers: &HeaderMap) -> Response {
    let packed = [("br", ".br"), ("gzip", ".gz")].into_iter().find_map(|(coding, end)| {
        let packed = takes(headers, coding).then(|| find(&format!("{name}{end}")))??;
        Some((Some(coding), packed))
    });
    let Some((coding, found)) = packed.or_else(|| Some((None, find(name)?))) else {
        return Problem::new(Code::NotFound).into_response();
    };
    let tag = tag(&found);
    let known = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let is_known = known.flat_map(|line| line.split(',')).any(|one| {
        let one = one.trim();
        one == "*" || one.trim_start_matches("W/") == tag
    });
    let mut response =
        if is_known { StatusCode::NOT_MODIFIED.into_response() } else { found.data.into_response() };
    let answer = response.headers_mut();
    // Names of assets carry a hash of what is in them.
    let cache = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    answer.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    answer.insert(header::CONTENT_SECURITY_POLICY, POLICY);
    answer.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind(name)));
    answer.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        answer.insert(header::ETAG, tag);
    }
    if let (Some(coding), false) = (coding, is_known) {
        answer.insert(header::CONTENT_ENCODING, HeaderValue::from_static(coding));
    }
    response
}

fn takes(headers: &HeaderMap, coding: &str) -> bool {
    let lines = headers.get_all(header::ACCEPT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|choice| {
        let (name, weight) = choice.split_once(';').unwrap_or((choice, ""));
        let weight = weight.trim().trim_start_matches("q=").parse::<f32>();
        name.trim().eq_ignore_ascii_case(coding) && weight.map_or(true, |weight| weight > 0.0)
    })
}

/// Each variant of a file has its own, because it has its own bytes.
fn tag(file: &EmbeddedFile) -> String {
    let hash = u128::from_be_bytes(*file.metadata.sha256_hash().first_chunk().unwrap_or(&[0; 16]));
    format!("\"{hash:032x}\"")
}

fn kind(name: &str) -> &'static str {
    match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ico") => "image/x-icon",
        Some("json") => "application/json",
        Some("txt") => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use axum::body::{Body, to_bytes};
    use rust_embed::Metadata;

    use super::*;

    fn built(name: &str) -> Option<EmbeddedFile> {
        let bytes: &[u8] = match name {
            "index.html" => b"<p>the app</p>",
            "assets/app-1.js" => b"run()",
            "assets/app-1.js.br" => b"br",
            "assets/app-1.js.gz" => b"gz",
            ".vite/manifest.json" => b"{}",
            "favicon.ico" => b"\0\0\x01",
            "docs/index.html" => b"the first page",
            "docs/decisions/index.html" => b"all decisions",
            _ => return None,
        };
        let mut hash = [0; 32];
        hash[..2].copy_from_slice(&bytes[..2]);
        let metadata = Metadata::__rust_embed_new(hash, None, None);
        Some(EmbeddedFile { data: Cow::Borrowed(bytes), metadata })
    }

    fn not_built(_: &str) -> Option<EmbeddedFile> {
        None
    }

    fn get(find: Find, path: &str, headers: &[(&str, &str)]) -> Response {
        let request =
            headers.iter().fold(Request::get(path), |request, (name, value)| request.header(*name, *value));
        respond(find, &request.body(Body::empty()).unwrap())
    }

    async fn body(response: Response) -> Vec<u8> {
        to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()
    }

    const PAGE: (&str, &str) = ("accept", "text/html,*/*;q=0.8");

    #[tokio::test]
    async fn paths_of_the_app_are_its_page_and_other_paths_are_not() {
        for path in ["/", "/media/1", "/help/limits"] {
            let response = get(built, path, &[PAGE]);
            assert_eq!(response.headers()["cache-control"], "no-cache");
            assert_eq!(response.headers()["content-security-policy"], POLICY);
            assert_eq!(body(response).await, b"<p>the app</p>", "{path}");
        }
        for path in ["/assets/gone.js", "/api", "/socket.io/x", "/assets/../index.html"] {
            assert_eq!(get(built, path, &[PAGE]).status(), 404, "{path}");
        }
        // Programs do not ask for pages.
        assert_eq!(get(built, "/media/1", &[]).status(), 404);
        assert_eq!(get(built, "/.vite/manifest.json", &[]).status(), 404);
        let post = Request::post("/").body(Body::empty()).unwrap();
        assert_eq!(respond(built, &post).status(), 404);
    }

    #[tokio::test]
    async fn the_icon_is_there_for_whoever_asks_without_having_been_told_where() {
        let response = get(built, "/favicon.ico", &[("accept", "image/*")]);
        assert_eq!(response.status().as_u16(), 200);
        assert_eq!(response.headers()["content-type"], "image/x-icon");
    }

    #[tokio::test]
    async fn documents_are_pages_of_their_own_and_a_folder_shows_its_first_one() {
        for (path, text) in [("/docs/", "the first page"), ("/docs/decisions/", "all decisions")] {
            let response = get(built, path, &[PAGE]);
            assert_eq!(response.headers()["content-security-policy"], POLICY);
            assert_eq!(response.headers()["content-type"], "text/html; charset=utf-8");
            assert_eq!(body(response).await, text.as_bytes(), "{path}");
        }
        for (path, to) in [("/docs", "docs/"), ("/docs/decisions", "decisions/")] {
            let response = get(built, path, &[PAGE]);
            assert_eq!(
                (response.status().as_u16(), &response.headers()["location"]),
                (308, &HeaderValue::from_static(to))
            );
        }
        assert_eq!(get(built, "/docs/gone.html", &[PAGE]).status(), 404);
        assert_eq!(get(not_built, "/docs/", &[PAGE]).status(), 404);
    }

    #[tokio::test]
    async fn a_file_goes_out_in_the_smallest_coding_that_the_browser_takes() {
        for (accepted, coding, bytes) in [
            ("gzip, deflate, br", Some("br"), b"br".as_slice()),
            ("gzip;q=0.5, br;q=0", Some("gzip"), b"gz"),
            ("identity", None, b"run()"),
        ] {
            let response = get(built, "/assets/app-1.js", &[("accept-encoding", accepted)]);
            let headers = response.headers().clone();
            assert_eq!(headers.get("content-encoding").map(|value| value.to_str().unwrap()), coding);
            assert_eq!(headers["cache-control"], "public, max-age=31536000, immutable");
            assert_eq!(headers["vary"], "accept-encoding");
            assert_eq!(headers["content-type"], "text/javascript; charset=utf-8");
            assert_eq!(body(response).await, bytes);
        }
    }

    #[tokio::test]
    async fn a_file_that_the_browser_has_is_not_sent_again() {
        let tag = get(built, "/", &[]).headers()["etag"].clone();
        let tag = tag.to_str().unwrap();
        assert!(tag.starts_with('"'), "the tag is strong: {tag}");
        let other = get(built, "/assets/app-1.js", &[("accept-encoding", "br")]).headers()["etag"].clone();
        assert_ne!(other, tag);
        for known in [tag.to_owned(), format!("\"x\", W/{tag}"), "*".to_owned()] {
            let response = get(built, "/", &[("if-none-match", &known)]);
            assert_eq!(response.status(), 304);
            assert_eq!(response.headers()["etag"], tag);
            assert!(body(response).await.is_empty());
        }
        assert_eq!(get(built, "/", &[("if-none-match", "\"old\"")]).status(), 200);
    }

    #[tokio::test]
    async fn a_build_without_the_app_says_how_to_build_it() {
        let response = get(not_built, "/", &[]);
        assert_eq!(response.status(), 200);
        assert!(String::from_utf8(body(response).await).unwrap().contains("make web"));
    }
}
