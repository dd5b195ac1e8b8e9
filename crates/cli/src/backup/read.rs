//! Restores a backup into a place where there is nothing yet. Everything is unpacked beside its place and compared with
//! its checksums first; the database comes last, so that a restore that was cut is no installation.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{BufReader, Read as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Component, Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail, ensure};

use super::{DATABASE, FILES, FOLDERS, FORM, HEAD, Places, STORAGE, SUMS, Summed};
use crate::config::Config;
use crate::failure::Failure;
use crate::serve;
use crate::style::say;

/// The folder in which things are unpacked before they are known to be whole.
const DRAFT: &str = "restoring";
/// A list of checksums is shorter.
const MAX_SUMS_BYTES: u64 = 1 << 30;

/// `restore FILE`.
pub(crate) fn restore(source: &Path, config: &Config) -> Result<ExitCode, Failure> {
    let places = Places::of(config)?;
    is_empty(&places)?;
    let broken = |error: anyhow::Error| {
        let error = error.context(format!("cannot restore {}", source.display()));
        Failure::not_done(error, "nothing was restored; take another backup, or see whether there is room")
    };
    let draft = Draft::make(&places).map_err(broken)?;
    let files = unpack(source, &draft).map_err(broken)?;
    let behind = serve::check_copy(&draft.home.join(DATABASE))?;
    put(&places, &draft).map_err(broken)?;
    say(&format!("{files} files are restored into {}", places.home.display()));
    if behind {
        say("the backup is of an older version: the next start brings the database up to date");
    }
    Ok(ExitCode::SUCCESS)
}

/// A restore never mixes two installations.
fn is_empty(places: &Places) -> Result<(), Failure> {
    let stored = fs::read_dir(&places.storage).is_ok_and(|mut entries| entries.next().is_some());
    let secret = places.home.join(FILES[0]);
    let there =
        [(places.database.exists(), &places.database), (secret.exists(), &secret), (stored, &places.storage)];
    match there.into_iter().find(|(is_there, _)| *is_there) {
        None => Ok(()),
        Some((_, path)) => {
            let error = anyhow::anyhow!("{} is there already, and is not replaced", path.display());
            Err(Failure::wrong_use(
                error,
                "name an empty data folder in DRISHTIKSHA_HOME, or move this one away",
            ))
        }
    }
}

/// Where things are unpacked: on the same disks as their places. Removed with all that is left in it.
struct Draft {
    home: PathBuf,
    storage: PathBuf,
}

impl Draft {
    fn make(places: &Places) -> anyhow::Result<Self> {
        let draft = Self { home: places.home.join(DRAFT), storage: places.storage.join(DRAFT) };
        for folder in [&draft.home, &draft.storage] {
            let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.with_context(|| format!("cannot make {}", folder.display()))?;
        }
        Ok(draft)
    }

    /// Where a file of this name goes; `None` for what no backup holds.
    fn place(&self, name: &Path) -> Option<PathBuf> {
        let mut parts = name.components().map(|part| match part {
            Component::Normal(part) => part.to_str(),
            _ => None,
        });
        let first = parts.next()??;
        let rest: Option<PathBuf> = parts.collect();
        let rest = rest?;
        let alone = rest.as_os_str().is_empty();
        match first {
            STORAGE if !alone => Some(self.storage.join(rest)),
            _ if FOLDERS.contains(&first) && !alone => Some(self.home.join(first).join(rest)),
            HEAD | DATABASE if alone => Some(self.home.join(first)),
            _ if FILES.contains(&first) && alone => Some(self.home.join(first)),
            _ => None,
        }
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        for folder in [&self.home, &self.storage] {
            // What cannot be removed is found there by whoever looks.
            let _ = fs::remove_dir_all(folder);
        }
    }
}

/// Unpacks every file and compares them with the list at the end. Returns how many there are.
fn unpack(source: &Path, draft: &Draft) -> anyhow::Result<usize> {
    let file = File::open(source).context("cannot open it")?;
    let mut tar = tar::Archive::new(BufReader::with_capacity(1 << 20, file));
    let mut found: BTreeMap<String, String> = BTreeMap::new();
    let mut listed = None;
    for entry in tar.entries()? {
        let known = if found.is_empty() { "it is no backup of this program" } else { "it is cut or damaged" };
        let mut entry = entry.context(known)?;
        ensure!(entry.header().entry_type().is_file(), "it holds something that is no file");
        let name = entry.path()?.into_owned();
        let text = name.to_string_lossy().into_owned();
        ensure!(!found.is_empty() || text == HEAD, "it is no backup of this program");
        if text == SUMS {
            let mut sums = String::new();
            entry.take(MAX_SUMS_BYTES).read_to_string(&mut sums)?;
            listed = Some(sums);
            continue;
        }
        ensure!(listed.is_none(), "something follows its end");
        let place = draft.place(&name).with_context(|| format!("it holds {text}, which no backup does"))?;
        let bytes = entry.size();
        let sum = unpack_one(&mut entry, bytes, &place).with_context(|| format!("cannot unpack {text}"))?;
        ensure!(found.insert(text.clone(), sum).is_none(), "it holds {text} twice");
    }
    let Some(listed) = listed else { bail!("its end is missing") };
    for line in listed.lines() {
        let (sum, name) = line.split_once("  ").context("its checksums cannot be read")?;
        ensure!(found.remove(name).as_deref() == Some(sum), "{name} is damaged or missing");
    }
    ensure!(found.is_empty(), "it holds files without checksums");
    let head = fs::read_to_string(draft.home.join(HEAD))?;
    ensure!(
        head.lines().next() == Some(FORM),
        "it was made by another version, in a form unknown to this one"
    );
    ensure!(draft.home.join(DATABASE).exists(), "it holds no database");
    Ok(listed.lines().count())
}

fn unpack_one(entry: &mut impl std::io::Read, bytes: u64, place: &Path) -> anyhow::Result<String> {
    if let Some(folder) = place.parent() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(place)?;
    let mut reader = Summed::new(entry);
    std::io::copy(&mut reader, &mut file)?;
    ensure!(reader.bytes == bytes, "it is cut");
    file.sync_all()?;
    Ok(reader.sum())
}

/// Moves everything to its place.
fn put(places: &Places, draft: &Draft) -> anyhow::Result<()> {
    for entry in fs::read_dir(&draft.storage)? {
        let entry = entry?;
        fs::rename(entry.path(), places.storage.join(entry.file_name()))?;
    }
    for name in FOLDERS.into_iter().chain(FILES) {
        let (from, to) = (draft.home.join(name), places.home.join(name));
        if !from.exists() {
            continue;
        }
        if to.exists() {
            say(&format!("{} stays as it is; the backup has another", to.display()));
        } else {
            fs::rename(from, to)?;
        }
    }
    Ok(fs::rename(draft.home.join(DATABASE), &places.database)?)
}
