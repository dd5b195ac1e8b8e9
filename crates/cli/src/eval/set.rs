//! Which files are measured and what they are: a folder with `real/` and `fake/`, or a list with labels.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::anyhow;
use dk_app::StopToken;
use dk_domain::Sha256;

use super::csv;
use crate::analyze::inputs::Inputs;
use crate::config::Config;
use crate::failure::Failure;

/// The file in a folder that is taken for its list.
const LIST: &str = "manifest.csv";
const REAL: &str = "real";
const FAKE: &str = "fake";

/// A file and what is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Labelled {
    /// Where it can be read.
    pub path: PathBuf,
    /// Its place in the set.
    pub name: String,
    /// Whether it was made or altered by AI.
    pub synthetic: bool,
    /// Where it comes from.
    pub source: String,
    /// What made it.
    pub generator: String,
    /// Files with the same word here are no independent witnesses; `None` for a file that stands alone.
    pub group: Option<String>,
    /// What the list says its checksum is.
    pub sha256: Option<Sha256>,
    /// Why nothing can come of it.
    pub unreadable: Option<String>,
}

/// Labelled files, in order.
#[derive(Debug)]
pub(crate) struct Set {
    /// The last part of the folder's or list's path.
    pub name: String,
    pub files: Vec<Labelled>,
}

impl Set {
    /// Finds the files; does not open them.
    pub(crate) fn find(path: &Path, config: &Config, stop: &StopToken) -> Result<Self, Failure> {
        let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
        let is_set = path.join(REAL).is_dir() || path.join(FAKE).is_dir();
        let files = if path.is_file() {
            from_list(path)?
        } else if path.is_dir() && !is_set && path.join(LIST).is_file() {
            from_list(&path.join(LIST))?
        } else if is_set {
            from_folder(path, config, stop)?
        } else {
            let error = anyhow!("{} is neither a list nor a folder with {REAL}/ and {FAKE}/", path.display());
            return Err(Failure::wrong_use(error, how()));
        };
        check(&files, path)?;
        Ok(Self { name, files })
    }
}

fn how() -> String {
    format!(
        "put real files into DIR/{REAL}/SOURCE and those made by AI into DIR/{FAKE}/GENERATOR, or name a CSV file \
         with the columns path,label,source,generator,group"
    )
}

/// Nothing can be said of files of one class alone.
fn check(files: &[Labelled], path: &Path) -> Result<(), Failure> {
    let synthetic = files.iter().filter(|file| file.synthetic).count();
    let problem = match (files.len() - synthetic, synthetic) {
        (0, 0) => "there is no file in it".to_owned(),
        (0, n) => format!("all {n} files are labelled as made by AI, and errors need real ones too"),
        (n, 0) => format!("all {n} files are labelled as real, and errors need files made by AI too"),
        _ => return Ok(()),
    };
    Err(Failure::wrong_use(anyhow!("{} cannot be measured: {problem}", path.display()), how()))
}

/// The first folder below the class is the source and the generator; a second one is the generator.
fn from_folder(folder: &Path, config: &Config, stop: &StopToken) -> Result<Vec<Labelled>, Failure> {
    let mut files = Vec::new();
    for class in [REAL, FAKE] {
        let below = folder.join(class);
        if !below.is_dir() {
            continue;
        }
        let inputs =
            Inputs::gather(std::slice::from_ref(&below), true, &config.home, config.max_bytes, stop)?;
        for input in &inputs.list {
            let inside = input.path.strip_prefix(&below).unwrap_or(&input.path);
            let folders: Vec<String> = inside
                .parent()
                .into_iter()
                .flat_map(Path::components)
                .map(|part| part.as_os_str().to_string_lossy().into_owned())
                .collect();
            let source = folders.first().cloned().unwrap_or_else(|| class.to_owned());
            let generator = folders.get(1).cloned().unwrap_or_else(|| source.clone());
            files.push(Labelled {
                path: input.path.clone(),
                name: format!("{class}/{}", inside.to_string_lossy()),
                synthetic: class == FAKE,
                source,
                generator: if class == FAKE { generator } else { String::new() },
                group: None,
                sha256: None,
                unreadable: input.unreadable.clone(),
            });
        }
    }
    Ok(files)
}

fn from_list(path: &Path) -> Result<Vec<Labelled>, Failure> {
    let wrong =
        |why: String| Failure::wrong_use(anyhow!("cannot understand {}: {why}", path.display()), how());
    let text = fs::read_to_string(path).map_err(|error| wrong(error.to_string()))?;
    let records = csv::records(text.trim_start_matches('\u{feff}'));
    let records =
        records.map_err(|line| wrong(format!("the quote that begins in line {line} has no end")))?;
    let Some((head, rows)) = records.split_first() else {
        return Err(wrong("it is empty".to_owned()));
    };
    let column = |name: &str| head.fields.iter().position(|field| field.trim().eq_ignore_ascii_case(name));
    let needed =
        |name: &str| column(name).ok_or_else(|| wrong(format!("its first line has no column {name:?}")));
    let (path_at, label_at) = (needed("path")?, needed("label")?);
    let (source_at, generator_at, group_at) = (column("source"), column("generator"), column("group"));
    let sum_at = column("sha256");
    let folder = path.parent().unwrap_or(Path::new("."));
    let mut files = Vec::with_capacity(rows.len());
    for row in rows {
        let field = |at: Option<usize>| at.and_then(|at| row.fields.get(at)).map_or("", |field| field.trim());
        let (name, label) = (field(Some(path_at)), field(Some(label_at)));
        if name.is_empty() {
            return Err(wrong(format!("line {} has no path", row.line)));
        }
        let synthetic = label_of(label).ok_or_else(|| {
            wrong(format!("line {} has the label {label:?}; allowed are real and fake", row.line))
        })?;
        let sha256 = match field(sum_at) {
            "" => None,
            sum => Some(sum.parse().map_err(|error| wrong(format!("line {}: {error}", row.line)))?),
        };
        let or_unknown = |word: &str| if word.is_empty() { "unknown".to_owned() } else { word.to_owned() };
        files.push(Labelled {
            path: folder.join(name),
            name: name.to_owned(),
            synthetic,
            source: or_unknown(field(source_at)),
            generator: if synthetic { or_unknown(field(generator_at)) } else { String::new() },
            group: Some(field(group_at)).filter(|group| !group.is_empty()).map(str::to_owned),
            sha256,
            unreadable: None,
        });
    }
    Ok(files)
}

fn label_of(word: &str) -> Option<bool> {
    match word.to_ascii_lowercase().as_str() {
        "real" | "0" | "false" | "human" => Some(false),
        "fake" | "1" | "true" | "synthetic" | "ai" => Some(true),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> Result<Vec<Labelled>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.csv");
        fs::write(&path, text).unwrap();
        from_list(&path).map_err(|failure| failure.told().0)
    }

    #[test]
    fn a_list_gives_labels_sources_generators_and_groups_whatever_the_order_of_its_columns() {
        let files =
            list("label,Path,group,source,generator,licence\n1,a/x.png,ann,web,sd,MIT\nreal,b.png,,,,\n")
                .unwrap();
        let short: Vec<_> = files
            .iter()
            .map(|f| {
                (f.name.as_str(), f.synthetic, f.source.as_str(), f.generator.as_str(), f.group.as_deref())
            })
            .collect();
        assert_eq!(
            short,
            [("a/x.png", true, "web", "sd", Some("ann")), ("b.png", false, "unknown", "", None)]
        );
    }

    #[test]
    fn what_is_wrong_with_a_list_is_named_with_its_line() {
        for (text, words) in [
            ("", "it is empty"),
            ("path,source\na,b\n", "no column \"label\""),
            ("path,label\na.png,maybe\n", "line 2 has the label \"maybe\""),
            ("path,label\na.png,real\n,fake\n", "line 3 has no path"),
            ("path,label,sha256\na.png,real,12\n", "line 2"),
        ] {
            let told = list(text).unwrap_err();
            assert!(told.contains(words), "{told}");
        }
    }

    #[test]
    fn files_of_one_class_are_refused() {
        let real = list("path,label\na.png,real\nb.png,real\n").unwrap();
        let told = check(&real, Path::new("x")).unwrap_err().told().0;
        assert!(told.contains("all 2 files are labelled as real"), "{told}");
        assert!(check(&[], Path::new("x")).is_err());
    }
}
