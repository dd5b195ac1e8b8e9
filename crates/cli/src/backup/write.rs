//! Writes a backup, also while the service runs. The order keeps it whole: first the mark of the storage, then the
//! database as it is at one moment, then the files, none of which is ever changed once it is stored. What is uploaded
//! meanwhile is a file without a row, which the service sweeps away one day; what is deleted meanwhile is left out.

use std::fmt::Write as _;
use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, ErrorKind, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;

use super::{DATABASE, FILES, FOLDERS, FORM, HEAD, Places, STORAGE, SUMS, Summed};
use crate::config::Config;
use crate::failure::Failure;
use crate::serve;
use crate::style::say;

/// The storage's folder of files that are being received.
const INCOMING: &str = "incoming";
/// The mark that tells whose files these are.
const MARK: &str = "installation";

/// `backup FILE`.
pub(crate) fn backup(target: &Path, config: &Config) -> Result<ExitCode, Failure> {
    let places = Places::of(config)?;
    if !places.database.exists() {
        let error = anyhow::anyhow!("there is nothing to save: {} is not there", places.database.display());
        return Err(Failure::wrong_use(error, "name the data folder in DRISHTIKSHA_HOME"));
    }
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(target);
    let file = file.with_context(|| format!("cannot make {}", target.display())).map_err(|error| {
        Failure::wrong_use(error, "name a file that is not there yet, in a folder that can be written")
    })?;
    // Rows of people are in it: it lies where nobody else looks, until it is in the archive.
    let copy = Gone(places.home.join(format!("backup-{}.sqlite", std::process::id())));
    let written = write(&places, config, file, &copy.0);
    match written {
        Ok(archive) => {
            say(&format!(
                "{}: {} files, {} bytes; secrets are in it, keep it as you keep them",
                target.display(),
                archive.files,
                archive.bytes
            ));
            Ok(ExitCode::SUCCESS)
        }
        Err(failure) => {
            // Half a backup is worse than none.
            let _ = std::fs::remove_file(target);
            Err(failure)
        }
    }
}

fn write(places: &Places, config: &Config, file: File, copy: &Path) -> Result<Done, Failure> {
    let failed = |error: anyhow::Error| Failure::not_done(error, "see whether there is room on the disk");
    let mut archive = Archive::begin(file).map_err(failed)?;
    let mark = places.storage.join(MARK);
    archive.add(&mark, &format!("{STORAGE}/{MARK}")).map_err(failed)?;
    serve::copy_database(config, copy)?;
    fill(archive, places, copy).map_err(failed)
}

fn fill(mut archive: Archive, places: &Places, copy: &Path) -> anyhow::Result<Done> {
    archive.add(copy, DATABASE)?;
    for name in FILES {
        archive.add(&places.home.join(name), name)?;
    }
    for name in FOLDERS {
        archive.add_all(&places.home.join(name), name, &[])?;
    }
    archive.add_all(&places.storage, STORAGE, &[MARK, INCOMING])?;
    archive.end()
}

/// A file that is removed when it is not needed any more.
struct Gone(PathBuf);

impl Drop for Gone {
    fn drop(&mut self) {
        // It may never have been made.
        let _ = std::fs::remove_file(&self.0);
    }
}

/// What a backup holds.
struct Done {
    files: u64,
    bytes: u64,
}

struct Archive {
    tar: tar::Builder<BufWriter<File>>,
    sums: String,
    done: Done,
}

impl Archive {
    fn begin(file: File) -> anyhow::Result<Self> {
        let tar = tar::Builder::new(BufWriter::with_capacity(1 << 20, file));
        let mut archive = Self { tar, sums: String::new(), done: Done { files: 0, bytes: 0 } };
        let head = format!("{FORM}\nmade by drishtiksha {}\n", env!("CARGO_PKG_VERSION"));
        archive.put(HEAD, head.len() as u64, head.as_bytes())?;
        Ok(archive)
    }

    /// Adds a file under a name; one that is not there, or not any more, is left out.
    fn add(&mut self, path: &Path, name: &str) -> anyhow::Result<()> {
        let file = match File::open(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            opened => opened.with_context(|| format!("cannot read {}", path.display()))?,
        };
        let bytes = file.metadata()?.len();
        self.put(name, bytes, file.take(bytes)).with_context(|| format!("cannot save {}", path.display()))
    }

    /// Adds every file below a folder, in order of names, but what is called so at its top.
    fn add_all(&mut self, folder: &Path, name: &str, without: &[&str]) -> anyhow::Result<()> {
        let listed = match std::fs::read_dir(folder) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            listed => listed.with_context(|| format!("cannot list {}", folder.display()))?,
        };
        let mut entries: Vec<_> = listed.collect::<io::Result<_>>()?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let own = entry.file_name();
            let Some(own) = own.to_str().filter(|own| !without.contains(own)) else { continue };
            let (path, name) = (entry.path(), format!("{name}/{own}"));
            // A link is followed: what it leads to belongs to the installation.
            if path.is_dir() { self.add_all(&path, &name, &[])? } else { self.add(&path, &name)? }
        }
        Ok(())
    }

    fn put(&mut self, name: &str, bytes: u64, reader: impl io::Read) -> anyhow::Result<()> {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes);
        header.set_mode(0o600);
        let mut reader = Summed::new(reader);
        self.tar.append_data(&mut header, name, &mut reader)?;
        anyhow::ensure!(reader.bytes == bytes, "{name} became shorter while it was read");
        // Writing to a string cannot fail.
        let _ = writeln!(self.sums, "{}  {name}", reader.sum());
        self.done.files += 1;
        self.done.bytes += bytes;
        Ok(())
    }

    fn end(mut self) -> anyhow::Result<Done> {
        let sums = std::mem::take(&mut self.sums);
        self.put(SUMS, sums.len() as u64, sums.as_bytes())?;
        let mut writer = self.tar.into_inner()?;
        writer.flush()?;
        writer.get_ref().sync_all()?;
        Ok(self.done)
    }
}
