//! Which files are meant: names, folders, standard input.

use std::collections::BTreeSet;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread;

use dk_app::{ErrorCode, StopToken};
use dk_wire::ErrorMessage;

use crate::failure::Failure;

/// Deepest folder below a named one.
const MAX_DEPTH: usize = 64;

/// One file to judge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Input {
    /// Where it can be read.
    pub path: PathBuf,
    /// As the person named it.
    pub name: String,
    /// Found in a folder, so it may well be no medium.
    pub found_in_folder: bool,
    /// Why a folder could not be searched; it stands in the list as one that failed.
    pub unreadable: Option<String>,
}

impl Input {
    /// Why nothing can come of it.
    pub(crate) fn refusal(&self) -> Option<ErrorMessage> {
        let message = self.unreadable.clone()?;
        let hint = Some("check that you may read it".to_owned());
        Some(ErrorMessage { code: ErrorCode::Io.as_str().to_owned(), message, hint })
    }
}

/// All files to judge, and what has to be removed afterwards.
#[derive(Debug)]
pub(crate) struct Inputs {
    pub list: Vec<Input>,
    spooled: Option<PathBuf>,
}

impl Drop for Inputs {
    fn drop(&mut self) {
        if let Some(path) = &self.spooled
            && let Err(error) = fs::remove_file(path)
        {
            tracing::warn!(path = %path.display(), %error, "cannot remove the copy of standard input");
        }
    }
}

impl Inputs {
    /// Files stay in the order in which they were named; those of a folder are sorted by name.
    pub(crate) fn gather(
        paths: &[PathBuf],
        recursive: bool,
        home: &Path,
        max_bytes: u64,
        stop: &StopToken,
    ) -> Result<Self, Failure> {
        let mut inputs = Self { list: Vec::new(), spooled: None };
        for path in paths {
            if path.as_os_str() == "-" {
                let copy = spool(home, max_bytes, stop)?;
                inputs.list.push(Input {
                    path: copy.clone(),
                    name: "-".to_owned(),
                    found_in_folder: false,
                    unreadable: None,
                });
                if inputs.spooled.replace(copy).is_some() {
                    let error = anyhow::anyhow!("standard input was named twice");
                    return Err(Failure::wrong_use(error, "name `-` once"));
                }
            } else if path.is_dir() {
                let before = inputs.list.len();
                let depth = if recursive { MAX_DEPTH } else { 1 };
                walk(path, depth, &mut BTreeSet::new(), &mut inputs.list);
                if inputs.list.len() == before {
                    tracing::warn!(folder = %path.display(), "there is no file in this folder");
                }
            } else {
                // A name that does not exist is judged like any other, so that one wrong name among many
                // does not keep the others from being judged.
                inputs.list.push(Input {
                    path: path.clone(),
                    name: name(path),
                    found_in_folder: false,
                    unreadable: None,
                });
            }
        }
        Ok(inputs)
    }
}

fn name(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

/// Each folder is searched once, however many links lead to it; they may well lead in a circle.
fn walk(folder: &Path, depth: usize, searched: &mut BTreeSet<PathBuf>, list: &mut Vec<Input>) {
    let entries = match search(folder, searched) {
        Ok(entries) => entries,
        Err(error) => {
            let unreadable = Some(format!("cannot read the folder: {error}"));
            let path = folder.to_owned();
            list.push(Input { name: name(folder), path, found_in_folder: true, unreadable });
            return;
        }
    };
    for path in entries {
        let hidden = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if hidden {
            continue;
        }
        if path.is_dir() {
            if depth > 1 {
                walk(&path, depth - 1, searched, list);
            }
        } else {
            list.push(Input { name: name(&path), path, found_in_folder: true, unreadable: None });
        }
    }
}

/// The sorted content of a folder; nothing for one that was searched before.
fn search(folder: &Path, searched: &mut BTreeSet<PathBuf>) -> io::Result<Vec<PathBuf>> {
    if !searched.insert(folder.canonicalize()?) {
        return Ok(Vec::new());
    }
    let mut entries =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<PathBuf>>>()?;
    entries.sort();
    Ok(entries)
}

/// Standard input as a file, because most containers have to be read back and forth.
fn spool(home: &Path, max_bytes: u64, stop: &StopToken) -> Result<PathBuf, Failure> {
    let path = home.join("spool").join(format!("stdin-{}", std::process::id()));
    let cannot = |error: io::Error| {
        let error =
            anyhow::Error::new(error).context(format!("cannot copy standard input to {}", path.display()));
        Failure::not_done(
            error,
            "check the space and the rights of the data folder (`drishtiksha config show`)",
        )
    };
    fs::create_dir_all(home.join("spool")).map_err(cannot)?;
    let mut file = fs::File::create(&path).map_err(cannot)?;
    // One byte more than allowed, so that the limit is seen and named like that of any other file.
    match copy(io::stdin(), &mut file, max_bytes.saturating_add(1), stop) {
        Ok(()) => Ok(path),
        Err(error) => {
            // The copy is of no use; the error that made it so is the one to report.
            let _ = fs::remove_file(&path);
            if stop.is_stopped() {
                let error = anyhow::anyhow!("stopped while standard input was read");
                return Err(Failure::not_done(error, "give the whole file, or name it"));
            }
            Err(cannot(error))
        }
    }
}

/// Copies until the end, the limit, or a stop. Reading happens on a thread of its own, because a read from
/// a pipe in which nothing comes cannot be interrupted; after a stop that thread ends with the program.
fn copy(
    from: impl Read + Send + 'static,
    to: &mut impl Write,
    max_bytes: u64,
    stop: &StopToken,
) -> io::Result<()> {
    let (sender, parts) = sync_channel(2);
    let stopper = sender.clone();
    let _watch = stop.on_stop(move || {
        // Where the queue is full, the next part is taken soon, and the stop is seen there.
        let _ = stopper.try_send(Ok(Vec::new()));
    });
    thread::Builder::new().spawn(move || read_parts(from.take(max_bytes), &sender))?;
    for part in parts {
        let part: Vec<u8> = part?;
        if stop.is_stopped() {
            return Err(io::Error::new(io::ErrorKind::Interrupted, "stopped"));
        }
        if part.is_empty() {
            break;
        }
        to.write_all(&part)?;
    }
    to.flush()
}

/// Sends what is read, and an empty part at the end.
fn read_parts(mut from: impl Read, parts: &SyncSender<io::Result<Vec<u8>>>) {
    loop {
        let mut part = vec![0; 1 << 16];
        let read = match from.read(&mut part) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            read => read,
        };
        let ended = !matches!(read, Ok(1..));
        // Nobody listens any more after a stop; then there is nothing left to do.
        let sent = parts.send(read.map(|length| {
            part.truncate(length);
            part
        }));
        if ended || sent.is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gives_its_files_in_order_and_its_folders_only_when_asked() {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("inner");
        fs::create_dir(&inner).unwrap();
        for path in ["b.jpg", "a.mp4", ".hidden", "inner/c.wav"] {
            fs::write(folder.path().join(path), b"x").unwrap();
        }
        let names = |recursive| {
            let paths = [folder.path().to_owned()];
            let inputs = Inputs::gather(&paths, recursive, folder.path(), 10, &StopToken::new()).unwrap();
            let strip = |p: &Path| p.strip_prefix(folder.path()).unwrap().to_string_lossy().into_owned();
            inputs.list.iter().map(|i| strip(&i.path)).collect::<Vec<_>>()
        };
        assert_eq!(names(false), ["a.mp4", "b.jpg"]);
        assert_eq!(names(true), ["a.mp4", "b.jpg", "inner/c.wav"]);
    }
}
