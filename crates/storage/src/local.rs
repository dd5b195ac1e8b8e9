//! Files in a folder: `<root>/media/videos/ab/<sha256>-<media id>` and the like, received in `<root>/incoming` and moved in one
//! step. What is returned as stored survives a power cut.

use std::fs::{self, File};
use std::io::{self, Seek, SeekFrom};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use dk_app::ports::{
    Ambient, ByteStream, Incoming, LocalFile, Mark, Staged, Storage, StorageError, Stored, StoredEntry,
};
use dk_domain::{MediaId, MediaKind};
use futures_util::{StreamExt, TryStreamExt};
use time::OffsetDateTime;
use tokio::io::AsyncReadExt;
use tokio_util::io::ReaderStream;
use uuid::Uuid;

use crate::fault::{absent_is_none, disk_failed, on_disk};
use crate::key::{Key, MEDIA, THUMBNAILS, folder_of};
use crate::mark;
use crate::options::LocalOptions;
use crate::staging::{Staging, make_folder};

/// Bytes that are read at once.
const PIECE: usize = 256 * 1024;
const KEEP: &str = "store a file";
const READ: &str = "read a stored file";

/// A folder.
pub(crate) struct Local {
    root: PathBuf,
    staging: Staging,
}

impl Local {
    pub(crate) async fn open(options: LocalOptions, ambient: Arc<dyn Ambient>) -> Result<Self, StorageError> {
        let root = options.root;
        let staging = Staging::open(root.join("incoming"), ambient).await?;
        let media = root.join(MEDIA);
        on_disk("open the folder of stored files", move || {
            let folders = MediaKind::ALL.into_iter().map(folder_of).chain([THUMBNAILS]);
            folders.into_iter().try_for_each(|folder| make_folder(&media.join(folder)))?;
            sync_folder(&media)
        })
        .await?;
        Ok(Self { root, staging })
    }

    fn path(&self, key: Key) -> PathBuf {
        self.root.join(key.to_string())
    }

    async fn put(&self, mut staged: Staged, key: Key) -> Result<(), StorageError> {
        let target = self.path(key);
        on_disk(KEEP, move || {
            place(staged.path(), &target)?;
            staged.was_moved();
            Ok(())
        })
        .await
    }

    async fn open_stream(
        &self,
        key: Key,
        range: Option<Range<u64>>,
    ) -> Result<Option<ByteStream>, StorageError> {
        let path = self.path(key);
        let opened = on_disk(READ, move || absent_is_none(part_of(&path, range))).await?;
        Ok(opened.map(|(file, bytes)| {
            ReaderStream::with_capacity(tokio::fs::File::from_std(file).take(bytes), PIECE)
                .map_err(disk_failed(READ))
                .boxed()
        }))
    }
}

#[async_trait]
impl Storage for Local {
    async fn receive(&self) -> Result<Box<dyn Incoming>, StorageError> {
        Ok(Box::new(self.staging.receive().await?))
    }

    async fn keep(&self, staged: Staged, kind: MediaKind, id: MediaId) -> Result<Stored, StorageError> {
        let key = Key::medium(kind, staged.sha256, id);
        self.put(staged, key).await?;
        let key = key.to_string();
        Ok(Stored { url: format!("local:{key}"), key })
    }

    async fn keep_thumbnail(&self, staged: Staged, of: &str) -> Result<(), StorageError> {
        self.put(staged, Key::require_thumbnail(of, KEEP)?).await
    }

    async fn thumbnail(&self, of: &str) -> Result<Option<ByteStream>, StorageError> {
        self.open_stream(Key::require_thumbnail(of, READ)?, None).await
    }

    fn part_key(&self, id: Uuid) -> String {
        Key::Part(id).to_string()
    }

    async fn keep_part(&self, staged: Staged, key: &str) -> Result<(), StorageError> {
        self.put(staged, Key::require_part(key, KEEP)?).await
    }

    async fn read(&self, key: &str, range: Option<Range<u64>>) -> Result<Option<ByteStream>, StorageError> {
        self.open_stream(Key::require(key, READ)?, range).await
    }

    async fn local(&self, key: &str) -> Result<Option<LocalFile>, StorageError> {
        let path = self.path(Key::require(key, READ)?);
        on_disk(READ, move || {
            let about = absent_is_none(fs::metadata(&path))?;
            Ok(about.map(|_| LocalFile::original(path)))
        })
        .await
    }

    async fn remove(&self, key: &str) -> Result<(), StorageError> {
        let key = Key::require(key, "remove a stored file")?;
        // The small picture first: as long as the file is there, whoever failed comes again.
        let paths: Vec<PathBuf> =
            key.thumbnail().into_iter().chain([key]).map(|key| self.path(key)).collect();
        on_disk("remove a stored file", move || {
            paths.into_iter().try_for_each(|path| absent_is_none(fs::remove_file(path)).map(drop))
        })
        .await
    }

    async fn list(
        &self,
        before: OffsetDateTime,
        after: Option<&str>,
        limit: u16,
    ) -> Result<Vec<StoredEntry>, StorageError> {
        let mut listing = Listing {
            before,
            after: after.unwrap_or_default().to_owned(),
            limit: usize::from(limit),
            entries: Vec::new(),
        };
        let media = self.root.join(MEDIA);
        on_disk("list stored files", move || {
            listing.walk(&media, &format!("{MEDIA}/"))?;
            Ok(listing.entries)
        })
        .await
    }

    async fn mark(&self) -> Result<Option<Mark>, StorageError> {
        mark::read(self.open_stream(Key::Mark, None).await?).await
    }

    async fn leave_mark(&self, mark: Mark) -> Result<(), StorageError> {
        let staged = mark::staged(self, mark).await?;
        self.put(staged, Key::Mark).await
    }

    async fn ping(&self) -> Result<(), StorageError> {
        let media = self.root.join(MEDIA);
        on_disk("look into the folder of stored files", move || fs::read_dir(media).map(drop)).await?;
        self.staging.ping().await
    }
}

/// Moves a file to its place; both its bytes and its name are on the disk afterwards.
fn place(staged: &Path, target: &Path) -> io::Result<()> {
    File::open(staged)?.sync_all()?;
    let shard = target.parent().unwrap_or(target);
    if !shard.is_dir() {
        make_folder(shard)?;
        sync_folder(shard.parent().unwrap_or(shard))?;
    }
    fs::rename(staged, target)?;
    sync_folder(shard)
}

/// Names in a folder survive a power cut only when the folder itself is written; elsewhere than on Unix a folder
/// cannot be opened, and the file system sees to it.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// A file at the first byte of a range, and how many bytes the range has.
fn part_of(path: &Path, range: Option<Range<u64>>) -> io::Result<(File, u64)> {
    let mut file = File::open(path)?;
    let bytes = file.metadata()?.len();
    let Some(range) = range else { return Ok((file, bytes)) };
    if range.start > range.end || range.end > bytes {
        let why = format!("the range {}..{} does not lie within {bytes} bytes", range.start, range.end);
        return Err(io::Error::new(io::ErrorKind::InvalidInput, why));
    }
    file.seek(SeekFrom::Start(range.start))?;
    Ok((file, range.end - range.start))
}

/// One page of the stored files, in the order of their keys.
struct Listing {
    before: OffsetDateTime,
    after: String,
    limit: usize,
    entries: Vec<StoredEntry>,
}

impl Listing {
    /// Walks a folder whose keys begin with `prefix`, which ends in a slash.
    fn walk(&mut self, folder: &Path, prefix: &str) -> io::Result<()> {
        for (name, is_folder) in names_in(folder)? {
            if self.entries.len() >= self.limit {
                return Ok(());
            }
            let key = format!("{prefix}{name}");
            let path = folder.join(name.trim_end_matches('/'));
            if !is_folder {
                self.add(&path, key)?;
            } else if key > self.after || self.after.starts_with(&key) {
                self.walk(&path, &key)?;
            }
        }
        Ok(())
    }

    fn add(&mut self, path: &Path, key: String) -> io::Result<()> {
        if key <= self.after {
            return Ok(());
        }
        // A file may go away between the listing and here.
        let Some(about) = absent_is_none(fs::symlink_metadata(path))? else { return Ok(()) };
        let modified_at = OffsetDateTime::from(about.modified()?);
        if modified_at < self.before {
            let media_id = Key::read(&key).and_then(Key::media_id);
            self.entries.push(StoredEntry { key, media_id, modified_at });
        }
        Ok(())
    }
}

/// Files and folders in the order that whole keys have, hence a slash after the name of a folder. Links are not
/// followed, and names that are no text are not ours.
fn names_in(folder: &Path) -> io::Result<Vec<(String, bool)>> {
    let mut names = Vec::new();
    for entry in absent_is_none(fs::read_dir(folder))?.into_iter().flatten() {
        let entry = entry?;
        let (Ok(name), kind) = (entry.file_name().into_string(), entry.file_type()?) else { continue };
        if kind.is_dir() {
            names.push((format!("{name}/"), true));
        } else if kind.is_file() {
            names.push((name, false));
        }
    }
    names.sort_unstable();
    Ok(names)
}
