//! Changed copies of files, as the world changes them: made in a folder of their own, looked at, and thrown away.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use dk_app::{Silent, StopToken};
use dk_media::{Change, Limits, MediaFile, Tools};

use crate::config::Config;
use crate::failure::Failure;
use crate::wiring;

/// The folder, which is gone afterwards.
#[derive(Debug)]
pub(crate) struct Copies {
    folder: PathBuf,
    tools: Tools,
    limits: Limits,
}

impl Copies {
    /// Makes the folder; `cannot` says what it means to the user that this failed.
    pub(crate) fn in_folder(
        folder: PathBuf,
        config: &Config,
        cannot: impl FnOnce(&Path, io::Error) -> Failure,
    ) -> Result<Self, Failure> {
        fs::create_dir_all(&folder).map_err(|error| cannot(&folder, error))?;
        Ok(Self { folder, tools: wiring::tools()?, limits: wiring::limits(config) })
    }

    /// Opens a file of which copies are to be made.
    pub(crate) fn open(&self, path: &Path, stop: &StopToken) -> Result<MediaFile, String> {
        MediaFile::open(path, &self.tools, &self.limits, &Silent, stop).map_err(|error| error.to_string())
    }

    /// Makes a copy. `of` tells files apart of which copies are made at the same time.
    pub(crate) fn make(
        &self,
        media: &MediaFile,
        of: &str,
        change: &Change,
        stop: &StopToken,
    ) -> Result<ChangedFile, String> {
        let made = ChangedFile(self.folder.join(format!("{of}-{}", change.name)));
        let mut file = File::create(&made.0).map_err(|error| error.to_string())?;
        media.write_changed(change, &mut file, stop).map_err(|error| error.to_string())?;
        Ok(made)
    }
}

impl Drop for Copies {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            tracing::warn!(path = %self.folder.display(), %error, "cannot remove changed copies");
        }
    }
}

/// A copy; removed when dropped, which saves space before the whole folder goes.
#[derive(Debug)]
pub(crate) struct ChangedFile(PathBuf);

impl ChangedFile {
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for ChangedFile {
    fn drop(&mut self) {
        // One that could not be made need not be there.
        let _ = fs::remove_file(&self.0);
    }
}
