//! Changed copies of files, as the world changes them, each judged like its original and thrown away.

use std::cell::LazyCell;
use std::fs::{self, File};
use std::path::{Path, PathBuf};

use dk_app::Silent;
use dk_domain::{MediaKind, Sha256};
use dk_media::{Change, Limits, MediaFile, Tools};

use super::kept::KeptFile;
use super::pass::Pass;

/// Makes copies in a folder of its own, which is gone afterwards.
#[derive(Debug)]
pub(crate) struct Copier {
    pub folder: PathBuf,
    pub tools: Tools,
    pub limits: Limits,
}

/// One changed copy, with what was said of it or why there is none.
#[derive(Debug)]
pub(crate) struct Copy {
    pub change: &'static Change,
    pub came: Result<KeptFile, String>,
}

impl Copier {
    /// Every change that fits this kind of media. An error is one of the whole file, such as a stop.
    pub(crate) fn all(
        &self,
        pass: &Pass<'_>,
        path: &Path,
        sum: Sha256,
        kind: MediaKind,
    ) -> Result<Vec<Copy>, String> {
        // Opened for the first copy that has to be made, and once for all of them.
        let media = LazyCell::new(|| {
            MediaFile::open(path, &self.tools, &self.limits, &Silent, pass.stop)
                .map_err(|error| error.to_string())
        });
        let mut copies = Vec::new();
        for change in Change::all(kind) {
            if pass.stop.is_stopped() {
                return Err("stopped".to_owned());
            }
            let kept = pass.keeper.get(sum, Some(change.name));
            let came = match kept {
                Some(kept) if KeptFile::missing(Some(&kept), pass.judges).is_empty() => Ok(kept),
                _ => match &*media {
                    Ok(media) => self.one(pass, media, sum, change),
                    Err(why) => Err(format!("{}: {why}", change.name)),
                },
            };
            copies.push(Copy { change, came });
        }
        Ok(copies)
    }

    fn one(
        &self,
        pass: &Pass<'_>,
        media: &MediaFile,
        sum: Sha256,
        change: &Change,
    ) -> Result<KeptFile, String> {
        let told = |error: &dyn std::error::Error| format!("{}: {error}", change.name);
        let copy = self.folder.join(format!("{sum}-{}", change.name));
        let made = File::create(&copy).map_err(|error| told(&error)).and_then(|mut file| {
            media.write_changed(change, &mut file, pass.stop).map_err(|error| told(&error))
        });
        let judged = made.and_then(|()| pass.judge(&copy, sum, Some(change.name)));
        // It is in the folder that is removed at the end; here it only saves space early.
        let _ = fs::remove_file(&copy);
        judged
    }
}
