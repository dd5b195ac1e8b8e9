//! What people start in a checkout: `make run` and `make services`, in a folder of the test's own.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::home::{Home, checkout_home};

/// One of the scripts; stopped when dropped, also where the test fails.
struct Script<'a> {
    path: PathBuf,
    home: &'a Home,
}

impl<'a> Script<'a> {
    fn new(name: &str, home: &'a Home) -> Self {
        Self { path: Path::new(env!("CARGO_MANIFEST_DIR")).join("../../scripts").join(name), home }
    }

    fn command(&self, argument: Option<&str>) -> Command {
        let mut command = Command::new(&self.path);
        command.args(argument).env("DRISHTIKSHA_HOME", self.home.path(""));
        command
            .env("PROGRAM", env!("CARGO_BIN_EXE_drishtiksha"))
            .envs([("PORT", "0"), ("METRICS_PORT", "0")]);
        command
    }

    /// Whether it succeeded, and all that it printed.
    fn run(&self, argument: Option<&str>) -> (bool, String) {
        let output = self.command(argument).output().expect("the script can be run");
        let said = [output.stdout, output.stderr].map(|said| String::from_utf8_lossy(&said).into_owned());
        (output.status.success(), said.concat())
    }
}

impl Drop for Script<'_> {
    fn drop(&mut self) {
        // What was stopped already says so and is done.
        let _ = self.command(Some("stop")).output();
    }
}

#[tokio::test]
async fn the_service_of_a_checkout_judges_the_samples_and_is_stopped() {
    let home = Home::new();
    let run = Script::new("run", &home);
    let (is_good, said) = run.run(None);
    assert!(is_good, "{said}");
    let address = said.split("the service runs at ").nth(1).and_then(|rest| rest.split_whitespace().next());
    let address = address.unwrap_or_else(|| panic!("no address: {said}"));
    for sample in ["coffee.webp", "machine-voice.wav", "portrait.mp4", "reading.ogg", "rocket.jpg"] {
        assert!(said.contains(sample), "{sample}: {said}");
    }
    let ready = reqwest::get(format!("{address}/api/ready")).await.expect("the service answers");
    assert_eq!(ready.status().as_u16(), 200);
    let (is_good, again) = run.run(None);
    assert!(is_good && again.contains(address), "it was started twice: {again}");
    assert_eq!(run.run(Some("stop")), (true, "stopped\n".to_owned()));
    assert!(reqwest::get(format!("{address}/api/ready")).await.is_err(), "it still answers");
}

#[test]
fn the_servers_for_development_start_and_stop_together() {
    let home = Home::new();
    let tools = checkout_home().join("venv");
    if !tools.exists() {
        println!("skipped: the tools of the tests are not installed; run scripts/setup tests");
        return;
    }
    std::os::unix::fs::symlink(tools, home.path("venv")).expect("a link in the test's own folder");
    // PostgreSQL runs under an account of its own where the tests run as root.
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(home.path(""), open).expect("our own folder");
    let services = Script::new("services", &home);
    let (is_good, said) = services.run(Some("start"));
    assert!(is_good, "{said}");
    assert!(services.run(Some("status")).0);
    let (is_good, settings) = services.run(Some("env"));
    assert!(is_good, "{settings}");
    for name in ["DATABASE_URL", "REDIS_URL", "S3_ENDPOINT"] {
        assert!(settings.contains(name), "{name}: {settings}");
    }
    assert!(services.run(Some("stop")).0);
    assert!(!services.run(Some("status")).0, "something still runs");
}
