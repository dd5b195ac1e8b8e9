//! Brings a file to a server, once for all who ask there about it.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use dk_app::ports::{AskError, Assignment, ByteStream, Storage, StorageError};
use dk_domain::ErrorCode;
use futures_util::{Stream, StreamExt, stream};
use reqwest::header::CONTENT_LENGTH;
use reqwest::{Body, StatusCode};
use tokio::sync::Mutex;

use super::line::Line;
use super::server::Server;
use super::turn::{Turn, says};

/// How long we wait for somebody else who sends the same file to the same server.
const WAIT: Duration = Duration::from_mins(5);
/// How long an answer to the question may take beyond that.
const GRACE: Duration = Duration::from_secs(10);

/// The upload of one file to one server. While one sends, the others wait.
#[derive(Default)]
pub(super) struct Upload {
    /// How often the file was seen to be there or brought there; 0 while it is not known.
    times: Mutex<u64>,
}

impl Upload {
    /// The file is there when this returns. `missed` is what an earlier call returned, when the server said since
    /// that it does not hold the file any more.
    pub(super) async fn ensure(
        &self,
        line: &Line,
        server: &Server,
        storage: &dyn Storage,
        what: &Assignment,
        missed: u64,
    ) -> Result<u64, Turn> {
        let mut times = self.times.lock().await;
        // Somebody else has brought it, or has brought it again.
        if *times > missed {
            return Ok(*times);
        }
        if !is_there(line, server, what).await? {
            bring(line, server, storage, what).await?;
        }
        *times += 1;
        Ok(*times)
    }
}

fn route(what: &Assignment) -> String {
    format!("/blobs/{}", what.sha256)
}

async fn is_there(line: &Line, server: &Server, what: &Assignment) -> Result<bool, Turn> {
    let request = line.head(server.address.to(&route(what))).timeout(WAIT + GRACE);
    let request = request.header("prefer", format!("wait={}", WAIT.as_secs()));
    let response = request.send().await.map_err(|e| Turn::broken(&e))?;
    match response.status() {
        StatusCode::OK => Ok(true),
        StatusCode::NOT_FOUND => Ok(false),
        // The answer to HEAD has no body that would say more.
        status => Err(Turn::Busy(format!("answered {status}"))),
    }
}

/// What our side of an upload knows, and the connection's error does not tell.
#[derive(Default)]
struct Own {
    failed: AtomicBool,
    ended: AtomicBool,
    sent_bytes: AtomicU64,
}

impl Own {
    /// Notes what passes.
    fn watch(
        self: &Arc<Self>,
        stream: ByteStream,
    ) -> impl Stream<Item = Result<Bytes, StorageError>> + use<> {
        let (passing, ending) = (Arc::clone(self), Arc::clone(self));
        let stream = stream.inspect(move |piece| match piece {
            Ok(bytes) => {
                passing.sent_bytes.fetch_add(bytes.len() as u64, Ordering::Relaxed);
            }
            Err(error) => {
                let _ = storage_failed(error);
                passing.failed.store(true, Ordering::Relaxed);
            }
        });
        stream.chain(stream::poll_fn(move |_| {
            ending.ended.store(true, Ordering::Relaxed);
            Poll::Ready(None)
        }))
    }

    /// Why an upload broke, where that lies with us.
    fn fault(&self, bytes: u64) -> Option<AskError> {
        let sent_bytes = self.sent_bytes.load(Ordering::Relaxed);
        if self.failed.load(Ordering::Relaxed) {
            Some(says(ErrorCode::Io, "the stored file could not be read"))
        } else if sent_bytes > bytes || (self.ended.load(Ordering::Relaxed) && sent_bytes < bytes) {
            Some(says(ErrorCode::FileMissing, "the stored file was changed"))
        } else {
            None
        }
    }
}

async fn bring(line: &Line, server: &Server, storage: &dyn Storage, what: &Assignment) -> Result<(), Turn> {
    if server.seen().max_blob_bytes.is_some_and(|limit| what.bytes > limit) {
        return Err(Turn::Final(says(
            ErrorCode::FileTooLarge,
            "the file has more bytes than the ML server takes",
        )));
    }
    let stream = storage.read(&what.key, None).await.map_err(|e| storage_failed(&e))?;
    let stream =
        stream.ok_or_else(|| Turn::Final(says(ErrorCode::FileMissing, "the stored file is gone")))?;
    let own = Arc::new(Own::default());
    let body = Body::wrap_stream(own.watch(stream));
    let request = line.put(server.address.to(&route(what))).header(CONTENT_LENGTH, what.bytes).body(body);
    let broken =
        |error: &reqwest::Error| own.fault(what.bytes).map_or_else(|| Turn::broken(error), Turn::Final);
    let response = request.send().await.map_err(|e| broken(&e))?;
    if response.status().is_success() { Ok(()) } else { Err(Turn::refused(response).await) }
}

fn storage_failed(error: &StorageError) -> Turn {
    tracing::warn!(error = error as &dyn std::error::Error, "a stored file could not be read");
    Turn::Final(says(ErrorCode::Io, "the stored file could not be read"))
}
