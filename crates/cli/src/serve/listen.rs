//! A port that is listened on, and what is served there until the process must go. Keeps strangers from holding a
//! port: the head of a request has a limit of time, and a port a limit of connections. Knows no route.

mod counted;
#[cfg(test)]
mod tests;

use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::Response;
use dk_app::StopToken;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

use crate::failure::Failure;
use counted::Counted;

/// After the system refused a connection for want of something, such as open files.
const ACCEPT_AGAIN: Duration = Duration::from_secs(1);

/// A port that was opened.
pub(super) struct Listening {
    listener: TcpListener,
    limits: Limits,
    pub(super) address: SocketAddr,
}

/// What one port bears.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Connections at the same time, live events among them; further ones wait in the system's queue.
    pub(super) connections: usize,
    /// How long the head of a request may take, and how long a connection may be of no use between two requests.
    pub(super) head: Duration,
}

impl Limits {
    /// So many connections, and half a minute for a head.
    pub(super) fn new(connections: usize) -> Self {
        Self { connections, head: Duration::from_secs(30) }
    }
}

/// Opens a port; `setting` is what to change when somebody else has it.
pub(super) async fn listen(
    host: IpAddr,
    port: u16,
    limits: Limits,
    setting: &str,
) -> Result<Listening, Failure> {
    let cannot = |error: std::io::Error| {
        let error =
            anyhow::Error::new(error).context(format!("cannot listen on {}", SocketAddr::new(host, port)));
        Failure::not_done(error, format!("another program may have it: set {setting} to a free port"))
    };
    let listener = TcpListener::bind((host, port)).await.map_err(cannot)?;
    let address = listener.local_addr().map_err(cannot)?;
    Ok(Listening { listener, limits, address })
}

impl Listening {
    /// Answers requests; when told to stop, takes no new ones and ends when the last that has begun was answered.
    pub(super) fn serve(
        self,
        router: Router,
        stop: &StopToken,
    ) -> impl Future<Output = anyhow::Result<()>> + use<> {
        let stop = stop.clone();
        async move {
            let room = Arc::new(Semaphore::new(self.limits.connections));
            let connections = TaskTracker::new();
            {
                let mut stopped = pin!(stop.stopped());
                loop {
                    let (stream, peer) = tokio::select! {
                        next = self.next(&room) => next,
                        () = &mut stopped => break,
                    };
                    let answering = answer(stream, peer, router.clone(), self.limits.head, stop.clone());
                    connections.spawn(answering);
                }
            }
            // Whoever connects from now on is refused and goes elsewhere.
            drop(self.listener);
            connections.close();
            connections.wait().await;
            Ok(())
        }
    }

    /// The next connection, once there is room for it.
    async fn next(&self, room: &Arc<Semaphore>) -> (Counted, SocketAddr) {
        let permit = self.permit(room).await;
        loop {
            match self.listener.accept().await {
                Ok((stream, peer)) => {
                    // Live events and answers are small, and nobody should wait for more to come.
                    if let Err(error) = stream.set_nodelay(true) {
                        tracing::debug!(%peer, %error, "small packets of a connection may be held back");
                    }
                    return (Counted::new(stream, permit), peer);
                }
                Err(error) if is_of_the_peer(&error) => {}
                Err(error) => {
                    tracing::error!(address = %self.address, %error, "no connections can be taken now");
                    tokio::time::sleep(ACCEPT_AGAIN).await;
                }
            }
        }
    }

    async fn permit(&self, room: &Arc<Semaphore>) -> OwnedSemaphorePermit {
        if let Ok(permit) = Arc::clone(room).try_acquire_owned() {
            return permit;
        }
        metrics::counter!("http_connections_full_total").increment(1);
        tracing::debug!(address = %self.address, "as many connections as are allowed; the next ones wait");
        Arc::clone(room).acquire_owned().await.expect("nobody closes this semaphore")
    }
}

fn is_of_the_peer(error: &std::io::Error) -> bool {
    use std::io::ErrorKind;
    matches!(
        error.kind(),
        ErrorKind::ConnectionRefused | ErrorKind::ConnectionAborted | ErrorKind::ConnectionReset
    )
}

/// Answers the requests of one connection until it ends or has to.
async fn answer(stream: Counted, peer: SocketAddr, router: Router, head: Duration, stop: StopToken) {
    let has_begun = Arc::new(AtomicBool::new(false));
    let begun = Arc::clone(&has_begun);
    let service = service_fn(move |request: hyper::Request<Incoming>| {
        begun.store(true, Ordering::Relaxed);
        one(router.clone(), request.map(Body::new), peer)
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(head)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.stopped() => {
            // Ends what waits between two requests; a request whose head is there is answered.
            connection.as_mut().graceful_shutdown();
            match futures_util::poll!(connection.as_mut()) {
                std::task::Poll::Ready(ended) => ended,
                // The first head is still not whole: nobody waits for the rest of it.
                std::task::Poll::Pending if !has_begun.load(Ordering::Relaxed) => return,
                std::task::Poll::Pending => connection.await,
            }
        }
    };
    if let Err(error) = ended {
        tracing::debug!(%peer, error = &error as &dyn std::error::Error, "a connection broke");
    }
}

async fn one(router: Router, mut request: Request, peer: SocketAddr) -> Result<Response, Infallible> {
    request.extensions_mut().insert(ConnectInfo(peer));
    router.oneshot(request).await
}
