//! Bodies that are not wanted to their end, and bodies that their reader must not pile up.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::{Body, BodyDataStream, Bytes, HttpBody as _};
use futures_util::{Stream, StreamExt as _};

/// How much of a refused body is still taken, and for how long. A client that is refused in the middle of sending
/// sees the answer only when somebody reads on; otherwise its connection is reset.
const MOST_BYTES: u64 = 64 * 1024 * 1024;
const LONGEST: Duration = Duration::from_secs(10);

/// A body that is read on for a while when it is dropped before its end.
pub(crate) fn linger(body: Body) -> Body {
    if body.is_end_stream() {
        return body;
    }
    Body::from_stream(Lingering { inner: Some(body.into_data_stream()) })
}

struct Lingering {
    inner: Option<BodyDataStream>,
}

impl Stream for Lingering {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(inner) = self.inner.as_mut() else { return Poll::Ready(None) };
        let item = inner.poll_next_unpin(cx);
        if matches!(item, Poll::Ready(None | Some(Err(_)))) {
            self.inner = None;
        }
        item
    }
}

impl Drop for Lingering {
    fn drop(&mut self) {
        let Some(rest) = self.inner.take() else { return };
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        runtime.spawn(tokio::time::timeout(LONGEST, drain(rest)));
    }
}

async fn drain(mut rest: BodyDataStream) {
    let mut seen = 0;
    while let Some(Ok(bytes)) = rest.next().await {
        seen += bytes.len() as u64;
        if seen > MOST_BYTES {
            return;
        }
    }
}

/// Most bytes that a reader of a multipart body may take without getting anywhere. The reader keeps what it has not
/// understood, so without this an endless preamble or header of a part would fill the memory.
const MOST_BACKLOG: usize = 256 * 1024;

/// How much was taken out of a body since its reader last got somewhere.
#[derive(Debug, Clone, Default)]
pub(crate) struct Backlog(Arc<AtomicUsize>);

impl Backlog {
    /// The reader got somewhere.
    pub(crate) fn clear(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// The body, piece by piece, until too much of it has piled up.
    pub(crate) fn watch(&self, body: Body) -> Body {
        Body::from_stream(Watched { inner: body.into_data_stream(), backlog: self.clone(), rests: false })
    }
}

/// A reader got too much without getting anywhere.
#[derive(Debug, thiserror::Error)]
#[error("the head of a part is too long")]
struct TooMuchBacklog;

struct Watched {
    inner: BodyDataStream,
    backlog: Backlog,
    rests: bool,
}

impl Stream for Watched {
    type Item = Result<Bytes, axum::Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        // The reader takes all there is before it looks at anything; a rest after each piece makes it look.
        if std::mem::take(&mut self.rests) {
            cx.waker().wake_by_ref();
            return Poll::Pending;
        }
        let item = self.inner.poll_next_unpin(cx);
        if let Poll::Ready(Some(Ok(bytes))) = &item {
            self.rests = true;
            let before = self.backlog.0.fetch_add(bytes.len(), Ordering::Relaxed);
            // One piece may be as large as it likes: it is in memory already.
            if before > MOST_BACKLOG {
                return Poll::Ready(Some(Err(axum::Error::new(TooMuchBacklog))));
            }
        }
        item
    }
}
