//! Files that were sent, by their checksum: held as long as there is room, removed oldest first, never while one is
//! in use. A folder belongs to one process, and what an earlier one left there is removed at the start.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use std::{fs, io};

use dk_app::HeldFile;
use dk_domain::Sha256;
use tokio::sync::Notify;

use super::receive::Reception;
use crate::message::BlobStats;

/// Ending of a file that is being received.
const PART: &str = "part";
/// How long one who asked for a file that was not there has to begin sending it.
const LEASE: Duration = Duration::from_secs(5);

/// Where files are held, and how many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlobSettings {
    /// The folder, of this process alone. Files there that are named like ours are removed at the start.
    pub folder: PathBuf,
    /// Most bytes of all files together.
    pub max_bytes: u64,
    /// Most bytes of one file.
    pub max_blob_bytes: u64,
    /// A file that nobody asked for so long goes.
    pub max_age: Duration,
}

/// The files.
pub(crate) struct Blobs {
    settings: BlobSettings,
    state: Mutex<State>,
    /// Told whenever a file has come, or will not come.
    came: Notify,
}

#[derive(Default)]
struct State {
    held: HashMap<Sha256, Blob>,
    /// Files that somebody is about to send, or is sending.
    expected: HashMap<Sha256, Expected>,
    /// Bytes of files that are being received.
    coming_bytes: u64,
    parts: u64,
}

struct Blob {
    bytes: u64,
    used_at: Instant,
    pins: usize,
}

struct Expected {
    senders: usize,
    lease_until: Instant,
}

/// There is no room, and everything that is held is in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct NoRoom;

impl Blobs {
    /// Makes the folder and removes what an earlier process left in it; blocks.
    pub(crate) fn open(settings: BlobSettings) -> io::Result<Arc<Self>> {
        fs::create_dir_all(&settings.folder)?;
        for entry in fs::read_dir(&settings.folder)? {
            let path = entry?.path();
            if is_ours(&path) {
                fs::remove_file(&path)?;
            }
        }
        Ok(Arc::new(Self { settings, state: Mutex::default(), came: Notify::new() }))
    }

    pub(super) fn settings(&self) -> &BlobSettings {
        &self.settings
    }

    /// State is valid between two statements.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn stats(&self) -> BlobStats {
        let state = self.lock();
        BlobStats {
            count: state.held.len(),
            bytes: state.bytes(),
            max_bytes: self.settings.max_bytes,
            max_blob_bytes: self.settings.max_blob_bytes,
        }
    }

    /// Number of bytes of a file that is held; it counts as used now.
    pub(super) fn find(&self, sha256: Sha256) -> Option<u64> {
        let mut state = self.lock();
        let blob = state.held.get_mut(&sha256)?;
        blob.used_at = Instant::now();
        Some(blob.bytes)
    }

    /// As [`Blobs::find`], for one who will send the file where it is not there: waits at most so long while
    /// somebody else is sending it, so that it is sent once.
    pub(super) async fn find_or_expect(&self, sha256: Sha256, wait: Duration) -> Option<u64> {
        let until = Instant::now() + wait;
        loop {
            let came = self.came.notified();
            tokio::pin!(came);
            came.as_mut().enable();
            if let Some(bytes) = self.find(sha256) {
                return Some(bytes);
            }
            let now = Instant::now();
            let next = self.lock().expect(sha256, now).filter(|_| now < until)?;
            // Whether something came or the time is over, the next round sees.
            let _ = tokio::time::timeout_at(next.min(until).into(), came).await;
        }
    }

    /// Keeps a file where it is while it is in use.
    pub(crate) fn pin(self: &Arc<Self>, sha256: Sha256) -> Option<Pinned> {
        let mut state = self.lock();
        let blob = state.held.get_mut(&sha256)?;
        blob.used_at = Instant::now();
        blob.pins += 1;
        Some(Pinned { blobs: Arc::clone(self), sha256, path: self.path(sha256) })
    }

    /// Forgets a file whose content is not what its name says. Who has it pinned still reads it.
    pub(crate) fn discard(&self, sha256: Sha256) {
        if self.lock().held.remove(&sha256).is_some() {
            remove(&self.path(sha256));
        }
    }

    /// Removes files that nobody asked for in a long time.
    pub(crate) fn sweep(&self, now: Instant) {
        let mut state = self.lock();
        let old = |blob: &Blob| now.saturating_duration_since(blob.used_at) >= self.settings.max_age;
        let gone: Vec<Sha256> =
            state.held.iter().filter(|(_, b)| b.pins == 0 && old(b)).map(|(sha256, _)| *sha256).collect();
        for sha256 in gone {
            state.held.remove(&sha256);
            remove(&self.path(sha256));
        }
        state.expected.retain(|_, expected| expected.senders > 0 || expected.lease_until > now);
    }

    /// Begins to receive a file; `named` is what the sender calls it.
    pub(super) fn receive(self: &Arc<Self>, named: Option<Sha256>) -> io::Result<Reception> {
        let path = {
            let mut state = self.lock();
            if let Some(sha256) = named {
                let lease_until = Instant::now();
                state.expected.entry(sha256).or_insert(Expected { senders: 0, lease_until }).senders += 1;
            }
            state.parts += 1;
            self.settings.folder.join(format!("{}.{PART}", state.parts))
        };
        Reception::begin(Coming { blobs: Arc::clone(self), named, path, bytes: 0, moved: false })
    }

    fn path(&self, sha256: Sha256) -> PathBuf {
        self.settings.folder.join(sha256.to_string())
    }
}

impl State {
    fn bytes(&self) -> u64 {
        self.coming_bytes + self.held.values().map(|blob| blob.bytes).sum::<u64>()
    }

    /// When to look again at a file that somebody else sends; `None` where nobody does, and the one who asked is
    /// now expected to.
    fn expect(&mut self, sha256: Sha256, now: Instant) -> Option<Instant> {
        let lease_until = now + LEASE;
        match self.expected.get_mut(&sha256) {
            Some(expected) if expected.senders > 0 => Some(now + LEASE),
            Some(expected) if expected.lease_until > now => Some(expected.lease_until),
            _ => {
                self.expected.insert(sha256, Expected { senders: 0, lease_until });
                None
            }
        }
    }
}

/// A file that is held and in use.
pub(crate) struct Pinned {
    blobs: Arc<Blobs>,
    sha256: Sha256,
    path: PathBuf,
}

impl Pinned {
    pub(crate) fn sha256(&self) -> Sha256 {
        self.sha256
    }
}

impl HeldFile for Pinned {
    fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Pinned {
    fn drop(&mut self) {
        if let Some(blob) = self.blobs.lock().held.get_mut(&self.sha256) {
            blob.pins = blob.pins.saturating_sub(1);
        }
    }
}

/// Room for a file that is being received. Dropping it gives the room back and removes what came.
pub(super) struct Coming {
    blobs: Arc<Blobs>,
    named: Option<Sha256>,
    path: PathBuf,
    bytes: u64,
    moved: bool,
}

impl Coming {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes room for more bytes, where need be by removing the files that were used the longest ago.
    pub(super) fn grow(&mut self, bytes: u64) -> Result<(), NoRoom> {
        let mut state = self.blobs.lock();
        while state.bytes() + bytes > self.blobs.settings.max_bytes {
            let idle = state.held.iter().filter(|(_, blob)| blob.pins == 0);
            let oldest = idle.min_by_key(|(_, blob)| blob.used_at).map(|(sha256, _)| *sha256);
            let oldest = oldest.ok_or(NoRoom)?;
            state.held.remove(&oldest);
            remove(&self.blobs.path(oldest));
        }
        state.coming_bytes += bytes;
        self.bytes += bytes;
        Ok(())
    }

    /// The whole file has come, and this is its checksum; blocks for a moment.
    pub(super) fn finish(mut self, sha256: Sha256) -> io::Result<Pinned> {
        let path = self.blobs.path(sha256);
        let mut state = self.blobs.lock();
        let blob = Blob { bytes: self.bytes, used_at: Instant::now(), pins: 0 };
        if !state.held.contains_key(&sha256) {
            fs::rename(&self.path, &path)?;
            self.moved = true;
        }
        // Room for the same bytes, now as a file that is held.
        state.coming_bytes -= self.bytes;
        self.bytes = 0;
        state.held.entry(sha256).or_insert(blob).pins += 1;
        drop(state);
        Ok(Pinned { blobs: Arc::clone(&self.blobs), sha256, path })
    }
}

impl Drop for Coming {
    fn drop(&mut self) {
        {
            let mut state = self.blobs.lock();
            state.coming_bytes -= self.bytes;
            if let Some(named) = self.named
                && let Some(expected) = state.expected.get_mut(&named)
            {
                expected.senders = expected.senders.saturating_sub(1);
                if expected.senders == 0 {
                    state.expected.remove(&named);
                }
            }
        }
        if !self.moved {
            remove(&self.path);
        }
        self.blobs.came.notify_waiters();
    }
}

/// A file that cannot be removed is removed at the next start.
fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(error = &error as &dyn std::error::Error, "a held file could not be removed");
    }
}

/// Named by a checksum, or a part of a file.
fn is_ours(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let part = name.strip_suffix(PART).and_then(|name| name.strip_suffix('.'));
    name.parse::<Sha256>().is_ok() || part.is_some_and(|number| number.parse::<u64>().is_ok())
}
