//! Finds packages in folders and inside the program, checks each, and keeps the reason of every refusal.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use dk_app::Unready;
use dk_domain::{ModelName, Weight};
use serde::Deserialize;
use sha2::{Digest, Sha256 as Hasher};

use super::golden::{Golden, GoldenCase, GoldenError};
use super::manifest::{HeadFile, Manifest, ManifestError, Pipeline};
use super::store::{Store, open_regular};
use crate::engine::Weights;

/// Largest manifest, card, golden or head file that is read.
const MAX_TEXT_BYTES: u64 = 1 << 20;

/// Where packages are.
#[derive(Debug, Clone)]
pub enum Root {
    /// A folder with `<name>/<version>/model.toml`.
    Folder(PathBuf),
    /// Inside the program: paths of the same form, and the bytes.
    Bundled(Vec<(String, &'static [u8])>),
}

/// A package that is in order, though its weights may not be there yet.
#[derive(Debug, Clone)]
pub struct Package {
    /// What it says of itself.
    pub manifest: Manifest,
    /// The card, in Markdown.
    pub card: String,
    /// Inputs with their answers.
    pub golden: Golden,
    /// The linear head, where there is one.
    pub head: Option<Head>,
    /// Weights whose checksum was found right, or why they are not there.
    pub weights: Result<Weights, Unready>,
    /// Its files without the weights and golden inputs, by name, as they stand.
    pub texts: Vec<(String, String)>,
    /// Its folder; `None` inside the program.
    pub folder: Option<PathBuf>,
}

impl Package {
    /// A golden input: in the package's own folder where it is there, else below `base`.
    pub(crate) fn golden_input(&self, case: &GoldenCase, base: &Path) -> PathBuf {
        let own = self.folder.as_ref().map(|folder| folder.join(&case.input));
        own.filter(|path| path.is_file()).unwrap_or_else(|| base.join(&case.input))
    }

    /// The golden inputs that lie beside the manifest: their names and where they are.
    pub(crate) fn own_inputs(&self) -> impl Iterator<Item = (&str, PathBuf)> {
        let folder = self.folder.as_deref().into_iter();
        folder.flat_map(|folder| {
            let names = self.golden.cases.iter().map(|case| case.input.as_str());
            let plain = names.filter(|name| !name.contains('/'));
            plain.map(|name| (name, folder.join(name))).filter(|(_, path)| path.is_file())
        })
    }
}

/// A linear head: `score = weights · v + bias`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// One weight per value of the net's answer.
    pub weights: Vec<f32>,
    /// Added at the end.
    pub bias: f32,
}

/// One package folder, usable or not.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Where it was found: `<name>/<version>` under its root.
    pub place: String,
    /// The package, or why it is refused.
    pub package: Result<Package, Refusal>,
}

/// Why a package is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The manifest is wrong.
    #[error(transparent)]
    Manifest(#[from] ManifestError),
    /// The golden file is wrong.
    #[error(transparent)]
    Golden(#[from] GoldenError),
    /// A file that every package has is missing or unreadable.
    #[error("cannot read {file}: {why}")]
    File {
        /// Which file.
        file: String,
        /// Why.
        why: String,
    },
    /// Folder names and manifest disagree.
    #[error("the folder is {folder}, and model.toml says {manifest}")]
    Place {
        /// Name of the folder.
        folder: String,
        /// What the manifest says.
        manifest: String,
    },
    /// A file is not the one that the manifest means.
    #[error("{file} has the SHA-256 {found}, and model.toml says {expected}")]
    Checksum {
        /// Which file.
        file: String,
        /// What it is.
        found: String,
        /// What it should be.
        expected: String,
    },
    /// The head file cannot be used.
    #[error("{file} is no linear head: {why}")]
    Head {
        /// Which file.
        file: String,
        /// Why.
        why: String,
    },
}

/// All packages of this process.
#[derive(Debug, Clone, Default)]
pub struct Registry {
    entries: Vec<Entry>,
}

impl Registry {
    /// Scans the roots. Of two packages of one name the higher version stays; of one version, the one
    /// from the earlier root. Refused packages are all kept, with their reasons.
    pub fn scan(roots: &[Root], store: &Store) -> Self {
        let mut best: BTreeMap<ModelName, Entry> = BTreeMap::new();
        let mut refused = Vec::new();
        for entry in roots.iter().flat_map(|root| scan_root(root, store)) {
            let Ok(package) = &entry.package else {
                refused.push(entry);
                continue;
            };
            let name = package.manifest.name.clone();
            let newer = match best.get(&name).map(|other| &other.package) {
                Some(Ok(other)) => version_key(&package.manifest) > version_key(&other.manifest),
                _ => true,
            };
            if newer {
                best.insert(name, entry);
            }
        }
        Self { entries: best.into_values().chain(refused).collect() }
    }

    /// Forgets detectors that are not named; helpers stay, because they judge nothing themselves.
    pub(crate) fn offer_only(&mut self, names: &[ModelName]) {
        self.entries.retain(|entry| {
            let Ok(package) = &entry.package else { return true };
            !package.manifest.is_detector() || names.contains(&package.manifest.name)
        });
    }

    /// Every entry: good ones by name, then refused ones.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The packages that are in order, by name.
    pub fn packages(&self) -> impl Iterator<Item = &Package> {
        self.entries.iter().filter_map(|entry| entry.package.as_ref().ok())
    }

    /// One package by name.
    pub fn get(&self, name: &ModelName) -> Option<&Package> {
        self.packages().find(|package| package.manifest.name == *name)
    }
}

fn version_key(manifest: &Manifest) -> Vec<u32> {
    manifest.version.split('.').map(|part| part.parse().unwrap_or(0)).collect()
}

/// The files of one package, wherever they are.
enum Files<'a> {
    Folder(PathBuf),
    Bundled(&'a [(String, &'static [u8])], String),
}

fn scan_root(root: &Root, store: &Store) -> Vec<Entry> {
    let places: Vec<(String, Files<'_>)> = match root {
        Root::Folder(folder) => subfolders(folder)
            .into_iter()
            .flat_map(|name| {
                subfolders(&folder.join(&name)).into_iter().map(move |version| format!("{name}/{version}"))
            })
            .filter(|place| folder.join(place).join("model.toml").exists())
            .map(|place| (place.clone(), Files::Folder(folder.join(place))))
            .collect(),
        Root::Bundled(files) => files
            .iter()
            .filter_map(|(path, _)| path.strip_suffix("/model.toml"))
            .map(|place| (place.to_owned(), Files::Bundled(files, place.to_owned())))
            .collect(),
    };
    places
        .into_iter()
        .map(|(place, files)| Entry { package: read_package(&place, &files, store), place })
        .collect()
}

/// Names that are not UTF-8 cannot be package names, so they are passed over; so is an unreadable folder,
/// which then simply holds no package.
fn subfolders(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.path().is_dir())
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    names
}

fn read_package(place: &str, files: &Files<'_>, store: &Store) -> Result<Package, Refusal> {
    let mut texts = Vec::new();
    let mut take = |name: &str| {
        let text = files.text(name)?;
        texts.push((name.to_owned(), text.clone()));
        Ok::<_, Refusal>(text)
    };
    let manifest = Manifest::parse(&take("model.toml")?)?;
    let said = format!("{}/{}", manifest.name, manifest.version);
    if said != place {
        return Err(Refusal::Place { folder: place.to_owned(), manifest: said });
    }
    let card = take("card.md")?;
    // A net that somebody added decides nothing and need not have been run anywhere before.
    let golden = if manifest.weight == Weight::Unrated && !files.has("golden.json") {
        Golden { cases: Vec::new() }
    } else {
        Golden::parse(&take("golden.json")?)?
    };
    let head = match manifest.pipeline.net().and_then(|net| net.head.as_ref()) {
        Some(head) => Some(read_head(&take(&head.file)?, head)?),
        None => None,
    };
    let weights = find_weights(&manifest, files, store)?;
    let folder = match files {
        Files::Folder(folder) => Some(folder.clone()),
        Files::Bundled(..) => None,
    };
    Ok(Package { manifest, card, golden, head, weights, texts, folder })
}

fn read_head(text: &str, head: &HeadFile) -> Result<Head, Refusal> {
    let digest: [u8; 32] = Hasher::digest(text.as_bytes()).into();
    let found = dk_domain::Sha256::from(digest);
    check_sum(&head.file, found, head.sha256)?;
    let unusable = |why: String| Refusal::Head { file: head.file.clone(), why };
    let parsed: Head = serde_json::from_str(text).map_err(|error| unusable(error.to_string()))?;
    let finite = parsed.bias.is_finite() && parsed.weights.iter().all(|w| w.is_finite());
    if !finite || parsed.weights.is_empty() {
        return Err(unusable("its weights are not all finite numbers, or there are none".to_owned()));
    }
    Ok(parsed)
}

fn check_sum(file: &str, found: dk_domain::Sha256, expected: dk_domain::Sha256) -> Result<(), Refusal> {
    if found == expected {
        return Ok(());
    }
    Err(Refusal::Checksum { file: file.to_owned(), found: found.to_string(), expected: expected.to_string() })
}

/// Beside the manifest, or in the store. Absent weights are no refusal, since they can be pulled; wrong
/// ones are.
fn find_weights(
    manifest: &Manifest,
    files: &Files<'_>,
    store: &Store,
) -> Result<Result<Weights, Unready>, Refusal> {
    if manifest.pipeline == Pipeline::Provenance {
        return Ok(Ok(Weights::Bytes(&[])));
    }
    let wanted = &manifest.weights;
    let beside = match files {
        Files::Bundled(..) => match files.bytes(&wanted.file) {
            Some(bytes) => {
                let digest: [u8; 32] = Hasher::digest(bytes).into();
                check_sum(&wanted.file, dk_domain::Sha256::from(digest), wanted.sha256)?;
                Some(Weights::Bytes(bytes))
            }
            None => None,
        },
        Files::Folder(folder) => {
            Some(folder.join(&wanted.file)).filter(|path| path.exists()).map(Weights::File)
        }
    };
    let found = beside.or_else(|| store.find(wanted.sha256).map(Weights::File));
    let Some(weights) = found else {
        let why = "its weights are not on this machine".to_owned();
        return Ok(Err(Unready { why, hint: manifest.how_to_get(), is_absent: true }));
    };
    if let Weights::File(path) = &weights {
        let unreadable =
            |error: std::io::Error| Refusal::File { file: wanted.file.clone(), why: error.to_string() };
        check_sum(&wanted.file, store.checksum(path).map_err(unreadable)?, wanted.sha256)?;
    }
    Ok(Ok(weights))
}

impl Files<'_> {
    fn bytes(&self, name: &str) -> Option<&'static [u8]> {
        match self {
            Self::Folder(_) => None,
            Self::Bundled(files, place) => {
                let path = format!("{place}/{name}");
                files.iter().find(|(p, _)| *p == path).map(|(_, bytes)| *bytes)
            }
        }
    }

    fn has(&self, name: &str) -> bool {
        match self {
            Self::Folder(folder) => folder.join(name).exists(),
            Self::Bundled(..) => self.bytes(name).is_some(),
        }
    }

    fn text(&self, name: &str) -> Result<String, Refusal> {
        let refuse = |why: String| Refusal::File { file: name.to_owned(), why };
        let bytes = match self {
            Self::Folder(folder) => {
                let path = folder.join(name);
                let file = open_regular(&path).map_err(|error| refuse(error.to_string()))?;
                let mut bytes = Vec::new();
                // One byte more than allowed, because the length that a file names need not be true.
                file.take(MAX_TEXT_BYTES + 1)
                    .read_to_end(&mut bytes)
                    .map_err(|error| refuse(error.to_string()))?;
                if bytes.len() as u64 > MAX_TEXT_BYTES {
                    return Err(refuse(format!("it is longer than {MAX_TEXT_BYTES} bytes")));
                }
                bytes
            }
            Self::Bundled(..) => {
                self.bytes(name).ok_or_else(|| refuse("it is not there".to_owned()))?.to_vec()
            }
        };
        String::from_utf8(bytes).map_err(|_| refuse("it is not UTF-8 text".to_owned()))
    }
}
