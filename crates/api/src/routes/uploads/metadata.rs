//! What is said of a file before its bytes come: `Upload-Metadata`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dk_app::service::Announcement;

use crate::problem::Problem;
use crate::routes::said::{Said, harmless};

/// Most bytes of the header, which the server's own limit on heads bounds too.
const MAX_BYTES: usize = 16 * 1024;

/// Reads pairs of a word and a text in Base64. Words that mean nothing here are not looked at: clients send their own.
pub(super) fn announcement(header: Option<&str>, length_bytes: u64) -> Result<Announcement, Problem> {
    let header = header.unwrap_or_default();
    if header.len() > MAX_BYTES {
        return Err(wrong("", format!("at most {MAX_BYTES} bytes")));
    }
    let (mut said, mut filename) = (Said::default(), None);
    for pair in header.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
        let (word, value) = pair.split_once(' ').unwrap_or((pair, ""));
        match word {
            "filename" if filename.is_some() => return Err(wrong(word, "it may come once")),
            "filename" => filename = Some(harmless(&decoded(word, value)?)),
            "description" | "priority" | "models" => said.add(word, &decoded(word, value)?)?,
            _ => {}
        }
    }
    Ok(Announcement {
        filename: filename.unwrap_or_else(|| harmless("")),
        description: said.description(),
        urgency: said.urgency(),
        models: said.models,
        length_bytes,
    })
}

fn decoded(word: &str, value: &str) -> Result<String, Problem> {
    let bytes = STANDARD.decode(value.trim()).map_err(|_| wrong(word, "expected Base64"))?;
    String::from_utf8(bytes).map_err(|_| wrong(word, "expected UTF-8 text"))
}

fn wrong(word: &str, message: impl Into<String>) -> Problem {
    let field = if word.is_empty() { "Upload-Metadata" } else { word };
    Problem::field(field, "invalid", message)
}
