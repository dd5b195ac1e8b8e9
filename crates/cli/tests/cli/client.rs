//! The client against the real service: what `analyze` says here, the server says there.

use std::fs;

use serde_json::Value;

use crate::client_server::{PASSWORD, Service};
use crate::media::{BRIGHT, DARK, GREY, bmp};
use crate::onnx::Net;
use crate::package::Package;
use crate::support::{Home, Outcome, finish, finish_with_stdin, text};

fn home() -> Home {
    let home = Home::new();
    Package::brightness().put(&home);
    Package::loudness().put(&home);
    for (name, grey) in [("dark.bmp", DARK), ("grey.bmp", GREY), ("bright.bmp", BRIGHT)] {
        home.write(name, bmp(grey));
    }
    home
}

/// Times differ from run to run, and so does nothing else.
fn without_times(mut document: Value) -> Value {
    for analysis in document["analyses"].as_array_mut().into_iter().flatten() {
        assert!(analysis["processing_time"].take().is_number());
    }
    document
}

/// Seconds depend on the machine, and columns on how many digits they have.
fn steady(table: &str) -> String {
    let steady_word = |word: &str| {
        let seconds = word.strip_suffix(" s").is_some_and(|n| n.trim().parse::<f64>().is_ok());
        if seconds { "0.0 s".to_owned() } else { word.to_owned() }
    };
    let lines = table.lines().map(|line| line.split("  ").map(steady_word).collect::<Vec<_>>().join("  "));
    lines.map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n")
}

#[test]
fn login_keeps_a_key_and_logout_takes_it_back() {
    let home = home();
    let service = Service::start(&home);
    let nobody = service.client(&["runs"]);
    assert_eq!(nobody.code, Some(2), "{nobody:?}");
    assert!(nobody.stderr.contains("drishtiksha login"), "{nobody:?}");
    let wrong = service.login_with("not the password at all");
    assert_eq!(wrong.code, Some(3), "{wrong:?}");
    assert!(wrong.stderr.contains("check the address and the password"), "{wrong:?}");
    assert_eq!(service.login_with(service.printed()).code, Some(3));
    assert!(!home.path("client/client.toml").exists());

    assert_eq!(service.login().code, Some(0));
    let kept = fs::read_to_string(home.path("client/client.toml")).unwrap();
    assert!(!kept.contains(PASSWORD), "the password is not kept");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(home.path("client/client.toml")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }
    assert_eq!(service.client(&["runs"]).code, Some(0));
    let key = kept.lines().find_map(|line| line.strip_prefix("api_key = \"")?.strip_suffix('"')).unwrap();
    // Signing in again replaces the key, and the one of before is worth nothing.
    assert_eq!(service.login().code, Some(0));
    let with_key = |key: &str| {
        let mut command = service.command(&["runs", "--server", service.url()]);
        command.env("DRISHTIKSHA_API_KEY", key);
        finish(command)
    };
    let old = with_key(key);
    assert_eq!(old.code, Some(3), "{old:?}");
    assert!(old.stderr.contains("run `drishtiksha login`"), "{old:?}");

    let kept = fs::read_to_string(home.path("client/client.toml")).unwrap();
    let key = kept.lines().find_map(|line| line.strip_prefix("api_key = \"")?.strip_suffix('"')).unwrap();
    assert_eq!(with_key(key).code, Some(0));
    let out = service.client(&["logout"]);
    assert_eq!((out.code, out.stderr.as_str()), (Some(0), ""), "{out:?}");
    assert!(!home.path("client/client.toml").exists());
    assert_eq!(with_key(key).code, Some(3));
    assert_eq!(service.client(&["logout"]).code, Some(0));
}

#[test]
fn a_password_that_somebody_else_chose_has_to_be_changed_before_a_login() {
    let home = home();
    let service = Service::start(&home);
    let made = home.run(["user", "add", "ada@example.org"]);
    assert_eq!(made.code, Some(0), "{made:?}");
    assert!(made.stdout.contains("to be changed when signing in"), "{made:?}");
    let password = made.stdout.split("password: ").nth(1).unwrap().split_whitespace().next().unwrap();
    let args = ["login", service.url(), "--email", "ada@example.org", "--password-stdin"];
    let login = |password: &str| finish_with_stdin(service.command(&args), password.as_bytes());
    let refused = login(password);
    assert_eq!(refused.code, Some(3), "{refused:?}");
    assert!(refused.stderr.contains("choose another password first"), "{refused:?}");
    let change = ["user", "password", "ada@example.org", "--password-stdin"];
    assert_eq!(finish_with_stdin(home.command(change), b"a password of my own").code, Some(0));
    assert_eq!(login("a password of my own").code, Some(0));
}

#[test]
fn a_key_made_elsewhere_is_checked_kept_and_not_taken_back() {
    let home = home();
    let service = Service::start(&home);
    let made = home.run(["user", "key", "admin@localhost"]);
    assert_eq!(made.code, Some(0), "{made:?}");
    let key = made.stdout.split_whitespace().last().unwrap().to_owned();
    let login = |key: &str| {
        finish_with_stdin(service.command(&["login", service.url(), "--api-key-stdin"]), key.as_bytes())
    };
    assert_eq!(login("dk_of-nobody").code, Some(3));
    assert!(!home.path("client/client.toml").exists());
    let signed_in = login(&key);
    assert_eq!(
        signed_in.stdout,
        format!("signed in to {} as admin@localhost\n", service.url()),
        "{signed_in:?}"
    );
    let out = service.client(&["logout"]);
    assert_eq!(out.code, Some(0), "{out:?}");
    assert!(out.stderr.contains("the key is still valid there"), "{out:?}");
    assert_eq!(login(&key).code, Some(0));
}

#[test]
fn what_analyze_prints_here_upload_prints_with_the_same_exit_code() {
    let home = home();
    home.clip("white.mp4", "white", "-c:v libx264 -c:a aac");
    home.tone("tone.wav", "-c:a pcm_s16le");
    let service = Service::start(&home);
    service.login();
    for file in ["dark.bmp", "grey.bmp", "bright.bmp", "white.mp4", "tone.wav"] {
        let here = home.run(["analyze", "--quiet", file]);
        let there = service.client(&["upload", "--wait", "--quiet", file]);
        assert_eq!((steady(&there.stdout), there.code), (steady(&here.stdout), here.code), "{there:?}");
        // For a report page, a heat map is made; the service always makes one.
        let here = home.run(["analyze", "--json", "--out", "here", file]);
        let there = service.client(&["upload", "--wait", "--json", "--out", "there", file]);
        assert_eq!(without_times(there.document()), without_times(here.document()), "{file}");
        assert_eq!(there.code, here.code, "{file}");
    }
    let written = |folder: &str| -> Vec<String> {
        let all = home.everything_in(&format!("media/{folder}"));
        all.iter().map(|path| path.rsplit('/').next().unwrap().to_owned()).collect()
    };
    assert_eq!(written("there"), written("here"));
    assert_eq!(written("there").len(), 10);
    let page = written("there").into_iter().find(|name| name.starts_with("dark") && name.contains(".html"));
    let page = fs::read_to_string(home.media("there").join(page.unwrap())).unwrap();
    assert!(page.contains("data:image/bmp;base64,") && page.contains("dark.bmp"), "the picture is inside");
}

#[test]
fn many_files_are_sent_at_once_and_told_in_order() {
    let home = home();
    fs::create_dir_all(home.media("in/deep")).unwrap();
    home.write("in/deep/bright.bmp", bmp(BRIGHT));
    home.write("in/dark.bmp", bmp(DARK));
    home.write("in/notes.txt", "no medium");
    let service = Service::start(&home);
    service.login();
    let files = |outcome: &Outcome| -> Vec<String> {
        outcome.documents().iter().map(|document| text(&document["file"])).collect()
    };
    let sent = service.client(&["upload", "--json", "--jobs", "3", "-r", "in", "missing.bmp", "grey.bmp"]);
    assert_eq!(files(&sent), ["in/dark.bmp", "in/deep/bright.bmp", "missing.bmp", "grey.bmp"], "{sent:?}");
    assert_eq!((sent.code, sent.documents()[2]["error"]["code"].as_str()), (Some(3), Some("io")));
    assert!(sent.stderr.contains("3 files sent; 1 not taken; 1 other files passed over"), "{sent:?}");
    let waited =
        service.client(&["upload", "--wait", "--json", "--batch", "--description", "a pile", "-r", "in"]);
    assert_eq!(
        (files(&waited), waited.code),
        (vec!["in/dark.bmp".into(), "in/deep/bright.bmp".into()], Some(1))
    );
    assert!(waited.stderr.contains("2 files judged: 1 FAKE, 1 without a sign"), "{waited:?}");
    assert!(service.list().iter().take(2).all(|medium| medium["description"] == "a pile"));
    let piped = finish_with_stdin(service.command(&["upload", "--wait", "--json", "-"]), &bmp(BRIGHT));
    assert_eq!((files(&piped), piped.code), (vec!["-".to_owned()], Some(1)));
    let unknown = service.client(&["upload", "--models", "nobody", "grey.bmp"]);
    assert_ne!(unknown.code, Some(0), "{unknown:?}");
}

#[test]
fn a_run_is_followed_listed_and_reported_by_either_id() {
    let home = home();
    let service = Service::start(&home);
    service.login();
    let nothing = service.client(&["runs"]);
    assert!(nothing.stdout.contains("there is nothing yet"), "{nothing:?}");
    let (medium, run) = service.send("bright.bmp");
    let (other, _) = service.send("dark.bmp");
    let here = home.run(["analyze", "--quiet", "bright.bmp"]);
    for id in [&run, &medium] {
        for command in [&["watch", "--quiet", id][..], &["report", id]] {
            let there = service.client(command);
            assert_eq!((steady(&there.stdout), there.code), (steady(&here.stdout), Some(1)), "{there:?}");
        }
    }
    let both = service.client(&["watch", "--json", &other, &run]);
    let names: Vec<String> = both.documents().iter().map(|document| text(&document["file"])).collect();
    assert_eq!((names, both.code), (vec!["dark.bmp".to_owned(), "bright.bmp".to_owned()], Some(1)));
    let saved = service.client(&["report", "--json", "--out", "reports", &run]);
    assert_eq!(saved.document(), both.documents()[1]);
    let written = home.everything_in("media/reports");
    assert_eq!(written.len(), 2, "{written:?}");
    let page = written.iter().find(|path| path.contains(".html")).unwrap();
    assert!(fs::read_to_string(home.path(page)).unwrap().contains("data:image/bmp;base64,"));

    let list = service.client(&["runs", "--status", "analyzed"]);
    let lines: Vec<&str> = list.stdout.lines().collect();
    assert_eq!(lines.len(), 3, "{list:?}");
    assert!(
        lines[1].contains("REAL") && lines[1].contains(&other) && lines[1].ends_with("dark.bmp"),
        "{list:?}"
    );
    assert!(lines[2].contains("FAKE") && lines[2].contains(&medium), "{list:?}");
    assert_eq!(service.client(&["runs", "--limit", "1"]).stdout.lines().count(), 2);
    assert_eq!(
        service.client(&["runs", "--status", "cancelled", "--json"]).document()["items"],
        Value::from(vec![0; 0])
    );
    assert_eq!(service.client(&["runs", "--status", "asleep"]).code, Some(2));
}

#[test]
fn a_service_that_dies_while_a_run_is_watched_costs_nothing_but_time() {
    let home = home();
    let mut service = Service::start_without_models(&home);
    service.login();
    let (_, run) = service.send("bright.bmp");
    let mut watching = service.begin(&["watch", "--json", &run]);
    watching.until(&format!("bright.bmp: following run {run}"));
    service.kill();
    watching.until("trying again for up to 300 s");
    service.start_again();
    watching.until("the server answers again");
    let (code, data, said) = watching.end();
    let document: Value =
        serde_json::from_str(&data).unwrap_or_else(|error| panic!("{error}: {data}\n{said}"));
    assert_eq!((document["verdict"]["prediction"].as_str(), code), (Some("FAKE"), Some(1)), "{said}");
}

#[test]
fn an_interrupted_watch_leaves_the_run_going() {
    let home = home();
    let service = Service::start_without_models(&home);
    service.login();
    let (medium, run) = service.send("bright.bmp");
    let mut watching = service.begin(&["watch", &medium]);
    watching.until("following run");
    watching.interrupt();
    let (code, data, said) = watching.end();
    assert_eq!((code, data.as_str()), (Some(3), ""), "{said}");
    assert!(said.contains("the runs go on"), "{said}");
    assert_eq!(service.list()[0]["status"], "QUEUED");
    let early = service.client(&["report", &run]);
    assert_eq!((early.code, early.stdout.as_str()), (Some(3), ""), "{early:?}");
    assert!(early.stderr.contains("drishtiksha watch"), "{early:?}");
    let mut waiting = service.begin(&["upload", "--wait", "dark.bmp"]);
    waiting.until("sent; media");
    waiting.interrupt();
    let (code, _, said) = waiting.end();
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("the run goes on; `drishtiksha watch"), "{said}");
}

#[test]
fn models_that_fail_are_told_as_they_are_here() {
    let home = home();
    let mut broken =
        Package::brightness().with("\"brightness\"", "\"broken\"").with_net(&Net::not_a_number());
    broken.name = "broken";
    broken.put(&home);
    let service = Service::start(&home);
    service.login();
    for models in ["brightness,broken", "broken"] {
        let here = home.run(["analyze", "--json", "--out", "here", "--models", models, "dark.bmp"]);
        let there = service.client(&["upload", "--wait", "--json", "--models", models, "dark.bmp"]);
        assert_eq!(there.code, Some(3), "{there:?}");
        assert_eq!(
            (without_times(there.document()), here.code),
            (without_times(here.document()), Some(3)),
            "{models}"
        );
    }
}
