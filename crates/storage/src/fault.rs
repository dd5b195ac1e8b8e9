//! How faults of the system and of libraries become faults of the port.

use std::error::Error;
use std::io;

use dk_app::ports::StorageError;

/// Whatever is behind a fault.
pub(crate) type Cause = Box<dyn Error + Send + Sync>;

/// Says what was tried when it failed.
pub(crate) fn failed<E: Into<Cause>>(tried: &'static str) -> impl Fn(E) -> StorageError {
    move |cause| StorageError::Failed { tried, source: cause.into() }
}

/// As [`failed`], and tells a full disk or a used-up quota from all else.
pub(crate) fn disk_failed(tried: &'static str) -> impl Fn(io::Error) -> StorageError {
    move |cause| match cause.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => StorageError::Full,
        _ => StorageError::Failed { tried, source: cause.into() },
    }
}

/// Runs work that waits for the disk on a thread where waiting is fine.
pub(crate) async fn on_disk<T: Send + 'static>(
    tried: &'static str,
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, StorageError> {
    tokio::task::spawn_blocking(work).await.map_err(failed(tried))?.map_err(disk_failed(tried))
}

/// `None` in place of "there is no such file".
pub(crate) fn absent_is_none<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(cause),
    }
}
