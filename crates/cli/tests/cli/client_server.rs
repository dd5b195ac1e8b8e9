//! The real service in one process, in a home of the test, and the client in a data folder of its own.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use serde_json::Value;

use crate::support::{Home, Outcome, finish, finish_with_stdin, poll, text};

/// Far above what a start or a run needs, because the machine may be busy.
pub(crate) const PATIENCE: Duration = Duration::from_secs(90);

/// Ended with the test.
pub(crate) struct Service<'a> {
    home: &'a Home,
    child: Child,
    url: String,
    printed: String,
}

/// Of the administrator, who has chosen it instead of the printed one.
pub(crate) const PASSWORD: &str = "chosen by the administrator";

impl<'a> Service<'a> {
    /// Starts with no account but that of the first administrator.
    pub(crate) fn start(home: &'a Home) -> Self {
        Self::start_as(home, &Models::Here)
    }

    /// Takes files and leaves every run waiting, for a server of models that is not there.
    pub(crate) fn start_without_models(home: &'a Home) -> Self {
        Self::start_as(home, &Models::Nowhere)
    }

    fn start_as(home: &'a Home, models: &Models) -> Self {
        let (child, said) = launch(home, "0", models);
        let password =
            said.iter().find_map(|line| line.split("password: ").nth(1)?.split_whitespace().next());
        let printed = password.unwrap_or_else(|| panic!("no password: {said:?}")).to_owned();
        let service = Self { home, child, url: url(&said), printed };
        let args = ["user", "password", "admin@localhost", "--password-stdin"];
        let chosen = finish_with_stdin(home.command(args), PASSWORD.as_bytes());
        assert_eq!(chosen.code, Some(0), "{chosen:?}");
        service
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Ends it in the middle of its work.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again where it was, with its models.
    pub(crate) fn start_again(&mut self) {
        let port = self.url.rsplit(':').next().unwrap().to_owned();
        let (child, said) = launch(self.home, &port, &Models::Here);
        self.child = child;
        assert_eq!(url(&said), self.url);
    }

    /// The client, knowing nothing but its own data folder.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.home.command(args);
        command.env("DRISHTIKSHA_HOME", self.home.path("client")).env_remove("DRISHTIKSHA_MODELS");
        command
    }

    pub(crate) fn client(&self, args: &[&str]) -> Outcome {
        finish(self.command(args))
    }

    pub(crate) fn login_with(&self, password: &str) -> Outcome {
        let args = ["login", &self.url, "--email", "admin@localhost", "--password-stdin"];
        finish_with_stdin(self.command(&args), format!("{password}\n").as_bytes())
    }

    pub(crate) fn login(&self) -> Outcome {
        self.login_with(PASSWORD)
    }

    /// The password of the first start, which is worth nothing any more.
    pub(crate) fn printed(&self) -> &str {
        &self.printed
    }

    /// Sends a file without waiting: the ids of medium and run.
    pub(crate) fn send(&self, file: &str) -> (String, String) {
        let receipt = self.client(&["upload", "--json", "--quiet", file]);
        assert_eq!(receipt.code, Some(0), "{receipt:?}");
        let receipt = receipt.document();
        (text(&receipt["mediaId"]), text(&receipt["runId"]))
    }

    /// The list of files as JSON.
    pub(crate) fn list(&self) -> Vec<Value> {
        let list = self.client(&["runs", "--json"]);
        assert_eq!(list.code, Some(0), "{list:?}");
        list.document()["items"].as_array().unwrap().clone()
    }

    /// A client whose messages can be read while it runs.
    pub(crate) fn begin(&self, args: &[&str]) -> Begun {
        let said = self.home.path("said");
        let mut command = self.command(args);
        command.stderr(File::create(&said).unwrap());
        Begun { child: command.spawn().unwrap(), said }
    }
}

impl Drop for Service<'_> {
    fn drop(&mut self) {
        // It may have been ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Where a service has its models.
enum Models {
    Here,
    Nowhere,
}

/// Starts the service and gives what it said until it was ready.
fn launch(home: &Home, port: &str, models: &Models) -> (Child, Vec<String>) {
    let log = File::options().create(true).append(true).open(home.path("log")).unwrap();
    let mut command = home.command(["serve"]);
    for (name, value) in
        [("PORT", port), ("METRICS_PORT", "0"), ("WORKER_MEND_MS", "500"), ("REQUESTS_PER_MINUTE", "100000")]
    {
        command.env(name, value);
    }
    if let Models::Nowhere = models {
        // Nobody listens on a port of this number.
        command.args(["--roles", "api,worker"]).env("ML_SERVER_URLS", "http://127.0.0.1:1");
        command.env("ML_API_KEY", "of nobody, of nobody");
    }
    let mut child = command.stderr(log).spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let (sender, said) = channel();
    thread::spawn(move || {
        for line in lines.map_while(Result::ok) {
            // The test may have heard enough.
            let _ = sender.send(line);
        }
    });
    let mut heard: Vec<String> = Vec::new();
    while !heard.iter().any(|line| line.starts_with("metrics")) {
        let Ok(line) = said.recv_timeout(PATIENCE) else {
            let _ = child.kill();
            let log = fs::read_to_string(home.path("log")).unwrap_or_default();
            panic!("it did not become ready: {heard:?}\n{log}");
        };
        heard.push(line);
    }
    (child, heard)
}

fn url(said: &[String]) -> String {
    let line = said.iter().find_map(|line| line.strip_prefix("api "));
    line.unwrap_or_else(|| panic!("no address: {said:?}")).trim().to_owned()
}

/// A client under way.
pub(crate) struct Begun {
    child: Child,
    said: PathBuf,
}

impl Begun {
    pub(crate) fn said(&self) -> String {
        fs::read_to_string(&self.said).unwrap_or_default()
    }

    /// Waits until it says some words.
    pub(crate) fn until(&mut self, words: &str) {
        let heard = poll(PATIENCE, || {
            let over = self.child.try_wait().unwrap();
            let said = self.said();
            assert!(over.is_none() || said.contains(words), "it ended without {words:?}: {said}");
            said.contains(words).then_some(())
        });
        assert!(heard.is_some(), "it never said {words:?}: {}", self.said());
    }

    pub(crate) fn interrupt(&self) {
        let sent =
            Command::new("kill").args(["-INT", &self.child.id().to_string()]).stdin(Stdio::null()).status();
        assert!(sent.unwrap().success());
    }

    /// Exit code, data, messages.
    pub(crate) fn end(mut self) -> (Option<i32>, String, String) {
        let ended = poll(PATIENCE, || self.child.try_wait().unwrap());
        if ended.is_none() {
            self.child.kill().unwrap();
        }
        let said = self.said();
        let output = self.child.wait_with_output().unwrap();
        assert!(ended.is_some(), "it did not end: {said}");
        (output.status.code(), String::from_utf8(output.stdout).unwrap(), said)
    }
}
