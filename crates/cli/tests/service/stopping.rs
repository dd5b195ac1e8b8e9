//! The real program that is asked to stop while strangers hold its ports.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::people::Person;
use crate::process::DEADLINE;
use crate::sockets::Socket;
use crate::stage::Stage;

/// A connection to a part of a process, with what is said on it first.
fn connect(url: &str, first: &str) -> TcpStream {
    let mut stream = TcpStream::connect(url.trim_start_matches("http://")).expect("it listens");
    stream.set_read_timeout(Some(DEADLINE)).expect("a time limit");
    stream.write_all(first.as_bytes()).expect("it takes bytes");
    stream
}

#[tokio::test]
async fn a_stop_does_not_wait_for_half_requests_and_silent_connections_on_any_port() {
    let mut stage = Stage::new();
    let mut ml = stage.start("ml");
    stage.know_ml(&ml.url("ml"));
    // Whoever waited for one of them would be here for very long.
    let mut api = stage.launch(&["api"]).env("GRACE_SECS", "600").start();
    let ada = Person::sign_up(&api.url("api"), "ada").await;
    // Live events go on through the port with its limits, and end with it.
    let browser = Socket::connect(&api.url("api"), &ada);
    let mut held = Vec::new();
    let metrics = api.url("metrics").trim_end_matches("/metrics").to_owned();
    for (url, path) in [(api.url("api"), "/api/health"), (ml.url("ml"), "/ping"), (metrics, "/metrics")] {
        held.push(connect(&url, ""));
        held.push(connect(&url, "GET /api/health HTTP/1.1\r\nHost: he"));
        let mut idle = connect(&url, &format!("GET {path} HTTP/1.1\r\nHost: here\r\n\r\n"));
        let mut some = [0; 12];
        idle.read_exact(&mut some).expect("an answer");
        assert_eq!(&some, b"HTTP/1.1 200", "{url}");
        held.push(idle);
    }
    let begin = Instant::now();
    for process in [&mut api, &mut ml] {
        process.terminate();
        assert!(process.wait().success(), "{}", process.told());
    }
    assert!(begin.elapsed() < Duration::from_mins(1), "it waited: {}", api.told());
    drop((browser, held));
}
