//! What is said of every changed copy of a file; what was judged before is not made again.

use std::cell::LazyCell;
use std::path::Path;

use dk_domain::{MediaKind, Sha256};
use dk_media::Change;

use super::kept::KeptFile;
use super::pass::Pass;
use crate::copies::Copies;

/// One changed copy, with what was said of it or why there is none.
#[derive(Debug)]
pub(crate) struct Copy {
    pub change: &'static Change,
    pub came: Result<KeptFile, String>,
}

/// Every change that fits this kind of media. An error is one of the whole file, such as a stop.
pub(crate) fn all(
    copies: &Copies,
    pass: &Pass<'_>,
    path: &Path,
    sum: Sha256,
    kind: MediaKind,
) -> Result<Vec<Copy>, String> {
    // Opened for the first copy that has to be made, and once for all of them.
    let media = LazyCell::new(|| copies.open(path, pass.stop));
    let mut all = Vec::new();
    for change in Change::all(kind) {
        if pass.stop.is_stopped() {
            return Err("stopped".to_owned());
        }
        let came = match pass.keeper.get(sum, Some(change.name)) {
            Some(kept) if KeptFile::missing(Some(&kept), pass.judges).is_empty() => Ok(kept),
            _ => media
                .as_ref()
                .map_err(Clone::clone)
                .and_then(|media| copies.make(media, &sum.to_string(), change, pass.stop))
                .map_err(|why| format!("{}: {why}", change.name))
                .and_then(|made| pass.judge(made.path(), sum, Some(change.name))),
        };
        all.push(Copy { change, came });
    }
    Ok(all)
}
