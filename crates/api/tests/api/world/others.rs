//! Files, passwords and inspection in memory.

use std::collections::HashMap;
use std::ops::Range;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use dk_app::ports::{
    ByteStream, Content, Incoming, InspectError, Inspector, LocalFile, Mark, PasswordError, PasswordHash,
    Passwords, Staged, Storage, StorageError, Stored, StoredEntry,
};
use dk_app::{ErrorCode, StopToken, Thumbnail};
use dk_domain::{AudioFacts, Exif, ImageFacts, MediaFacts, MediaId, MediaKind};
use futures_util::StreamExt as _;
use sha2::{Digest as _, Sha256};
use time::OffsetDateTime;
use uuid::Uuid;

/// Files; what is on its way lies in a folder of its own.
pub(crate) struct Disk {
    folder: tempfile::TempDir,
    files: Mutex<HashMap<String, Bytes>>,
    mark: Mutex<Option<Mark>>,
    pub(crate) is_full: std::sync::atomic::AtomicBool,
}

impl Disk {
    pub(super) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self { folder, files: Mutex::default(), mark: Mutex::default(), is_full: false.into() }
    }

    /// How many files are stored, and how many are on their way.
    pub(crate) fn counts(&self) -> (usize, usize) {
        (self.files.lock().unwrap().len(), std::fs::read_dir(self.folder.path()).unwrap().count())
    }
}

struct Arriving {
    path: std::path::PathBuf,
    bytes: Vec<u8>,
    is_full: bool,
}

#[async_trait]
impl Incoming for Arriving {
    async fn write(&mut self, bytes: Bytes) -> Result<(), StorageError> {
        if self.is_full {
            return Err(StorageError::Full);
        }
        self.bytes.extend_from_slice(&bytes);
        Ok(())
    }

    fn len(&self) -> u64 {
        self.bytes.len() as u64
    }

    async fn finish(self: Box<Self>) -> Result<Staged, StorageError> {
        std::fs::write(&self.path, &self.bytes).unwrap();
        let sha256: [u8; 32] = Sha256::digest(&self.bytes).into();
        Ok(Staged::new(self.path.clone(), sha256.into(), self.bytes.len() as u64))
    }
}

#[async_trait]
impl Storage for Disk {
    async fn receive(&self) -> Result<Box<dyn Incoming>, StorageError> {
        let path = self.folder.path().join(uuid_text());
        let is_full = self.is_full.load(std::sync::atomic::Ordering::SeqCst);
        Ok(Box::new(Arriving { path, bytes: Vec::new(), is_full }))
    }

    async fn keep(&self, staged: Staged, kind: MediaKind, id: MediaId) -> Result<Stored, StorageError> {
        let key = format!("{kind}/{id}");
        let bytes = std::fs::read(staged.path()).unwrap();
        self.files.lock().unwrap().insert(key.clone(), bytes.into());
        Ok(Stored { url: format!("file:///secret/{key}"), key })
    }

    async fn keep_thumbnail(&self, staged: Staged, of: &str) -> Result<(), StorageError> {
        self.keep_part(staged, &thumbnail_of(of)).await
    }

    async fn thumbnail(&self, of: &str) -> Result<Option<ByteStream>, StorageError> {
        self.read(&thumbnail_of(of), None).await
    }

    fn part_key(&self, id: Uuid) -> String {
        format!("parts/{id}")
    }

    async fn keep_part(&self, staged: Staged, key: &str) -> Result<(), StorageError> {
        let bytes = std::fs::read(staged.path()).unwrap();
        self.files.lock().unwrap().insert(key.to_owned(), bytes.into());
        Ok(())
    }

    async fn read(&self, key: &str, range: Option<Range<u64>>) -> Result<Option<ByteStream>, StorageError> {
        let Some(bytes) = self.files.lock().unwrap().get(key).cloned() else { return Ok(None) };
        let part = match range {
            Some(range) => bytes.slice(range.start as usize..range.end as usize),
            None => bytes,
        };
        Ok(Some(futures_util::stream::iter([Ok(part)]).boxed()))
    }

    async fn local(&self, key: &str) -> Result<Option<LocalFile>, StorageError> {
        let Some(bytes) = self.files.lock().unwrap().get(key).cloned() else { return Ok(None) };
        let path = self.folder.path().join(uuid_text());
        std::fs::write(&path, bytes).unwrap();
        Ok(Some(LocalFile::copy(path)))
    }

    async fn remove(&self, key: &str) -> Result<(), StorageError> {
        let mut files = self.files.lock().unwrap();
        files.remove(&thumbnail_of(key));
        files.remove(key);
        Ok(())
    }

    async fn list(
        &self,
        _: OffsetDateTime,
        after: Option<&str>,
        limit: u16,
    ) -> Result<Vec<StoredEntry>, StorageError> {
        let files = self.files.lock().unwrap();
        let mut keys: Vec<&String> = files.keys().collect();
        keys.sort_unstable();
        let rest = keys.into_iter().filter(|key| after.is_none_or(|after| key.as_str() > after));
        let entry = |key: &String| StoredEntry {
            key: key.clone(),
            media_id: key.split_once('/').and_then(|(_, id)| id.parse().ok()),
            modified_at: OffsetDateTime::UNIX_EPOCH,
        };
        Ok(rest.take(usize::from(limit)).map(entry).collect())
    }

    async fn mark(&self) -> Result<Option<Mark>, StorageError> {
        Ok(*self.mark.lock().unwrap())
    }

    async fn leave_mark(&self, mark: Mark) -> Result<(), StorageError> {
        *self.mark.lock().unwrap() = Some(mark);
        Ok(())
    }

    async fn ping(&self) -> Result<(), StorageError> {
        Ok(())
    }
}

fn thumbnail_of(key: &str) -> String {
    format!("thumbnails/{key}")
}

fn uuid_text() -> String {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    format!("{}.part", NEXT.fetch_add(1, std::sync::atomic::Ordering::SeqCst))
}

fn content(bytes: &[u8]) -> Content {
    let sha256: [u8; 32] = Sha256::digest(bytes).into();
    Content { sha256: sha256.into(), bytes: bytes.len() as u64 }
}

/// Knows a file by its first bytes, and counts the small pictures that it makes.
#[derive(Default)]
pub(crate) struct Sniffer(pub(crate) AtomicUsize);

impl Inspector for Sniffer {
    fn thumbnail(&self, path: &Path, known: Content, _: &StopToken) -> Result<Option<Vec<u8>>, InspectError> {
        let bytes = std::fs::read(path).unwrap();
        assert_eq!(content(&bytes), known);
        if bytes.ends_with(b"cut off") {
            return Err(InspectError {
                code: ErrorCode::UnreadableMedia,
                message: "the picture ends early".to_owned(),
                hint: None,
            });
        }
        self.0.fetch_add(1, Ordering::SeqCst);
        Ok(Some([b"small ", &bytes[..4]].concat()))
    }

    fn illustrate(&self, path: &Path, known: Content, _: &StopToken) -> Result<Vec<Thumbnail>, InspectError> {
        assert_eq!(content(&std::fs::read(path).unwrap()), known);
        Ok(Vec::new())
    }

    fn inspect(
        &self,
        path: &Path,
        known: Content,
        _: &StopToken,
    ) -> Result<(MediaFacts, String), InspectError> {
        let bytes = std::fs::read(path).unwrap();
        assert_eq!(content(&bytes), known);
        let refuse = |code: ErrorCode, message: &str| {
            Err(InspectError { code, message: message.to_owned(), hint: None })
        };
        let (kind, format, mimetype) = match bytes.as_slice() {
            [] => return refuse(ErrorCode::EmptyFile, "the file is empty"),
            [0x89, b'P', b'N', b'G', ..] => (MediaKind::Image, "png", "image/png"),
            [b'R', b'I', b'F', b'F', ..] => (MediaKind::Audio, "wav", "audio/wav"),
            [b'B', b'A', b'D', ..] => {
                return refuse(ErrorCode::UnreadableMedia, "the picture cannot be read");
            }
            [b'O', b'W', b'N', ..] => return refuse(ErrorCode::ToolMissing, "/usr/bin/ffmpeg is not there"),
            _ => return refuse(ErrorCode::UnsupportedMedia, "this is no picture, video or sound"),
        };
        let sha256: [u8; 32] = Sha256::digest(&bytes).into();
        let is_image = kind == MediaKind::Image;
        let facts = MediaFacts {
            kind,
            format: format.to_owned(),
            bytes: bytes.len() as u64,
            sha256: sha256.into(),
            duration_ms: (!is_image).then_some(1500),
            image: is_image.then_some(ImageFacts {
                width_px: 3,
                height_px: 2,
                animated: false,
                exif: Exif::default(),
            }),
            video: None,
            audio: (!is_image).then(|| AudioFacts {
                codec: "pcm".to_owned(),
                sample_rate_hz: 16_000,
                channels: 1,
            }),
        };
        Ok((facts, mimetype.to_owned()))
    }
}

/// Passwords as they are; an older kind is marked.
pub(super) struct PlainPasswords;

pub(super) fn plain(password: &str) -> PasswordHash {
    PasswordHash(format!("new:{password}"))
}

#[async_trait]
impl Passwords for PlainPasswords {
    async fn hash(&self, password: &str) -> Result<PasswordHash, PasswordError> {
        Ok(plain(password))
    }

    async fn check(&self, password: &str, stored: Option<&PasswordHash>) -> Result<bool, PasswordError> {
        Ok(stored.and_then(|stored| stored.0.split_once(':')).is_some_and(|(_, known)| known == password))
    }

    fn is_outdated(&self, stored: &PasswordHash) -> bool {
        stored.0.starts_with("old:")
    }
}
