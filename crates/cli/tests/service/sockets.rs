//! The real `socket.io-client`, listening as a browser does.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::Duration;

use dk_testkit::node;
use serde_json::Value;

use crate::people::Person;
use crate::process::DEADLINE;

/// A browser that listens; closed when dropped.
pub(crate) struct Socket {
    child: Child,
    lines: Receiver<String>,
    /// Everything that came so far: name and data.
    pub(crate) heard: Vec<(String, Value)>,
}

impl Socket {
    /// Connects to the API server at `base` and waits until it is connected.
    pub(crate) fn connect(base: &str, person: &Person) -> Self {
        let mut socket = Self::open(base, &person.token, None);
        socket.until(|name, _| name == "connect");
        socket
    }

    /// Connects over TLS, trusting an authority that only the test knows.
    pub(crate) fn connect_trusting(base: &str, person: &Person, authority: &Path) -> Self {
        let mut socket = Self::open_trusting(base, &person.token, None, Some(authority));
        socket.until(|name, _| name == "connect");
        socket
    }

    /// Connects and asks for everything after the event with this number.
    pub(crate) fn reconnect(base: &str, person: &Person, last: u64) -> Self {
        let mut socket = Self::open(base, &person.token, Some(last));
        socket.until(|name, _| name == "connect");
        socket
    }

    pub(crate) fn open(base: &str, token: &str, last: Option<u64>) -> Self {
        Self::open_trusting(base, token, last, None)
    }

    fn open_trusting(base: &str, token: &str, last: Option<u64>, authority: Option<&Path>) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/service/sockets.cjs");
        let mut command = node::script(&script).expect("Node's packages are installed");
        command.args([base, token]).args(last.map(|last| last.to_string()));
        command.envs(authority.map(|path| ("NODE_EXTRA_CA_CERTS", path)));
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("node can be run");
        let stdout = child.stdout.take().expect("its output is a pipe");
        let (sender, lines) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, lines, heard: Vec::new() }
    }

    /// Listens until `good` hears what it waits for, which is returned.
    pub(crate) fn until(&mut self, good: impl Fn(&str, &Value) -> bool) -> Value {
        loop {
            match self.lines.recv_timeout(DEADLINE) {
                Ok(line) => {
                    let mut line: Value = serde_json::from_str(&line).expect("JSON lines");
                    let name = line["name"].as_str().expect("a name").to_owned();
                    let data = line["data"].take();
                    let found = good(&name, &data);
                    self.heard.push((name, data.clone()));
                    if found {
                        return data;
                    }
                }
                Err(RecvTimeoutError::Timeout) => panic!("it was not heard: {:#?}", self.heard),
                Err(RecvTimeoutError::Disconnected) => panic!("the browser ended: {:#?}", self.heard),
            }
        }
    }

    /// Waits for the end of a medium's run.
    pub(crate) fn until_ended(&mut self, media_id: &str) -> Value {
        self.until(|name, data| name == "video_update" && data["mediaId"] == media_id)
    }

    /// What was told of one medium: it was taken in, then each of these models began, told of its progress and
    /// answered, in this order, and then the run ended; nothing else, nothing twice.
    pub(crate) fn told_in_order(&self, media_id: &str, models: &[&str]) {
        let of_medium = |data: &Value| data["mediaId"] == media_id || data["id"] == media_id;
        let steps: Vec<(&str, &str)> = (self.heard.iter().filter(|(_, data)| of_medium(data)))
            .map(|(name, data)| match name.as_str() {
                "progress_update" => {
                    (data["type"].as_str().expect("a type"), data["modelName"].as_str().unwrap_or_default())
                }
                name => (name, ""),
            })
            .collect();
        assert_eq!(steps.first(), Some(&("upload_complete", "")), "{steps:?}");
        assert_eq!(steps.last(), Some(&("video_update", "")), "{steps:?}");
        let mut others = 2;
        for model in models {
            let own: Vec<&str> = steps.iter().filter(|(_, of)| of == model).map(|(step, _)| *step).collect();
            let (first, rest) = own.split_first().expect("a model was heard");
            let (last, between) = rest.split_last().expect("a model has ended");
            assert_eq!((*first, *last), ("ANALYSIS_STARTED", "ANALYSIS_COMPLETED"), "{model}: {own:?}");
            assert!(between.iter().all(|step| *step == "ANALYSIS_PROGRESS"), "{model}: {own:?}");
            others += own.len();
        }
        assert_eq!(steps.len(), others, "{steps:?}");
    }

    /// Whether a model told of its progress with this medium.
    pub(crate) fn heard_progress(&self, media_id: &str) -> bool {
        self.heard.iter().any(|(_, data)| data["type"] == "ANALYSIS_PROGRESS" && data["mediaId"] == media_id)
    }

    /// Numbers of the events that are kept, in the order in which they came.
    pub(crate) fn numbers(&self) -> Vec<u64> {
        let numbered =
            self.heard.iter().filter(|(name, _)| name == "progress_update" || name == "video_update");
        numbered.filter_map(|(_, data)| data["id"].as_u64()).collect()
    }

    /// Listens for a while after the last event, to catch what must not come.
    pub(crate) fn rest(&mut self) {
        while let Ok(line) = self.lines.recv_timeout(Duration::from_millis(300)) {
            let mut line: Value = serde_json::from_str(&line).expect("JSON lines");
            let name = line["name"].as_str().expect("a name").to_owned();
            self.heard.push((name, line["data"].take()));
        }
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
