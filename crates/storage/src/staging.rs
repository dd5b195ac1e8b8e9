//! Files on their way in, and copies of remote files: one folder on this machine, with names made here. Hashes while
//! writing, on threads where that stalls nobody, and holds at most two blocks of a file in memory.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use bytes::Bytes;
use dk_app::ports::{Ambient, ByteStream, Incoming, LocalFile, Staged, StorageError};
use dk_domain::Sha256;
use futures_util::TryStreamExt;
use sha2::Digest;
use tokio::task::JoinHandle;

use crate::fault::{disk_failed, failed, on_disk};

/// Bytes that are hashed and written at once.
const BLOCK: usize = 256 * 1024;
/// What nobody has written to for this long was left behind.
const STALE: Duration = Duration::from_hours(24);
/// Ends the names of files here.
const SUFFIX: &str = ".part";
const RECEIVE: &str = "receive a file";

/// The folder.
pub(crate) struct Staging {
    folder: PathBuf,
    ambient: Arc<dyn Ambient>,
}

impl Staging {
    /// Makes the folder and removes what an earlier run left there.
    pub(crate) async fn open(folder: PathBuf, ambient: Arc<dyn Ambient>) -> Result<Self, StorageError> {
        let now = ambient.now().into();
        let swept = folder.clone();
        on_disk("open the folder for incoming files", move || {
            make_folder(&swept)?;
            sweep(&swept, now)
        })
        .await?;
        Ok(Self { folder, ambient })
    }

    /// Begins a file.
    pub(crate) async fn receive(&self) -> Result<Receiving, StorageError> {
        let path = self.folder.join(format!("{}{SUFFIX}", self.ambient.id()));
        let (unfinished, file) = on_disk(RECEIVE, move || {
            let file = new_file(&path)?;
            Ok((Unfinished(Some(path)), file))
        })
        .await?;
        Ok(Receiving {
            unfinished,
            bytes: 0,
            filling: Vec::new(),
            idle: Some(Sink { file, hasher: sha2::Sha256::new(), spare: Vec::new() }),
            busy: None,
        })
    }

    /// Makes a copy of a stored file that goes away when it is dropped. What came must be what was stored.
    pub(crate) async fn copy(
        &self,
        mut from: ByteStream,
        expected: Sha256,
    ) -> Result<LocalFile, StorageError> {
        let mut receiving = Box::new(self.receive().await?);
        while let Some(bytes) = from.try_next().await? {
            receiving.write(bytes).await?;
        }
        let mut staged = receiving.finish().await?;
        if staged.sha256 != expected {
            let cause = Altered { expected, found: staged.sha256 };
            return Err(failed("copy a stored file to this machine")(cause));
        }
        staged.was_moved();
        Ok(LocalFile::copy(staged.path().to_owned()))
    }

    /// Whether a file can be received now.
    pub(crate) async fn ping(&self) -> Result<(), StorageError> {
        let mut receiving = Box::new(self.receive().await?);
        receiving.write(Bytes::from_static(b"ping")).await?;
        receiving.finish().await.map(drop)
    }
}

/// The storage delivers something else than what was stored.
#[derive(Debug, thiserror::Error)]
#[error("the stored file has changed: its SHA-256 is {found}, and {expected} was stored")]
struct Altered {
    expected: Sha256,
    found: Sha256,
}

/// A file that is being received.
pub(crate) struct Receiving {
    unfinished: Unfinished,
    bytes: u64,
    filling: Vec<u8>,
    /// Here between two blocks, there while a block is written; in neither place after a failure.
    idle: Option<Sink>,
    busy: Option<JoinHandle<io::Result<Sink>>>,
}

/// Where blocks go.
struct Sink {
    file: File,
    hasher: sha2::Sha256,
    /// The block before, to be filled again.
    spare: Vec<u8>,
}

impl Sink {
    fn take(mut self, block: Vec<u8>) -> io::Result<Self> {
        self.hasher.update(&block);
        self.file.write_all(&block)?;
        self.spare = block;
        self.spare.clear();
        Ok(self)
    }
}

impl Receiving {
    /// Waits until the block before is written, and hands over the next one.
    async fn pass_on(&mut self) -> Result<(), StorageError> {
        let mut sink = self.sink().await?;
        let block = std::mem::replace(&mut self.filling, std::mem::take(&mut sink.spare));
        self.busy = Some(tokio::task::spawn_blocking(move || sink.take(block)));
        Ok(())
    }

    async fn sink(&mut self) -> Result<Sink, StorageError> {
        if let Some(busy) = &mut self.busy {
            let written = busy.await;
            self.busy = None;
            self.idle = Some(written.map_err(failed(RECEIVE))?.map_err(disk_failed(RECEIVE))?);
        }
        self.idle.take().ok_or_else(|| failed(RECEIVE)("an earlier write of this file failed"))
    }
}

#[async_trait]
impl Incoming for Receiving {
    async fn write(&mut self, bytes: Bytes) -> Result<(), StorageError> {
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(BLOCK - self.filling.len()));
            self.filling.extend_from_slice(now);
            self.bytes += now.len() as u64;
            rest = later;
            if self.filling.len() == BLOCK {
                self.pass_on().await?;
            }
        }
        Ok(())
    }

    fn len(&self) -> u64 {
        self.bytes
    }

    async fn finish(mut self: Box<Self>) -> Result<Staged, StorageError> {
        self.pass_on().await?;
        let sha256: [u8; 32] = self.sink().await?.hasher.finalize().into();
        Ok(Staged::new(self.unfinished.release(), sha256.into(), self.bytes))
    }
}

/// Removes the file unless it was released.
struct Unfinished(Option<PathBuf>);

impl Unfinished {
    fn release(&mut self) -> PathBuf {
        self.0.take().unwrap_or_default()
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(path) = &self.0 {
            // What cannot be removed here is removed by the sweep of a later start.
            let _ = fs::remove_file(path);
        }
    }
}

/// Makes a folder and those above it, closed to others than the owner and the group.
pub(crate) fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o750);
    builder.recursive(true).create(path)
}

fn new_file(path: &Path) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
    options.write(true).create_new(true).open(path)
}

/// Removes files of ours that nobody has written to for a day. Leaves everything else alone.
fn sweep(folder: &Path, now: SystemTime) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let id = name.to_str().and_then(|name| name.strip_suffix(SUFFIX));
        if id.and_then(|id| uuid::Uuid::parse_str(id).ok()).is_none() || !entry.file_type()?.is_file() {
            continue;
        }
        // Another process may sweep the same folder: what is gone is gone.
        let Ok(modified) = entry.metadata().and_then(|about| about.modified()) else { continue };
        if now.duration_since(modified).is_ok_and(|age| age > STALE) && fs::remove_file(entry.path()).is_ok()
        {
            tracing::info!(file = %entry.path().display(), "removed a file that was left half received");
        }
    }
    Ok(())
}
