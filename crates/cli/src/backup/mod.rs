//! `backup` and `restore` of an installation on embedded parts: its database, its stored files and its secret in one tar.
//! What stands on servers of others is saved by their own tools; this says which.

mod read;
mod write;

use std::path::PathBuf;

use sha2::Digest as _;

use crate::config::{Config, DatabaseChoice, StorageChoice};
use crate::failure::Failure;

pub(crate) use read::restore;
pub(crate) use write::backup;

/// The first file of a backup, and its first line.
const HEAD: &str = "backup";
const FORM: &str = "drishtiksha backup 1";
/// The last file: a backup without it was cut.
const SUMS: &str = "SHA256SUMS";
const DATABASE: &str = "drishtiksha.sqlite";
/// Files of the data folder besides the database.
const FILES: [&str; 2] = ["secret", "config.toml"];
/// Folders of the data folder: certificates that are trusted, and packages of one's own. Weights that `models pull` gets
/// again, libraries and caches are left out.
const FOLDERS: [&str; 2] = ["trust", "models"];
const STORAGE: &str = "storage";

/// Where everything lies.
struct Places {
    home: PathBuf,
    database: PathBuf,
    storage: PathBuf,
}

impl Places {
    fn of(config: &Config) -> Result<Self, Failure> {
        let service = &config.service;
        let (DatabaseChoice::File(database), StorageChoice::Local(storage)) =
            (&service.database, &service.storage)
        else {
            let error = anyhow::anyhow!(
                "only an installation with its own database and a local storage is saved and restored by this command"
            );
            return Err(Failure::wrong_use(error, ELSEWHERE));
        };
        Ok(Self { home: config.home.clone(), database: database.clone(), storage: storage.clone() })
    }
}

const ELSEWHERE: &str = "save PostgreSQL with `pg_dump --format=custom` and restore it with `pg_restore` before \
    `drishtiksha migrate`; save the bucket by its provider's versions or a copy made after the dump, and the folder of \
    a local storage likewise; keep JWT_SECRET. Redis needs no backup: jobs are put back from rows";

/// A reader that sums what passes.
struct Summed<T> {
    inner: T,
    hasher: sha2::Sha256,
    bytes: u64,
}

impl<T> Summed<T> {
    fn new(inner: T) -> Self {
        Self { inner, hasher: sha2::Sha256::new(), bytes: 0 }
    }

    fn note(&mut self, piece: &[u8]) {
        self.hasher.update(piece);
        self.bytes += piece.len() as u64;
    }

    fn sum(self) -> String {
        let sum: [u8; 32] = self.hasher.finalize().into();
        dk_domain::Sha256::from(sum).to_string()
    }
}

impl<T: std::io::Read> std::io::Read for Summed<T> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.note(&buffer[..read]);
        Ok(read)
    }
}
