//! Writes what was measured: as JSON, as one page, and as Markdown for documents.

use std::io;
use std::path::{Path, PathBuf};

use dk_wire::QualityDocument;

use super::kept::write_whole;
use crate::failure::Failure;

pub(super) fn cannot(path: &Path, error: io::Error) -> Failure {
    let error = anyhow::Error::new(error).context(format!("cannot write {}", path.display()));
    Failure::not_done(error, "name another folder with --out, or check its space and rights")
}

/// Returns the path of the page.
pub(super) fn all(folder: &Path, document: &QualityDocument) -> Result<PathBuf, Failure> {
    let json =
        serde_json::to_string_pretty(document).map_err(|error| cannot(folder, io::Error::other(error)))?;
    let page = folder.join("quality.html");
    let files = [
        (folder.join("quality.json"), json + "\n"),
        (folder.join("quality.md"), dk_report::quality::markdown(document)),
        (page.clone(), dk_report::quality::html(document)),
    ];
    for (path, text) in files {
        let part = path.with_extension(format!("{}.part", std::process::id()));
        write_whole(&part, &path, text.as_bytes()).map_err(|error| cannot(&path, error))?;
    }
    Ok(page)
}
