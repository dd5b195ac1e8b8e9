//! A page that people can read, made from the OpenAPI document: one file, no script, nothing from elsewhere.

use std::fmt::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::problem::Code;

const STYLE: &str = "\
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}\
h1,h2{line-height:1.2}section{border-top:1px solid #bbb;padding:.5rem 0}\
code{font:14px ui-monospace,monospace}.method{font-weight:700;display:inline-block;min-width:4.5rem}\
table{border-collapse:collapse}td,th{text-align:left;vertical-align:top;padding:.15rem 1rem .15rem 0}\
@media(prefers-color-scheme:dark){body{color:#eee;background:#161616}section{border-color:#555}a{color:#9cf}}";

/// The page and the policy under which a browser shows it.
pub(crate) struct Page {
    /// HTML.
    pub(crate) html: String,
    /// Content-Security-Policy.
    pub(crate) policy: String,
}

/// Makes the page.
pub(crate) fn page(document: &str) -> Page {
    let document: Value = serde_json::from_str(document).unwrap_or_default();
    let mut html = String::from("<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">");
    html.push_str("<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">");
    html.push_str("<title>Drishtiksha API</title><style>");
    html.push_str(STYLE);
    html.push_str("</style></head><body><h1>Drishtiksha API</h1>");
    html.push_str("<p>For programs: <a href=\"/api/openapi.json\">the OpenAPI document</a>.</p>");
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            operation_section(&mut html, method, path, operation);
        }
    }
    problem_section(&mut html);
    html.push_str("</body></html>");
    let hash = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    );
    Page { html, policy }
}

fn operation_section(html: &mut String, method: &str, path: &str, operation: &Value) {
    let text = |value: &Value| escape(value.as_str().unwrap_or_default());
    let (method, path) = (escape(&method.to_uppercase()), escape(path));
    let summary = text(&operation["summary"]);
    // Writing into a string cannot fail.
    let _ = write!(
        html,
        "<section><h2><span class=\"method\">{method}</span> <code>{path}</code></h2><p>{summary}</p>"
    );
    let parameters = operation["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !parameters.is_empty() {
        html.push_str("<table><tr><th>Parameter</th><th>In</th><th>Meaning</th></tr>");
        for parameter in parameters {
            let (name, place) = (text(&parameter["name"]), text(&parameter["in"]));
            let meaning = text(&parameter["description"]);
            let _ = write!(html, "<tr><td><code>{name}</code></td><td>{place}</td><td>{meaning}</td></tr>");
        }
        html.push_str("</table>");
    }
    for (kind, content) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
        let _ =
            write!(html, "<p>Body: <code>{}</code> {}</p>", escape(kind), schema_name(&content["schema"]));
    }
    html.push_str("<table><tr><th>Answer</th><th>When</th><th>Body</th></tr>");
    for (status, response) in operation["responses"].as_object().into_iter().flatten() {
        let bodies = response["content"].as_object().into_iter().flatten();
        let bodies: Vec<String> = bodies.map(|(_, content)| schema_name(&content["schema"])).collect();
        let (status, when) = (escape(status), text(&response["description"]));
        let _ = write!(html, "<tr><td>{status}</td><td>{when}</td><td>{}</td></tr>", bodies.join(" "));
    }
    html.push_str("</table></section>");
}

fn schema_name(schema: &Value) -> String {
    let name = schema["$ref"].as_str().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    escape(name)
}

fn problem_section(html: &mut String) {
    html.push_str(
        "<section><h2>Problems</h2><p>Every refusal is an RFC 9457 problem with one of these codes.</p>",
    );
    html.push_str("<table><tr><th>Code</th><th>Status</th><th>Meaning</th></tr>");
    for code in Code::PLAIN.iter().copied().chain(Code::media()) {
        let (word, status, title) = (code.as_str(), code.status().as_u16(), escape(code.title()));
        let _ = write!(
            html,
            "<tr id=\"{word}\"><td><code>{word}</code></td><td>{status}</td><td>{title}</td></tr>"
        );
    }
    html.push_str("</table></section>");
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
