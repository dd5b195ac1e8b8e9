//! Receives one file: bytes are hashed and written on a thread that may block, a few pieces behind the network.

use std::fs::File;
use std::io::{self, Write};

use bytes::Bytes;
use dk_domain::{ErrorCode, Sha256};
use sha2::Digest;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::blobs::{Coming, NoRoom, Pinned};
use super::problem::{Problem, code};

/// Pieces that may wait for the disk.
const WAITING: usize = 16;

/// A file that is coming. Dropping it removes what came.
pub(super) struct Reception {
    coming: Coming,
    bytes: u64,
    pieces: mpsc::Sender<Bytes>,
    writer: JoinHandle<io::Result<Sha256>>,
}

impl Reception {
    /// Makes the file.
    pub(super) fn begin(coming: Coming) -> io::Result<Self> {
        let file = File::create_new(coming.path())?;
        let (pieces, coming_pieces) = mpsc::channel(WAITING);
        let writer = tokio::task::spawn_blocking(move || write(file, coming_pieces));
        Ok(Self { coming, bytes: 0, pieces, writer })
    }

    /// Adds bytes.
    pub(super) async fn add(&mut self, bytes: Bytes, limit_bytes: u64) -> Result<(), Problem> {
        let more = bytes.len() as u64;
        self.bytes += more;
        if self.bytes > limit_bytes {
            return Err(Problem::too_large(limit_bytes));
        }
        let full = |NoRoom| {
            Problem::unavailable(code::NO_ROOM, "every file that is held here is in use; try again later", 5)
        };
        self.coming.grow(more).map_err(full)?;
        // The writer has ended early only with an error, which `finish` would tell; nobody waits for it here.
        self.pieces.send(bytes).await.map_err(|_| disk_failed())
    }

    /// All bytes have come. `named` is what the file should be.
    pub(super) async fn finish(self, named: Option<Sha256>) -> Result<Pinned, Problem> {
        let Self { coming, pieces, writer, bytes } = self;
        drop(pieces);
        let sha256 = match writer.await {
            Ok(Ok(sha256)) => sha256,
            Ok(Err(error)) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a file could not be written");
                return Err(disk_failed());
            }
            Err(_) => return Err(Problem::internal()),
        };
        if let Some(named) = named.filter(|named| *named != sha256) {
            let detail = format!("the {bytes} bytes that came have the SHA-256 {sha256}, not {named}");
            let status = axum::http::StatusCode::UNPROCESSABLE_ENTITY;
            return Err(Problem::new(status, code::HASH_MISMATCH, detail));
        }
        coming.finish(sha256).map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "a file could not be kept");
            disk_failed()
        })
    }
}

fn write(mut file: File, mut pieces: mpsc::Receiver<Bytes>) -> io::Result<Sha256> {
    let mut hasher = sha2::Sha256::new();
    while let Some(piece) = pieces.blocking_recv() {
        hasher.update(&piece);
        file.write_all(&piece)?;
    }
    Ok(Sha256::from(<[u8; 32]>::from(hasher.finalize())))
}

fn disk_failed() -> Problem {
    let problem = Problem::internal();
    Problem { code: ErrorCode::Io.as_str(), detail: "the disk refused the file".to_owned(), ..problem }
}
