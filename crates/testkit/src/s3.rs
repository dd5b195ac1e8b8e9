//! An S3 server for tests: moto, from the Python tools of the checkout. It keeps nothing, and ends with the process
//! that started it, however that ends.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, bail, ensure};

/// Ends when nobody holds the other end of its input any more, hence together with its parent.
const PROGRAM: &str = r#"
import os, sys, threading
threading.Thread(target=lambda: (sys.stdin.buffer.read(), os._exit(0)), daemon=True).start()
from moto.server import main
main(["-H", "127.0.0.1", "-p", "0"])
"#;

/// A server with one empty bucket. Stopped when dropped.
#[derive(Debug)]
pub struct S3 {
    server: Child,
    /// Where it is: `http://127.0.0.1:PORT`.
    pub endpoint: String,
}

impl S3 {
    /// Its bucket.
    pub const BUCKET: &str = "media-of-tests";
    /// The region of the bucket.
    pub const REGION: &str = "us-east-1";
    /// Public half of a key that it takes.
    pub const KEY_ID: &str = "test";
    /// Secret half of a key that it takes.
    pub const KEY_SECRET: &str = "test";

    /// Starts a server. Installs it first where it is missing; `None`, with the reason printed, when that cannot be
    /// done here.
    pub fn start() -> anyhow::Result<Option<Self>> {
        let Some(python) = python()? else { return Ok(None) };
        let mut server = Command::new(&python)
            .args(["-c", PROGRAM])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| format!("cannot start {}", python.display()))?;
        let said = server.stderr.take().context("moto has no output")?;
        // From here on the server is stopped whatever happens.
        let mut s3 = Self { server, endpoint: String::new() };
        s3.endpoint = address(BufReader::new(said))?;
        s3.make_bucket()?;
        Ok(Some(s3))
    }

    /// `HOST:PORT` of the server.
    pub fn address(&self) -> &str {
        self.endpoint.trim_start_matches("http://")
    }

    /// Keys of everything in the bucket, the first thousand.
    pub fn keys(&self) -> anyhow::Result<Vec<String>> {
        let answer = self.ask(&format!("GET /{}?list-type=2", Self::BUCKET))?;
        let keys = answer.split("<Key>").skip(1).filter_map(|rest| rest.split("</Key>").next());
        Ok(keys.map(ToOwned::to_owned).collect())
    }

    fn make_bucket(&self) -> anyhow::Result<()> {
        self.ask(&format!("PUT /{}", Self::BUCKET)).map(|_| ())
    }

    /// Sends a request without a body and returns the whole answer.
    fn ask(&self, request: &str) -> anyhow::Result<String> {
        let mut connection = TcpStream::connect(self.address())?;
        let request = format!(
            "{request} HTTP/1.1\r\nHost: {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            self.address()
        );
        connection.write_all(request.as_bytes())?;
        let mut answer = String::new();
        connection.read_to_string(&mut answer)?;
        ensure!(answer.split(' ').nth(1) == Some("200"), "moto refused: {answer}");
        Ok(answer)
    }
}

impl Drop for S3 {
    fn drop(&mut self) {
        // One that has ended already cannot be killed, and that is fine.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// Reads where the server listens. Whatever else it says is read on and thrown away, lest it wait for a reader.
fn address(mut said: BufReader<impl Read + Send + 'static>) -> anyhow::Result<String> {
    let mut all = String::new();
    let address = loop {
        let start = all.len();
        if said.read_line(&mut all)? == 0 {
            bail!("moto ended before it listened: {all}");
        }
        if let Some(address) = all[start..].trim_end().split_once("Running on ") {
            break address.1.to_owned();
        }
    };
    std::thread::spawn(move || std::io::copy(&mut said, &mut std::io::sink()));
    Ok(address)
}

/// The Python with the tools of the tests, which is installed where it is missing. Tests of one run are children of
/// one process: they try that once, one after the other.
#[expect(clippy::print_stderr, reason = "a skip prints its reason")]
fn python() -> anyhow::Result<Option<PathBuf>> {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let home =
        std::env::var_os("DRISHTIKSHA_HOME").map_or_else(|| checkout.join(".drishtiksha"), PathBuf::from);
    let (python, tool) = (home.join("venv/bin/python"), home.join("venv/bin/moto_server"));
    if tool.exists() {
        return Ok(Some(python));
    }
    fs::create_dir_all(&home)?;
    let tried = home.join("venv.tried");
    let lock = File::options().create(true).append(true).open(&tried)?;
    lock.lock()?;
    let runner = std::os::unix::process::parent_id().to_string();
    if !tool.exists() && fs::read_to_string(&tried)? != runner {
        // Whether it worked is seen below; what it says goes to the output of the test.
        let _ =
            Command::new("scripts/setup").arg("tests").current_dir(&checkout).stdin(Stdio::null()).status();
        fs::write(&tried, runner)?;
    }
    if tool.exists() {
        return Ok(Some(python));
    }
    eprintln!(
        "skipped: there is no S3 server for tests; `scripts/setup tests` installs it (moto, from PyPI)"
    );
    Ok(None)
}
