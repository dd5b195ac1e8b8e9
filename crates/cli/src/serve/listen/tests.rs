use std::time::Duration;

use axum::extract::Request;
use axum::http::StatusCode;
use axum::http::header::{CONNECTION, UPGRADE};
use axum::routing::get;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::*;

/// Nothing here should take this long.
const DEADLINE: Duration = Duration::from_secs(20);
const NEVER: Duration = Duration::from_hours(1);
const WHOLE: &str = "GET /quick HTTP/1.1\r\nHost: here\r\n\r\n";
const HALF: &str = "GET /quick HTTP/1.1\r\nHost: he";

/// A port with its limits, and the end of serving it.
struct Port {
    address: SocketAddr,
    stop: StopToken,
    served: JoinHandle<anyhow::Result<()>>,
    /// Hears of requests to `/slow`, each with what ends it.
    slow: mpsc::UnboundedReceiver<tokio::sync::oneshot::Sender<()>>,
}

async fn open(connections: usize, head: Duration) -> Port {
    let (sender, slow) = mpsc::unbounded_channel();
    let wait = move || async move {
        let (end, ended) = tokio::sync::oneshot::channel();
        sender.send(end).unwrap();
        ended.await.unwrap();
        "at last"
    };
    let router = Router::new()
        .route("/quick", get(async |ConnectInfo(peer): ConnectInfo<SocketAddr>| peer.ip().to_string()))
        .route("/slow", get(wait))
        .route("/live", get(take_over));
    let stop = StopToken::new();
    let host = IpAddr::from([127, 0, 0, 1]);
    let at = listen(host, 0, Limits { connections, head }, "PORT").await.ok().unwrap();
    let address = at.address;
    let served = tokio::spawn(at.serve(router, &stop));
    Port { address, stop, served, slow }
}

/// Sends back what it gets, as a stream of no protocol.
async fn take_over(mut request: Request) -> axum::response::Response {
    tokio::spawn(async move {
        let taken = hyper::upgrade::on(&mut request).await.unwrap();
        let (mut from, mut to) = tokio::io::split(TokioIo::new(taken));
        let _ = tokio::io::copy(&mut from, &mut to).await;
    });
    let mut response = axum::response::Response::new(Body::empty());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    response.headers_mut().insert(CONNECTION, "upgrade".parse().unwrap());
    response.headers_mut().insert(UPGRADE, "echo".parse().unwrap());
    response
}

impl Port {
    async fn connect(&self, first: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        stream.write_all(first.as_bytes()).await.unwrap();
        stream
    }

    async fn ended(self) {
        soon(self.served).await.unwrap().unwrap();
    }
}

async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, what).await.expect("this takes too long")
}

/// Reads until the text has come.
async fn until(stream: &mut TcpStream, text: &str) {
    let mut seen = Vec::new();
    let read = async {
        while !String::from_utf8_lossy(&seen).contains(text) {
            assert_ne!(stream.read_buf(&mut seen).await.unwrap(), 0, "{seen:?}");
        }
    };
    soon(read).await;
}

/// The server ended the connection, in whatever way.
async fn is_cut(mut stream: TcpStream) {
    let mut rest = Vec::new();
    let _ = soon(stream.read_to_end(&mut rest)).await;
}

#[tokio::test]
async fn a_head_that_comes_drop_by_drop_is_cut_off() {
    let port = open(10, Duration::from_millis(300)).await;
    let (from, mut to) = port.connect("GET /quick HTTP/1.1\r\n").await.into_split();
    let drops = tokio::spawn(async move {
        let mut pause = tokio::time::interval(Duration::from_millis(20));
        loop {
            pause.tick().await;
            if to.write_all(b"X-Drop: 1\r\n").await.is_err() {
                return;
            }
        }
    });
    let mut from = from;
    let mut rest = Vec::new();
    let _ = soon(from.read_to_end(&mut rest)).await;
    assert!(!String::from_utf8_lossy(&rest).contains("200 OK"));
    drops.abort();
    // And so is a connection that says nothing between two requests.
    let mut idle = port.connect(WHOLE).await;
    until(&mut idle, "127.0.0.1").await;
    is_cut(idle).await;
    port.stop.stop();
    port.ended().await;
}

#[tokio::test]
async fn as_many_connections_as_allowed_and_the_next_one_waits_for_its_turn() {
    let port = open(2, Duration::from_millis(300)).await;
    let slow = [port.connect(HALF).await, port.connect(HALF).await];
    let mut third = port.connect(WHOLE).await;
    // Answered as soon as one of the slow ones was cut off.
    until(&mut third, "200 OK").await;
    for stream in slow {
        is_cut(stream).await;
    }
    port.stop.stop();
    port.ended().await;
}

#[tokio::test]
async fn a_connection_that_was_taken_over_keeps_its_place() {
    let port = open(1, NEVER).await;
    let asked = "GET /live HTTP/1.1\r\nHost: here\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n";
    let mut live = port.connect(asked).await;
    until(&mut live, "\r\n\r\n").await;
    let mut next = port.connect(WHOLE).await;
    live.write_all(b"still here").await.unwrap();
    until(&mut live, "still here").await;
    let mut none = [0; 1];
    assert!(next.try_read(&mut none).is_err(), "there is no room for it yet");
    drop(live);
    until(&mut next, "200 OK").await;
    port.stop.stop();
    port.ended().await;
}

#[tokio::test]
async fn a_stop_waits_for_answers_and_for_nobody_who_does_not_ask() {
    let mut port = open(10, NEVER).await;
    let silent = port.connect("").await;
    let half = port.connect(HALF).await;
    let mut idle = port.connect(WHOLE).await;
    until(&mut idle, "127.0.0.1").await;
    let mut half_of_a_second = port.connect(WHOLE).await;
    until(&mut half_of_a_second, "127.0.0.1").await;
    half_of_a_second.write_all(HALF.as_bytes()).await.unwrap();
    let mut asking = port.connect("GET /slow HTTP/1.1\r\nHost: here\r\n\r\n").await;
    let end = soon(port.slow.recv()).await.unwrap();
    port.stop.stop();
    for stream in [silent, half, idle, half_of_a_second] {
        is_cut(stream).await;
    }
    assert!(!port.served.is_finished());
    end.send(()).unwrap();
    until(&mut asking, "at last").await;
    is_cut(asking).await;
    port.ended().await;
}

#[tokio::test]
async fn a_stop_without_any_request_ends_at_once() {
    let port = open(10, NEVER).await;
    let half = port.connect(HALF).await;
    let silent = port.connect("").await;
    port.stop.stop();
    is_cut(half).await;
    is_cut(silent).await;
    assert!(TcpStream::connect(port.address).await.is_err());
    port.ended().await;
}
