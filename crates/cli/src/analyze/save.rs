//! Writes the JSON document and the HTML report of one file into a folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use dk_app::{ModelCard, Report};
use dk_report::Original;
use dk_wire::FileDocument;

use super::outcome::json;
use crate::failure::Failure;

/// The file that a report is about.
pub(crate) struct Subject<'a> {
    /// Its name, with or without the folder.
    pub(crate) path: &'a Path,
    /// Its bytes, for the page, where they fit.
    pub(crate) original: Option<Vec<u8>>,
}

/// Makes the folder.
pub(crate) fn prepare(folder: &Path) -> Result<(), Failure> {
    fs::create_dir_all(folder).map_err(|error| cannot(folder, error))
}

fn cannot(path: &Path, error: io::Error) -> Failure {
    let error = anyhow::Error::new(error).context(format!("cannot write {}", path.display()));
    Failure::not_done(error, "name another folder with --out, or check its space and rights")
}

/// Writes both files and returns the path of the report. The names come from the file's own name and its
/// checksum, so that two files of one name do not overwrite each other.
pub(crate) fn report(
    folder: &Path,
    subject: &Subject<'_>,
    document: &FileDocument,
    report: &Report,
    cards: &[ModelCard],
) -> Result<PathBuf, Failure> {
    let checksum = report.facts.sha256.to_string();
    let stem = format!("{}-{}", plain_name(subject.path), checksum.get(..12).unwrap_or_default());
    let json_path = folder.join(format!("{stem}.json"));
    fs::write(&json_path, json(document) + "\n").map_err(|error| cannot(&json_path, error))?;
    let original = subject.original.as_deref().and_then(|bytes| Original::new(&report.facts, bytes));
    // A report is passed on, and the folders of the one who made it are nobody else's business.
    let shown = subject.path.file_name().unwrap_or(subject.path.as_os_str()).to_string_lossy();
    let html_path = folder.join(format!("{stem}.html"));
    let page = dk_report::html(&shown, report, cards, original);
    fs::write(&html_path, page).map_err(|error| cannot(&html_path, error))?;
    Ok(html_path)
}

/// Letters, digits, hyphens and dots of the file's name.
fn plain_name(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let plain: String = stem
        .chars()
        .map(|c| if c.is_alphanumeric() || matches!(c, '-' | '_') { c } else { '-' })
        .take(60)
        .collect();
    if plain.trim_matches('-').is_empty() { "file".to_owned() } else { plain }
}

#[cfg(test)]
mod tests {
    use super::plain_name;
    use std::path::Path;

    #[test]
    fn a_report_is_never_written_outside_its_folder() {
        assert_eq!(plain_name(Path::new("/x/..")), "file");
        assert_eq!(plain_name(Path::new("a/<b>\n..jpg.png")), "-b----jpg");
        assert_eq!(plain_name(Path::new("/etc/größe-1.mp4")), "größe-1");
    }
}
