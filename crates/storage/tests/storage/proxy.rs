//! Stands between a client and a server and cuts connections in the middle.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// From the client to the server.
    Up,
    /// From the server to the client.
    Down,
}

#[derive(Debug, Default)]
struct Plan {
    /// Bytes that still pass on this way before a connection is cut.
    cut: Option<(Way, usize)>,
    /// Whether the next connection is cut in the same way.
    again: Option<usize>,
    cuts: u32,
}

/// The proxy. It ends when dropped.
#[derive(Debug)]
pub(crate) struct Proxy {
    /// Where it is: `http://127.0.0.1:PORT`.
    pub(crate) url: String,
    plan: Arc<Mutex<Plan>>,
    task: JoinHandle<()>,
}

impl Proxy {
    /// Stands before the server at `HOST:PORT`.
    pub(crate) async fn before(server: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (plan, server) = (Arc::new(Mutex::new(Plan::default())), server.to_owned());
        let shared = Arc::clone(&plan);
        let task = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                tokio::spawn(carry(client, server.clone(), Arc::clone(&shared)));
            }
        });
        Self { url, plan, task }
    }

    /// Cuts the connection on which the byte after `bytes` more on this way would pass.
    pub(crate) fn cut_once(&self, way: Way, bytes: usize) {
        *self.plan.lock().unwrap() = Plan { cut: Some((way, bytes)), ..Plan::default() };
    }

    /// Cuts every connection after so many bytes.
    pub(crate) fn cut_always(&self, way: Way, bytes: usize) {
        *self.plan.lock().unwrap() = Plan { cut: Some((way, bytes)), again: Some(bytes), cuts: 0 };
    }

    /// How many connections were cut since the last call of a cut.
    pub(crate) fn cuts(&self) -> u32 {
        self.plan.lock().unwrap().cuts
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn carry(client: TcpStream, server: String, plan: Arc<Mutex<Plan>>) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    // Whichever way ends first ends the connection: both halves of both sides are dropped.
    tokio::select! {
        () = copy(from_client, to_server, Way::Up, &plan) => {}
        () = copy(from_server, to_client, Way::Down, &plan) => {}
    }
}

async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, way: Way, plan: &Mutex<Plan>) {
    let mut bytes = vec![0; 64 * 1024];
    while let Ok(read @ 1..) = from.read(&mut bytes).await {
        let passes = plan.lock().unwrap().pass(way, read);
        if to.write_all(&bytes[..passes]).await.is_err() || passes < read {
            return;
        }
    }
}

impl Plan {
    /// How many of so many bytes pass; fewer than all of them is a cut.
    fn pass(&mut self, way: Way, bytes: usize) -> usize {
        match &mut self.cut {
            Some((cut, left)) if *cut == way => {
                if bytes <= *left {
                    *left -= bytes;
                    return bytes;
                }
                let passes = *left;
                self.cuts += 1;
                self.cut = self.again.map(|again| (way, again));
                passes
            }
            _ => bytes,
        }
    }
}
