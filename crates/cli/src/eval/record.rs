//! Writes what was measured into packages of the data folder. Bundled packages stay as they are.

use std::fs;
use std::path::{Path, PathBuf};

use dk_wire::{JudgeMessage, KindQuality, QualityDocument, Subject};

use super::kept::write_whole;
use super::write::cannot;
use crate::failure::Failure;
use crate::style::complain;

/// The line of a manifest that is written.
const KEY: &str = "quality = ";

/// One sentence into each manifest below `models` whose model was measured.
pub(super) fn all(models: &Path, document: &QualityDocument) -> Result<(), Failure> {
    let mut recorded = 0;
    for judge in &document.models {
        let path = models.join(&judge.name).join(&judge.version).join("model.toml");
        if let (Some(sentence), true) = (sentence(document, judge), path.is_file()) {
            replace(&path, &sentence)?;
            complain(&format!("recorded: {} {}: {sentence}", judge.name, judge.version));
            recorded += 1;
        }
    }
    if recorded == 0 {
        complain("recorded: nothing, since none of these models is a package of the data folder");
    }
    Ok(())
}

/// With n and intervals; `None` where nothing could be measured.
fn sentence(document: &QualityDocument, judge: &JudgeMessage) -> Option<String> {
    let of = |kind: &KindQuality| {
        let subject: &Subject = kind.subjects.iter().find(|subject| subject.name == judge.name)?;
        let m = subject.measured.as_ref()?;
        let (auc, eer) = (m.auc, m.equal_error_rate);
        Some(format!(
            "{}: AUC {:.2} ({:.2} to {:.2}), EER {:.2} ({:.2} to {:.2}) on {} real and {} synthetic files",
            kind.kind, auc.value, auc.low, auc.high, eer.value, eer.low, eer.high, m.real, m.synthetic
        ))
    };
    let parts: Vec<String> = document.kinds.iter().filter_map(of).collect();
    let set = plain(&document.set);
    (!parts.is_empty()).then(|| format!("Measured on the set {set}: {}.", parts.join("; ")))
}

/// The name of a folder, fit for a line of TOML.
fn plain(name: &str) -> String {
    name.chars().map(|c| if c.is_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' }).collect()
}

fn replace(path: &Path, sentence: &str) -> Result<(), Failure> {
    let text = fs::read_to_string(path).map_err(|error| cannot(path, error))?;
    let lines = text
        .lines()
        .map(|line| if line.starts_with(KEY) { format!("{KEY}\"{sentence}\"") } else { line.to_owned() });
    let text = lines.collect::<Vec<_>>().join("\n") + "\n";
    let part: PathBuf = path.with_extension(format!("{}.part", std::process::id()));
    write_whole(&part, path, text.as_bytes()).map_err(|error| cannot(path, error))
}
