//! A server that says what a test wants, cuts connections, and remembers what it was asked.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use serde_json::{Value, json};

/// Most of a body that is remembered; the rest is only counted.
const REMEMBERED: usize = 64 << 10;

/// What was asked.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    /// With what stands behind the question mark.
    pub(crate) path: String,
    headers: BTreeMap<String, String>,
    pub(crate) body: String,
    pub(crate) body_bytes: u64,
    pub(crate) at: Instant,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }
}

/// What is answered.
pub(crate) enum Answer {
    /// Nothing: the connection is closed in the middle of the request.
    Cut,
    Reply(u16, Vec<(&'static str, String)>, String),
    /// Bytes, under a length that need not be theirs: then the connection is closed too early.
    Bytes {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: Vec<u8>,
        length: usize,
    },
}

pub(crate) fn ok(body: &Value) -> Answer {
    Answer::Reply(200, Vec::new(), body.to_string())
}

/// A refusal as the contract has it.
pub(crate) fn problem(status: u16, code: &str, detail: &str) -> Answer {
    let body = json!({
        "type": "about:blank", "title": "No", "status": status, "code": code, "detail": detail,
        "requestId": "request-7",
    });
    Answer::Reply(status, Vec::new(), body.to_string())
}

/// A medium as it is accepted, with ids that end in `number`.
pub(crate) fn accepted(number: u8) -> Answer {
    Answer::Reply(202, Vec::new(), medium(number).to_string())
}

pub(crate) fn medium(number: u8) -> Value {
    json!({
        "id": id(number), "filename": "some.bmp", "mediaType": "image", "status": "QUEUED", "verdict": null,
        "latestAnalysisRunId": id(number + 100), "createdAt": "2026-09-21T14:13:20Z", "somethingNew": 1,
    })
}

pub(crate) fn run(number: u8, status: &str) -> Value {
    json!({"id": id(number + 100), "mediaId": id(number), "status": status, "analyses": []})
}

pub(crate) fn id(number: u8) -> String {
    format!("0198c9a4-7c1e-7b5e-9d43-0f6f5a8f2a{number:02x}")
}

type Handler = Box<dyn Fn(&Seen, usize) -> Answer + Send + Sync>;

/// Gone with the test.
pub(crate) struct StandIn {
    address: SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    over: Arc<AtomicBool>,
    accepting: Option<JoinHandle<()>>,
}

impl StandIn {
    /// The handler gets the request and how many of the same method and path came before it.
    pub(crate) fn new(handler: impl Fn(&Seen, usize) -> Answer + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let over = Arc::new(AtomicBool::new(false));
        let handler: Arc<Handler> = Arc::new(Box::new(handler));
        let (all, ended) = (Arc::clone(&seen), Arc::clone(&over));
        let accepting = thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if ended.load(Ordering::SeqCst) {
                    return;
                }
                let (all, handler) = (Arc::clone(&all), Arc::clone(&handler));
                thread::spawn(move || serve(&stream, &all, &handler));
            }
        });
        Self { address, seen, over, accepting: Some(accepting) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// What was asked of one path, whatever the method.
    pub(crate) fn seen_at(&self, path: &str) -> Vec<Seen> {
        self.seen().into_iter().filter(|seen| seen.path == path).collect()
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        // Wakes the thread that waits for a connection.
        let _ = TcpStream::connect(self.address);
        if let Some(accepting) = self.accepting.take() {
            accepting.join().unwrap();
        }
    }
}

/// One request per connection.
fn serve(stream: &TcpStream, all: &Mutex<Vec<Seen>>, handler: &Handler) {
    let mut reader = BufReader::new(stream);
    let Some(mut seen) = head(&mut reader) else { return };
    let length: u64 = seen.header("content-length").parse().unwrap_or(0);
    assert_eq!(
        seen.header("transfer-encoding"),
        "",
        "a length must be told, so that it can be refused at once"
    );
    let before = {
        let all = all.lock().unwrap();
        all.iter().filter(|other| (&other.method, &other.path) == (&seen.method, &seen.path)).count()
    };
    let mut kept = Vec::new();
    // A client may go away in the middle.
    let _ = (&mut reader).take(length.min(REMEMBERED as u64)).read_to_end(&mut kept);
    seen.body = String::from_utf8_lossy(&kept).into_owned();
    seen.body_bytes = kept.len() as u64;
    let answer = handler(&seen, before);
    if !matches!(answer, Answer::Cut) {
        let rest = length.saturating_sub(seen.body_bytes);
        seen.body_bytes += std::io::copy(&mut (&mut reader).take(rest), &mut std::io::sink()).unwrap_or(0);
    }
    all.lock().unwrap().push(seen);
    let (status, headers, body, length) = match answer {
        Answer::Cut => return,
        Answer::Reply(status, headers, body) => {
            let length = body.len();
            (status, headers, body.into_bytes(), length)
        }
        Answer::Bytes { status, headers, body, length } => (status, headers, body, length),
    };
    let mut text = format!("HTTP/1.1 {status} Said\r\nConnection: close\r\nContent-Length: {length}\r\n");
    for (name, value) in headers {
        text.extend([name, ": ", &value, "\r\n"]);
    }
    // Who went away does not hear it.
    let _ = (&*stream).write_all(&[text.as_bytes(), b"\r\n", &body].concat());
}

fn head(reader: &mut impl BufRead) -> Option<Seen> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let mut words = line.split_whitespace();
    let (method, path) = (words.next()?.to_owned(), words.next()?.to_owned());
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        let Some((name, value)) = line.split_once(':') else { break };
        headers.insert(name.to_lowercase(), value.trim().to_owned());
    }
    Some(Seen { method, path, headers, body: String::new(), body_bytes: 0, at: Instant::now() })
}
