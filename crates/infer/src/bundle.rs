//! Packages with their weights in one tar file, for machines without a network. What comes in is checked like any other
//! package before it gets a place; a bundle that is wrong anywhere changes nothing.
//!
//! `format` (the text `drishtiksha-models 1`), then `models/NAME/VERSION/FILE` and `weights/SHA256`, in any order. Golden
//! inputs that lie in a package's folder go with it.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use dk_app::Unready;
use dk_domain::{ModelName, Sha256};
use tar::{Archive, Builder, EntryType, Header};

use crate::engine::Weights;
use crate::package::{Package, Pipeline, Refusal, Registry, Root, Store, StoreError, open_regular};

const FORMAT: &str = "drishtiksha-models 1\n";
const FORMAT_FILE: &str = "format";
/// Longest file that is no weights.
const MAX_TEXT_BYTES: u64 = 1 << 20;
/// Longest golden input, such as a tensor for a net that looks at large pictures.
const MAX_INPUT_BYTES: u64 = 64 << 20;
/// Most files in a bundle.
const MAX_FILES: usize = 10_000;

/// Why a bundle could not be written or taken in.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// A package that has no weights here.
    #[error("{name} cannot be exported: {}", unready.why)]
    Unready {
        /// Which package.
        name: ModelName,
        /// Why, and the way out.
        unready: Unready,
    },
    /// Not a bundle, or one that was damaged.
    #[error("{path} is no bundle of packages: {why}")]
    Form {
        /// The bundle.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// A package in it is not in order.
    #[error("{place} in the bundle is refused")]
    Refused {
        /// `NAME/VERSION`.
        place: String,
        /// Why.
        #[source]
        refusal: Refusal,
    },
    /// Another package of this name and version is there.
    #[error("{place} is there already, and the bundle holds another one")]
    Differs {
        /// `NAME/VERSION`.
        place: String,
    },
    /// Weights are wrong or cannot be stored.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The system refused.
    #[error("cannot read or write {path}")]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl BundleError {
    /// The way out.
    pub fn hint(&self) -> String {
        match self {
            Self::Unready { unready, .. } => unready.hint.clone(),
            Self::Form { .. } | Self::Refused { .. } | Self::Store(StoreError::Checksum { .. }) => {
                "write it anew with `drishtiksha models export`, and copy it whole".to_owned()
            }
            Self::Differs { .. } => {
                "remove the folder of that version, or give the other one a new version".to_owned()
            }
            Self::Store(_) | Self::Io { .. } => {
                "check the space and the rights of the folder (`drishtiksha config show`)".to_owned()
            }
        }
    }
}

/// What became of one package of a bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Imported {
    /// Its name.
    pub name: ModelName,
    /// Its version.
    pub version: String,
    /// Whether anything of it was new here.
    pub is_new: bool,
}

/// Writes packages and their weights. The file gets its name when it is whole; one that is there is replaced.
pub fn export(packages: &[&Package], to: &Path) -> Result<(), BundleError> {
    let part = to.with_extension(format!("{}.part", std::process::id()));
    let written = write(packages, &part).and_then(|()| fs::rename(&part, to).map_err(at(to)));
    if written.is_err() {
        // Half a bundle is of no use, and may not even have been begun.
        let _ = fs::remove_file(&part);
    }
    written
}

fn write(packages: &[&Package], to: &Path) -> Result<(), BundleError> {
    let mut tar = Builder::new(io::BufWriter::new(File::create(to).map_err(at(to))?));
    add(&mut tar, FORMAT_FILE, FORMAT.len() as u64, FORMAT.as_bytes()).map_err(at(to))?;
    let mut written: Vec<Sha256> = Vec::new();
    for package in packages {
        let manifest = &package.manifest;
        let weights = package.weights.as_ref().map_err(|unready| BundleError::Unready {
            name: manifest.name.clone(),
            unready: unready.clone(),
        })?;
        for (name, text) in &package.texts {
            let path = format!("models/{}/{}/{name}", manifest.name, manifest.version);
            add(&mut tar, &path, text.len() as u64, text.as_bytes()).map_err(at(to))?;
        }
        for (name, file) in package.own_inputs() {
            let path = format!("models/{}/{}/{name}", manifest.name, manifest.version);
            let (source, bytes) = open(&file)?;
            add(&mut tar, &path, bytes, source).map_err(at(&file))?;
        }
        let sha256 = manifest.weights.sha256;
        if manifest.pipeline == Pipeline::Provenance || written.contains(&sha256) {
            continue;
        }
        let path = format!("weights/{sha256}");
        match weights {
            Weights::Bytes(bytes) => add(&mut tar, &path, bytes.len() as u64, *bytes).map_err(at(to))?,
            Weights::File(file) => {
                let (source, bytes) = open(file)?;
                add(&mut tar, &path, bytes, source).map_err(at(to))?;
            }
        }
        written.push(sha256);
    }
    let mut file = tar.into_inner().map_err(at(to))?;
    file.flush().map_err(at(to))?;
    file.get_ref().sync_all().map_err(at(to))
}

/// A file with its length.
fn open(file: &Path) -> Result<(BufReader<File>, u64), BundleError> {
    let source = open_regular(file).map_err(at(file))?;
    let bytes = source.metadata().map_err(at(file))?.len();
    Ok((BufReader::new(source), bytes))
}

fn add(tar: &mut Builder<impl Write>, path: &str, bytes: u64, data: impl Read) -> io::Result<()> {
    let mut header = Header::new_gnu();
    header.set_size(bytes);
    header.set_mode(0o644);
    header.set_entry_type(EntryType::Regular);
    // The same packages give the same bytes.
    header.set_mtime(0);
    tar.append_data(&mut header, path, data)
}

/// Takes packages in: their folders go below `models`, their weights into `store`. Packages that `here` already knows only
/// bring their weights. `scratch` is a folder on the same file system.
pub fn import(
    from: &Path,
    here: &Registry,
    models: &Path,
    store: &Store,
    scratch: &Path,
) -> Result<Vec<Imported>, BundleError> {
    let folder = scratch.join(format!("import-{}", std::process::id()));
    let imported = unpack(from, &folder).and_then(|()| place(&folder, here, models, store));
    match fs::remove_dir_all(&folder) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => imported.and(Err(at(&folder)(source))),
        _ => imported,
    }
}

fn unpack(from: &Path, folder: &Path) -> Result<(), BundleError> {
    let form = |why: String| BundleError::Form { path: from.to_owned(), why };
    let file = open_regular(from).map_err(at(from))?;
    let mut tar = Archive::new(BufReader::new(file));
    let store = Store::new(folder.join("weights"));
    let mut is_bundle = false;
    for (count, entry) in tar.entries().map_err(|error| form(error.to_string()))?.enumerate() {
        let mut entry = entry.map_err(|error| form(error.to_string()))?;
        let path = entry.path().map_err(|error| form(error.to_string()))?.display().to_string();
        if count >= MAX_FILES || entry.header().entry_type() != EntryType::Regular {
            return Err(form(format!("{path:?} is no plain file, or there are more than {MAX_FILES}")));
        }
        let parts: Vec<&str> = path.split('/').collect();
        match parts[..] {
            [FORMAT_FILE] => is_bundle = text(&mut entry).is_ok_and(|text| text == FORMAT),
            ["weights", sha256] => {
                let sha256: Sha256 =
                    sha256.parse().map_err(|_| form(format!("{path:?} names no checksum")))?;
                store.put(&path, &mut entry, sha256)?;
            }
            ["models", name, version, file] if [name, version, file].into_iter().all(is_plain) => {
                let content =
                    content(file, &mut entry).map_err(|error| form(format!("{path:?}: {error}")))?;
                let target = folder.join("models").join(name).join(version);
                fs::create_dir_all(&target).map_err(at(&target))?;
                let target = target.join(file);
                fs::write(&target, content).map_err(at(&target))?;
            }
            _ => return Err(form(format!("it holds {path:?}"))),
        }
    }
    if is_bundle { Ok(()) } else { Err(form(format!("it lacks the line {:?}", FORMAT.trim_end()))) }
}

/// A file of a package: text, or a golden input, which may be any bytes.
fn content(name: &str, entry: &mut impl Read) -> io::Result<Vec<u8>> {
    let extension = Path::new(name).extension().and_then(|extension| extension.to_str());
    if matches!(extension, None | Some("toml" | "md" | "json" | "txt")) {
        return text(entry).map(String::into_bytes);
    }
    let mut bytes = Vec::new();
    entry.take(MAX_INPUT_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_INPUT_BYTES {
        return Err(io::Error::other("it is too long"));
    }
    Ok(bytes)
}

fn text(entry: &mut impl Read) -> io::Result<String> {
    let mut text = String::new();
    entry.take(MAX_TEXT_BYTES + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_TEXT_BYTES {
        return Err(io::Error::other("it is too long"));
    }
    Ok(text)
}

fn is_plain(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    !name.is_empty() && !name.starts_with('.') && name.chars().all(allowed)
}

fn place(folder: &Path, here: &Registry, models: &Path, store: &Store) -> Result<Vec<Imported>, BundleError> {
    let unpacked = Store::new(folder.join("weights"));
    let scanned = Registry::scan(&[Root::Folder(folder.join("models"))], &unpacked);
    let mut good = Vec::new();
    for entry in scanned.entries() {
        let package = entry.package.as_ref();
        let package = package.map_err(|refusal| BundleError::Refused {
            place: entry.place.clone(),
            refusal: refusal.clone(),
        })?;
        let known = here.packages().find(|other| same_place(other, package));
        if known.is_some_and(|other| other.texts != package.texts) {
            return Err(BundleError::Differs { place: entry.place.clone() });
        }
        good.push((entry.place.as_str(), package, known.is_some()));
    }
    // Everything is in order: from here on only the file system can refuse, and a second attempt goes on.
    let mut imported = Vec::new();
    for (place, package, is_known) in good {
        let sha256 = package.manifest.weights.sha256;
        let mut is_new = false;
        if let Some(file) = unpacked.find(sha256)
            && store.find(sha256).is_none()
        {
            is_new = !is_known || here.packages().all(|p| !same_place(p, package) || p.weights.is_err());
            store.adopt(&file, sha256)?;
        }
        if !is_known {
            let (source, target) = (folder.join("models").join(place), models.join(place));
            fs::create_dir_all(target.parent().unwrap_or(models)).map_err(at(&target))?;
            fs::rename(&source, &target).map_err(at(&target))?;
            is_new = true;
        }
        let (name, version) = (package.manifest.name.clone(), package.manifest.version.clone());
        imported.push(Imported { name, version, is_new });
    }
    Ok(imported)
}

fn same_place(a: &Package, b: &Package) -> bool {
    (&a.manifest.name, &a.manifest.version) == (&b.manifest.name, &b.manifest.version)
}

fn at(path: &Path) -> impl FnOnce(io::Error) -> BundleError {
    let path = path.to_owned();
    |source| BundleError::Io { path, source }
}
