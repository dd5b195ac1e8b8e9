//! Bodies that are not wanted to their end.

use std::pin::Pin;
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
