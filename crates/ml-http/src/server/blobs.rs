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
    held_bytes: u64,
    /// Files that somebody is about to send, or is sending.
    expected: HashMap<Sha256, Expected>,
    /// Bytes of files that are being received.
    coming_bytes: u64,
    last_id: u64,
}

struct Blob {
    /// Tells it from an earlier one with the same content that was forgotten.
    id: u64,
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
        Some(Pinned { blobs: Arc::clone(self), sha256, id: blob.id, path: self.path(sha256) })
    }

    /// Forgets a file whose content is not what its name says. Who has it pinned still reads it.
    pub(crate) fn discard(&self, sha256: Sha256) {
        if self.lock().forget(sha256) {
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
            state.forget(sha256);
            remove(&self.path(sha256));
        }
        state.expected.retain(|_, expected| expected.senders > 0 || expected.lease_until > now);
    }

    /// Begins to receive a file; `named` is what the sender calls it.
    pub(super) fn receive(self: &Arc<Self>, named: Option<Sha256>) -> io::Result<Reception> {
        let id = {
            let mut state = self.lock();
            if let Some(sha256) = named {
                let lease_until = Instant::now();
                state.expected.entry(sha256).or_insert(Expected { senders: 0, lease_until }).senders += 1;
            }
            state.last_id += 1;
            state.last_id
        };
        let path = self.settings.folder.join(format!("{id}.{PART}"));
        Reception::begin(Coming { blobs: Arc::clone(self), id, named, path, bytes: 0, moved: false })
    }

    fn path(&self, sha256: Sha256) -> PathBuf {
        self.settings.folder.join(sha256.to_string())
    }
}

impl State {
    fn bytes(&self) -> u64 {
        self.coming_bytes + self.held_bytes
    }

    /// Forgets a file and says whether it was held.
    fn forget(&mut self, sha256: Sha256) -> bool {
        let blob = self.held.remove(&sha256);
        self.held_bytes -= blob.as_ref().map_or(0, |blob| blob.bytes);
        blob.is_some()
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
    id: u64,
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
        if let Some(blob) = self.blobs.lock().held.get_mut(&self.sha256)
            && blob.id == self.id
        {
            blob.pins = blob.pins.saturating_sub(1);
        }
    }
}

/// Room for a file that is being received. Dropping it gives the room back and removes what came.
pub(super) struct Coming {
    blobs: Arc<Blobs>,
    id: u64,
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
            state.forget(oldest);
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
        let now = Instant::now();
        let id = if let Some(blob) = state.held.get_mut(&sha256) {
            // Another sender of the same file was faster.
            blob.used_at = now;
            blob.pins += 1;
            blob.id
        } else {
            fs::rename(&self.path, &path)?;
            self.moved = true;
            let bytes = std::mem::take(&mut self.bytes);
            state.coming_bytes -= bytes;
            state.held_bytes += bytes;
            state.held.insert(sha256, Blob { id: self.id, bytes, used_at: now, pins: 1 });
            self.id
        };
        drop(state);
        Ok(Pinned { blobs: Arc::clone(&self.blobs), sha256, id, path })
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

#[cfg(test)]
mod tests {
    use super::*;

    fn blobs(folder: &Path) -> Arc<Blobs> {
        let max_age = Duration::from_mins(1);
        let folder = folder.to_owned();
        Blobs::open(BlobSettings { folder, max_bytes: 100, max_blob_bytes: 100, max_age }).unwrap()
    }

    async fn bring(blobs: &Arc<Blobs>, content: &'static [u8]) -> Pinned {
        let mut reception = blobs.receive(None).unwrap();
        reception.add(content.into(), 100).await.unwrap();
        reception.finish(None).await.unwrap_or_else(|problem| panic!("{problem:?}"))
    }

    #[tokio::test]
    async fn a_file_that_nobody_asked_for_in_a_long_time_goes_unless_it_is_in_use() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = blobs(folder.path());
        let used = bring(&blobs, b"used").await;
        let unused = bring(&blobs, b"unused").await.sha256();
        blobs.sweep(Instant::now());
        assert!(blobs.find(unused).is_some());
        let later = Instant::now() + Duration::from_secs(61);
        blobs.sweep(later);
        assert_eq!((blobs.find(unused), blobs.find(used.sha256())), (None, Some(4)));
        assert_eq!((blobs.stats().count, blobs.stats().bytes), (1, 4));
        let sha256 = used.sha256();
        drop(used);
        blobs.sweep(later + Duration::from_secs(61));
        assert_eq!(blobs.find(sha256), None);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[tokio::test]
    async fn who_held_a_file_that_was_forgotten_does_not_let_go_of_its_successor() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = blobs(folder.path());
        let old = bring(&blobs, b"file").await;
        blobs.discard(old.sha256());
        let new = bring(&blobs, b"file").await;
        drop(old);
        blobs.sweep(Instant::now() + Duration::from_secs(61));
        assert_eq!(blobs.find(new.sha256()), Some(4), "it is still in use");
    }
}
