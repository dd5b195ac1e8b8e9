//! Checksums of files of weights that were read before. Large packages would else be read whole at every start, though most
//! files ask few of them, and one that says itself how it was made asks none.

use std::fs::{self, Metadata};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use dk_domain::Sha256;

use super::store::checksum;

/// A file that was written so lately could be written again without its times showing it.
const SETTLED_SECS: i64 = 2;

/// Notes of checksums, in a folder that need not exist yet.
pub(super) struct Sums {
    folder: PathBuf,
    settled_secs: i64,
}

impl Sums {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, settled_secs: SETTLED_SECS }
    }

    /// The checksum of a file: as noted where nobody has touched the file since, else of its bytes.
    pub(super) fn of(&self, path: &Path) -> io::Result<Sha256> {
        let before = fs::metadata(path)?;
        let note = self.folder.join(format!("{}-{}", before.dev(), before.ino()));
        if let Some(sum) = noted(&note, &state(&before)) {
            return Ok(sum);
        }
        let sum = checksum(path)?;
        if let Err(error) = self.keep(&note, &before, sum) {
            // As in an image that cannot be written to: the next start reads the file again.
            tracing::debug!(note = %note.display(), %error, "cannot note a checksum");
        }
        Ok(sum)
    }

    /// Either the whole note gets its name or nothing does; processes that start at once write the same.
    fn keep(&self, note: &Path, file: &Metadata, sum: Sha256) -> io::Result<()> {
        fs::create_dir_all(&self.folder)?;
        let part = note.with_extension(format!("{}.part", std::process::id()));
        fs::write(&part, format!("{} {sum}", state(file)))?;
        if file.ctime() + self.settled_secs <= fs::metadata(&part)?.ctime() {
            fs::rename(&part, note)
        } else {
            fs::remove_file(&part)
        }
    }
}

fn noted(note: &Path, state: &str) -> Option<Sha256> {
    let text = fs::read_to_string(note).ok()?;
    let (noted, sum) = text.rsplit_once(' ')?;
    (noted == state).then(|| sum.parse().ok())?
}

/// What changes when somebody writes to a file or puts another one in its place; the last time cannot be set by hand.
fn state(file: &Metadata) -> String {
    let (written, changed) = ((file.mtime(), file.mtime_nsec()), (file.ctime(), file.ctime_nsec()));
    format!("{} {}.{} {}.{}", file.len(), written.0, written.1, changed.0, changed.1)
}

#[cfg(test)]
mod tests {
    use std::fs::File;

    use super::*;

    #[test]
    fn what_was_noted_counts_until_the_file_is_touched() {
        let folder = tempfile::tempdir().unwrap();
        let (file, notes) = (folder.path().join("weights"), folder.path().join("sums"));
        fs::write(&file, "abc").unwrap();
        let first = Sums::new(notes.clone()).of(&file).unwrap();
        assert_eq!(first, checksum(&file).unwrap());
        assert_eq!(fs::read_dir(&notes).unwrap().count(), 0, "it was written just now");
        let sums = Sums { folder: notes.clone(), settled_secs: 0 };
        assert_eq!(sums.of(&file).unwrap(), first);
        // The note is believed ...
        let note = fs::read_dir(&notes).unwrap().next().unwrap().unwrap().path();
        let other = "0".repeat(64);
        let text = fs::read_to_string(&note).unwrap().replace(&first.to_string(), &other);
        fs::write(&note, text).unwrap();
        assert_eq!(sums.of(&file).unwrap().to_string(), other);
        // ... until somebody writes as many bytes and sets the time back, or puts another file there.
        let before = fs::metadata(&file).unwrap();
        while state(&fs::metadata(&file).unwrap()) == state(&before) {
            fs::write(&file, "abd").unwrap();
            File::options()
                .write(true)
                .open(&file)
                .unwrap()
                .set_modified(before.modified().unwrap())
                .unwrap();
        }
        assert_eq!(sums.of(&file).unwrap(), checksum(&file).unwrap());
        fs::write(folder.path().join("new"), "abc").unwrap();
        fs::rename(folder.path().join("new"), &file).unwrap();
        assert_eq!(sums.of(&file).unwrap(), first);
    }
}
