//! Weights that were pulled, each in a file named by its own checksum, and the checksum of any file.

use std::fs::{self, File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use dk_domain::Sha256;
use sha2::{Digest, Sha256 as Hasher};

use super::sums::Sums;

/// A folder of weights. A file there never changes once it has its name.
#[derive(Debug, Clone)]
pub struct Store {
    folder: PathBuf,
}

/// Why weights could not be put into the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// Other bytes than promised.
    #[error("{what} has the SHA-256 {found}, expected {expected}")]
    Checksum {
        /// Which bytes.
        what: String,
        /// What they are.
        found: Sha256,
        /// What they should be.
        expected: Sha256,
    },
    /// Another process fetches the same weights.
    #[error("another process is fetching the weights {sha256}")]
    Busy {
        /// Which weights.
        sha256: Sha256,
    },
    /// The system refused.
    #[error("cannot store weights in {folder}")]
    Io {
        /// The folder of the store.
        folder: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

impl Store {
    /// A store in this folder, which need not exist yet.
    pub fn new(folder: impl Into<PathBuf>) -> Self {
        Self { folder: folder.into() }
    }

    /// The checksum of a file of weights, in the store or not; one that nobody has touched since it was read is not read again.
    pub(super) fn checksum(&self, path: &Path) -> io::Result<Sha256> {
        Sums::new(self.folder.join(".sums")).of(path)
    }

    /// Where weights with this checksum are, if they are there.
    pub fn find(&self, sha256: Sha256) -> Option<PathBuf> {
        let path = self.path(sha256);
        path.is_file().then_some(path)
    }

    /// Where weights with this checksum belong.
    pub fn path(&self, sha256: Sha256) -> PathBuf {
        self.folder.join(sha256.to_string())
    }

    /// Moves a file of this file system in whose checksum is known to be right.
    pub(crate) fn adopt(&self, file: &Path, sha256: Sha256) -> Result<PathBuf, StoreError> {
        let failed = |source| StoreError::Io { folder: self.folder.clone(), source };
        fs::create_dir_all(&self.folder).map_err(failed)?;
        let path = self.path(sha256);
        fs::rename(file, &path).map_err(failed)?;
        Ok(path)
    }

    /// Copies `bytes` in under their checksum; what was there before stays. Either the whole file gets
    /// its name or nothing does.
    pub fn put(&self, what: &str, mut bytes: impl Read, expected: Sha256) -> Result<PathBuf, StoreError> {
        let failed = |source| StoreError::Io { folder: self.folder.clone(), source };
        fs::create_dir_all(&self.folder).map_err(failed)?;
        let part = self.folder.join(format!(".{expected}.{}.part", std::process::id()));
        let copied = copy_hashing(&mut bytes, &part);
        let found = match copied {
            Ok(found) => found,
            Err(source) => {
                // The copy failed; what remains of the part is of no use and may already be gone.
                let _ = fs::remove_file(&part);
                return Err(failed(source));
            }
        };
        if found != expected {
            fs::remove_file(&part).map_err(failed)?;
            return Err(StoreError::Checksum { what: what.to_owned(), found, expected });
        }
        let path = self.path(expected);
        fs::rename(&part, &path).map_err(failed)?;
        Ok(path)
    }
}

/// Weights that come from far away, perhaps in several goes. Only one process works on them at a time; what has come
/// stays when it ends early.
#[derive(Debug)]
pub struct Download {
    store: Store,
    file: File,
    part: PathBuf,
    expected: Sha256,
    bytes: u64,
}

impl Store {
    /// Begins a download, or goes on with one that was interrupted. Refused while another process is at it.
    pub fn download(&self, expected: Sha256) -> Result<Download, StoreError> {
        let failed = |source| StoreError::Io { folder: self.folder.clone(), source };
        fs::create_dir_all(&self.folder).map_err(failed)?;
        let part = self.folder.join(format!(".{expected}.download"));
        let file = File::options().create(true).append(true).open(&part).map_err(failed)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Busy { sha256: expected }),
            Err(TryLockError::Error(source)) => return Err(failed(source)),
        }
        let bytes = file.metadata().map_err(failed)?.len();
        Ok(Download { store: self.clone(), file, part, expected, bytes })
    }
}

impl Download {
    /// How many bytes are there.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Adds what came next.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), StoreError> {
        self.file.write_all(bytes).map_err(|source| self.failed(source))?;
        self.bytes += bytes.len() as u64;
        Ok(())
    }

    /// Forgets what is there.
    pub fn restart(&mut self) -> Result<(), StoreError> {
        self.file.set_len(0).map_err(|source| self.failed(source))?;
        self.bytes = 0;
        Ok(())
    }

    /// Lets it in by its checksum. Other bytes than promised are removed, so that the next attempt begins anew.
    pub fn finish(self, what: &str) -> Result<PathBuf, StoreError> {
        self.file.sync_all().map_err(|source| self.failed(source))?;
        let found = checksum(&self.part).map_err(|source| self.failed(source))?;
        if found != self.expected {
            fs::remove_file(&self.part).map_err(|source| self.failed(source))?;
            return Err(StoreError::Checksum { what: what.to_owned(), found, expected: self.expected });
        }
        let path = self.store.path(self.expected);
        fs::rename(&self.part, &path).map_err(|source| self.failed(source))?;
        Ok(path)
    }

    fn failed(&self, source: io::Error) -> StoreError {
        StoreError::Io { folder: self.store.folder.clone(), source }
    }
}

fn copy_hashing(from: &mut impl Read, to: &Path) -> io::Result<Sha256> {
    let mut file = File::create(to)?;
    let sha256 = hash(from, |chunk| file.write_all(chunk))?;
    file.sync_all()?;
    Ok(sha256)
}

/// SHA-256 of a file.
pub fn checksum(path: &Path) -> io::Result<Sha256> {
    hash(&mut open_regular(path)?, |_| Ok(()))
}

/// Opens what is a plain file; a pipe would wait for ever and a device never end.
pub(crate) fn open_regular(path: &Path) -> io::Result<File> {
    if fs::metadata(path)?.is_file() {
        File::open(path)
    } else {
        Err(io::Error::other("it is not a plain file"))
    }
}

fn hash(from: &mut impl Read, mut each: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<Sha256> {
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        let read = from.read(&mut buffer)?;
        if read == 0 {
            let digest: [u8; 32] = hasher.finalize().into();
            return Ok(Sha256::from(digest));
        }
        hasher.update(&buffer[..read]);
        each(&buffer[..read])?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ABC: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn only_the_promised_bytes_get_a_name_and_nothing_else_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::new(folder.path().join("weights"));
        let expected: Sha256 = ABC.parse().unwrap();
        assert!(matches!(store.put("x", &b"abd"[..], expected), Err(StoreError::Checksum { .. })));
        assert_eq!(store.find(expected), None);
        let path = store.put("x", &b"abc"[..], expected).unwrap();
        assert_eq!(store.find(expected), Some(path.clone()));
        assert_eq!(checksum(&path).unwrap(), expected);
        assert_eq!(fs::read_dir(folder.path().join("weights")).unwrap().count(), 1);
    }
}
