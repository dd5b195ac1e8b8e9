//! The checksum of a file, with progress while it is read.

use std::fs::File;
use std::io::{self, Read};

use dk_app::{Phase, Progress, StopToken};
use dk_domain::Sha256;
use sha2::Digest as _;

const CHUNK_BYTES: usize = 1 << 20;

/// Reads all of the file; `None` when somebody asked to stop.
pub(crate) fn digest(
    file: &mut File,
    bytes: u64,
    progress: &dyn Progress,
    stop: &StopToken,
) -> io::Result<Option<Sha256>> {
    let mut hash = sha2::Sha256::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut done = 0;
    // A file that grows is noticed later; it is not followed.
    let mut rest = file.take(bytes);
    loop {
        if stop.is_stopped() {
            return Ok(None);
        }
        let count = match rest.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => count,
            Err(again) if again.kind() == io::ErrorKind::Interrupted => continue,
            Err(source) => return Err(source),
        };
        hash.update(&chunk[..count]);
        done += count as u64;
        progress.advanced(Phase::Reading, done, Some(bytes));
    }
    Ok(Some(Sha256::from(<[u8; 32]>::from(hash.finalize()))))
}
