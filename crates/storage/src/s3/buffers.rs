//! Memory for parts of files on their way to the bucket. All uploads together hold a bounded number of parts, and the
//! memory of one part serves the next: an allocator keeps what it gets in many places, and five megabytes each add up.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use dk_app::ports::StorageError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::fault::{failed, on_disk};

/// Parts in memory at once; further uploads wait for their turn.
const MOST: usize = 8;
/// Parts whose memory is kept while nothing is sent.
const SPARE: usize = 2;
const TRIED: &str = "read a file that is to be stored";

/// The memory.
pub(super) struct Buffers {
    free: Arc<Semaphore>,
    spare: Mutex<Vec<Vec<u8>>>,
}

impl Default for Buffers {
    fn default() -> Self {
        Self { free: Arc::new(Semaphore::new(MOST)), spare: Mutex::default() }
    }
}

impl Buffers {
    /// A part of a file on this machine.
    pub(super) async fn read(
        self: &Arc<Self>,
        path: PathBuf,
        part: Range<u64>,
    ) -> Result<Bytes, StorageError> {
        let permit = Arc::clone(&self.free).acquire_owned().await.map_err(failed(TRIED))?;
        let bytes = self.spare().pop().unwrap_or_default();
        let mut buffer = Buffer { bytes, home: Arc::clone(self), _permit: permit };
        on_disk(TRIED, move || {
            buffer.fill(File::open(path)?, part)?;
            Ok(Bytes::from_owner(buffer))
        })
        .await
    }

    /// The list is whole between two statements, whoever panicked.
    fn spare(&self) -> std::sync::MutexGuard<'_, Vec<Vec<u8>>> {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One part. Its memory goes back when the last reference to it is dropped.
struct Buffer {
    bytes: Vec<u8>,
    home: Arc<Buffers>,
    _permit: OwnedSemaphorePermit,
}

impl Buffer {
    fn fill(&mut self, mut file: File, part: Range<u64>) -> io::Result<()> {
        let length = (part.end - part.start) as usize;
        self.bytes.clear();
        self.bytes.reserve_exact(length);
        file.seek(SeekFrom::Start(part.start))?;
        file.take(part.end - part.start).read_to_end(&mut self.bytes)?;
        if self.bytes.len() == length { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let mut spare = self.home.spare();
        if spare.len() < SPARE {
            spare.push(std::mem::take(&mut self.bytes));
        }
    }
}
