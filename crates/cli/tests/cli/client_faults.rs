//! The client against servers that cut, refuse, send elsewhere and talk nonsense.

use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::client_stand_in::{Answer, StandIn, accepted, id, medium, ok, problem, run};
use crate::media::{BRIGHT, DARK, bmp};
use crate::support::{Home, Outcome, finish, finish_with_stdin};

const KEY: &str = "dk_of-the-test";

/// A home with a file and the key of the test in the environment.
fn home() -> Home {
    let home = Home::new();
    home.write("dark.bmp", bmp(DARK));
    home
}

fn client(home: &Home, server: &StandIn, args: &[&str]) -> Outcome {
    let mut command = home.command(args);
    command.env("DRISHTIKSHA_SERVER", server.url()).env("DRISHTIKSHA_API_KEY", KEY);
    finish(command)
}

#[test]
fn an_upload_that_was_cut_is_sent_again_with_the_same_key_and_another_file_has_another_key() {
    let home = home();
    home.write("größe \"x\".bmp", bmp(BRIGHT));
    let server = StandIn::new(|seen, before| match (seen.path.as_str(), before) {
        ("/api/v1/media", 0) => Answer::Cut,
        ("/api/v1/media", number) => accepted(u8::try_from(number).unwrap()),
        _ => problem(404, "not_found", "no"),
    });
    let args = [
        "upload",
        "--jobs",
        "1",
        "--models",
        "brightness,loudness",
        "--description",
        "für später",
        "--batch",
    ];
    let sent = client(&home, &server, &[&args[..], &["dark.bmp", "größe \"x\".bmp"]].concat());
    assert_eq!(sent.code, Some(0), "{sent:?}");
    assert!(
        sent.stderr.contains("dark.bmp: the connection") && sent.stderr.contains("trying again"),
        "{sent:?}"
    );
    let lines: Vec<&str> = sent.stdout.lines().collect();
    assert_eq!(lines[0], format!("dark.bmp  media {}  run {}", id(1), id(101)));
    let seen = server.seen_at("/api/v1/media");
    let keys: Vec<&str> = seen.iter().map(|seen| seen.header("idempotency-key")).collect();
    assert_eq!(keys.len(), 3);
    assert!(keys[0].len() >= 32 && keys[0] == keys[1] && keys[1] != keys[2], "{keys:?}");
    assert_eq!(seen[1].header("authorization"), format!("Bearer {KEY}"));
    let body = &seen[2].body;
    for part in [
        "brightness,loudness",
        "für später",
        "name=\"priority\"",
        "batch",
        "filename=\"größe \\\"x\\\".bmp\"",
    ] {
        assert!(body.contains(part), "{part}: {}", body.get(..800).unwrap_or(body));
    }
}

#[test]
fn an_upload_that_is_always_cut_is_given_up_after_three_more_attempts() {
    let home = home();
    let server = StandIn::new(|_, _| Answer::Cut);
    let sent = client(&home, &server, &["upload", "dark.bmp"]);
    assert_eq!((sent.code, sent.stdout.as_str()), (Some(3), ""), "{sent:?}");
    assert_eq!(server.seen().len(), 4);
    assert_eq!(sent.error_lines().len(), 1, "{sent:?}");
}

#[test]
fn a_busy_server_is_left_alone_for_as_long_as_it_asks() {
    let home = home();
    let server = StandIn::new(|_, before| match before {
        0 => Answer::Reply(429, vec![("Retry-After", "1".to_owned())], "{}".to_owned()),
        1 => Answer::Reply(503, vec![("Retry-After", "1".to_owned())], "not JSON".to_owned()),
        _ => accepted(1),
    });
    let sent = client(&home, &server, &["upload", "--json", "dark.bmp"]);
    assert_eq!(sent.code, Some(0), "{sent:?}");
    let receipt = json!({"file": "dark.bmp", "mediaId": id(1), "runId": id(101), "status": "QUEUED"});
    assert_eq!(sent.document(), receipt);
    let at: Vec<_> = server.seen().iter().map(|seen| seen.at).collect();
    assert!(at.windows(2).all(|pair| pair[1] - pair[0] >= Duration::from_secs(1)), "{at:?}");
    let impatient =
        StandIn::new(|_, _| Answer::Reply(429, vec![("Retry-After", "1000".to_owned())], "{}".to_owned()));
    let gave_up = client(&home, &impatient, &["upload", "--patience", "1", "dark.bmp"]);
    assert_eq!(gave_up.code, Some(3), "{gave_up:?}");
    assert!(gave_up.stderr.contains("try again in 1000 seconds"), "{gave_up:?}");
}

#[test]
fn a_refusal_is_told_in_its_own_words_with_its_request_and_the_way_out() {
    let home = home();
    for (status, code, exit, hint) in [
        (401, "unauthorized", 3, "drishtiksha login"),
        (403, "read_only_key", 3, "a key that may write"),
        (422, "unknown_model", 2, "leave --models out"),
        (413, "too_large", 3, ""),
        (507, "storage_full", 3, "by the request id"),
    ] {
        let server = StandIn::new(move |_, _| problem(status, code, "because of the test"));
        let refused = client(&home, &server, &["upload", "dark.bmp"]);
        assert_eq!(refused.code, Some(exit), "{refused:?}");
        assert_eq!(server.seen().len(), 1, "{code} does not pass by trying again");
        assert!(refused.stderr.contains("because of the test (request request-7)"), "{refused:?}");
        assert!(refused.stderr.contains(hint), "{refused:?}");
    }
    let server = StandIn::new(|_, _| problem(413, "too_large", "too much"));
    let refused = client(&home, &server, &["upload", "--json", "dark.bmp"]);
    let error = &refused.document()["error"];
    assert_eq!((error["code"].as_str(), refused.code), (Some("too_large"), Some(3)));
}

#[test]
fn what_is_no_server_of_ours_is_called_so_and_a_redirect_is_not_followed() {
    let home = home();
    let page = StandIn::new(|_, _| Answer::Reply(200, Vec::new(), "<html>welcome</html>".to_owned()));
    let nonsense = client(&home, &page, &["runs"]);
    assert_eq!(nonsense.code, Some(3), "{nonsense:?}");
    assert!(nonsense.stderr.contains("cannot be understood"), "{nonsense:?}");
    let elsewhere = StandIn::new(|_, _| ok(&json!({"items": []})));
    let to = elsewhere.url();
    let sends_on =
        StandIn::new(move |_, _| Answer::Reply(307, vec![("Location", to.clone())], String::new()));
    let redirected = client(&home, &sends_on, &["runs"]);
    assert_eq!(redirected.code, Some(3), "{redirected:?}");
    assert!(redirected.stderr.contains("sends us on to"), "{redirected:?}");
    assert_eq!(elsewhere.seen().len(), 0);
}

#[test]
fn a_server_that_is_away_is_named_with_what_to_check() {
    let home = home();
    let address = StandIn::new(|_, _| Answer::Cut).url();
    let mut command = home.command(["runs", "--server", &address]);
    command.env("DRISHTIKSHA_API_KEY", KEY);
    let away = finish(command);
    assert_eq!(away.code, Some(3), "{away:?}");
    assert!(away.stderr.contains(&format!("cannot connect to {address}")), "{away:?}");
}

/// Keeps the key of the test for a server.
fn keep(home: &Home, server: &StandIn) {
    let text = format!("server = \"{}\"\napi_key = \"dk_kept\"\n", server.url());
    fs::write(home.path("data/client.toml"), text).unwrap();
}

#[test]
fn a_kept_key_goes_to_its_own_server_and_to_no_other() {
    let home = home();
    let list = || StandIn::new(|_, _| ok(&json!({"items": []})));
    let (own, other) = (list(), list());
    keep(&home, &own);
    assert_eq!(home.run(["runs"]).code, Some(0));
    let named = format!("{}/", own.url());
    assert_eq!(home.run(["runs", "--server", &named]).code, Some(0));
    assert!(own.seen().iter().all(|seen| seen.header("authorization") == "Bearer dk_kept"));
    let refused = home.run(["runs", "--server", &other.url()]);
    assert_eq!((refused.code, other.seen().len()), (Some(2), 0), "{refused:?}");
    assert!(refused.stderr.contains("there is no key for"), "{refused:?}");
    let mut with_key = home.command(["runs", "--server", &other.url()]);
    with_key.env("DRISHTIKSHA_API_KEY", KEY);
    assert_eq!(finish(with_key).code, Some(0));
    let mut with_file = home.command(["runs", "--server", &other.url()]);
    with_file.env("DRISHTIKSHA_API_KEY_FILE", home.write("key", format!("{KEY}\n")));
    assert_eq!(finish(with_file).code, Some(0));
    assert!(other.seen().iter().all(|seen| seen.header("authorization") == format!("Bearer {KEY}")));
    assert_eq!(other.seen().len(), 2);
}

#[test]
fn plain_http_to_another_machine_must_be_allowed() {
    let home = home();
    for args in [
        &["login", "http://192.0.2.1:3000", "--api-key-stdin"][..],
        &["runs", "--server", "http://a.example"],
    ] {
        let mut command = home.command(args);
        command.env("DRISHTIKSHA_API_KEY", KEY);
        let refused = finish_with_stdin(command, KEY.as_bytes());
        assert_eq!(refused.code, Some(2), "{refused:?}");
        assert!(refused.stderr.contains("without encryption"), "{refused:?}");
    }
}

#[test]
fn login_makes_one_key_ends_its_session_and_keeps_no_password() {
    let home = home();
    let server = StandIn::new(|seen, _| match (seen.method.as_str(), seen.path.as_str()) {
        ("POST", "/api/v1/auth/login") => {
            let cookie = ("Set-Cookie", "dk_refresh=r1; HttpOnly; Path=/".to_owned());
            Answer::Reply(200, vec![cookie], json!({"token": "t1", "user": {}}).to_string())
        }
        ("POST", "/api/v1/auth/api-keys") => {
            Answer::Reply(201, Vec::new(), json!({"key": "dk_new", "apiKey": {"id": id(9)}}).to_string())
        }
        ("POST", "/api/v1/auth/logout") | ("DELETE", _) => Answer::Reply(204, Vec::new(), String::new()),
        _ => problem(404, "not_found", "no"),
    });
    let login = |home: &Home| {
        let args = ["login", &server.url(), "--email", "ada@example.org", "--password-stdin"];
        finish_with_stdin(home.command(args), b"correct horse battery\n")
    };
    let signed_in = login(&home);
    assert_eq!(signed_in.code, Some(0), "{signed_in:?}");
    assert_eq!(signed_in.stdout, format!("signed in to {} as ada@example.org\n", server.url()));
    let seen = server.seen();
    let paths: Vec<&str> = seen.iter().map(|seen| seen.path.trim_start_matches("/api/v1/auth/")).collect();
    assert_eq!(paths, ["login", "api-keys", "logout"]);
    let asked: Value = serde_json::from_str(&seen[0].body).unwrap();
    assert_eq!(asked, json!({"email": "ada@example.org", "password": "correct horse battery"}));
    let wanted: Value = serde_json::from_str(&seen[1].body).unwrap();
    assert_eq!((seen[1].header("authorization"), &wanted["scope"]), ("Bearer t1", &json!("write")));
    assert!(wanted["name"].as_str().unwrap().starts_with("drishtiksha on "), "{wanted}");
    assert_eq!(seen[2].header("cookie"), "dk_refresh=r1");
    let kept = fs::read_to_string(home.path("data/client.toml")).unwrap();
    assert!(kept.contains("dk_new") && !kept.contains("horse"), "{kept}");
    // The key of before is of no use any more.
    fs::write(home.path("data/client.toml"), kept.replace("dk_new", "dk_old")).unwrap();
    assert_eq!(login(&home).code, Some(0));
    let last = server.seen().pop().unwrap();
    assert_eq!((last.method.as_str(), last.header("authorization")), ("DELETE", "Bearer dk_old"));
    assert_eq!(last.path, format!("/api/v1/auth/api-keys/{}", id(9)));
}

#[test]
fn login_needs_to_be_told_who_and_takes_no_secret_from_the_command_line() {
    let home = home();
    for args in [
        &["login"][..],
        &["login", "--email", "ada@example.org"],
        &["login", "--password-stdin"],
        &["login", "--email", "ada@example.org", "--api-key-stdin"],
        &["login", "--email", "ada@example.org", "--password", "x"],
    ] {
        let refused = home.run(args);
        assert_eq!(refused.code, Some(2), "{args:?}: {refused:?}");
    }
    let nothing = home.run(["login", "--api-key-stdin"]);
    assert_eq!(nothing.code, Some(2), "{nothing:?}");
    assert!(nothing.stderr.contains("there is no API key on standard input"), "{nothing:?}");
}

#[test]
fn a_cancelled_run_is_no_verdict_and_a_run_in_an_unknown_state_is_no_end() {
    let home = home();
    let server = StandIn::new(|seen, _| match seen.path.trim_start_matches("/api/v1") {
        "/models" => ok(&json!({"items": []})),
        path if path == format!("/runs/{}", id(101)) => ok(&run(1, "CANCELLED")),
        path if path == format!("/runs/{}", id(102)) => ok(&run(2, "PONDERING")),
        path if path == format!("/media/{}", id(1)) => ok(&medium(1)),
        path if path == format!("/media/{}", id(2)) => ok(&medium(2)),
        _ => problem(404, "not_found", "There is no such thing"),
    });
    for (command, number, words) in [
        ("watch", 101, "cancelled"),
        ("watch", 1, "cancelled"),
        ("report", 101, "cancelled"),
        ("watch", 102, "PONDERING"),
    ] {
        let outcome = client(&home, &server, &[command, &id(number)]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(3), ""), "{outcome:?}");
        assert!(outcome.stderr.contains(words), "{outcome:?}");
    }
    let unknown = client(&home, &server, &["watch", &id(50)]);
    assert_eq!(unknown.code, Some(3), "{unknown:?}");
    assert!(unknown.stderr.contains("`drishtiksha runs` lists"), "{unknown:?}");
    assert_eq!(client(&home, &server, &["watch", "no-id"]).code, Some(2));
}

#[test]
fn a_server_that_stays_away_while_a_run_is_watched_is_given_up_at_last() {
    let home = home();
    let server = StandIn::new(|seen, before| match seen.path.trim_start_matches("/api/v1") {
        "/models" => ok(&json!({"items": []})),
        path if path.starts_with("/runs/") && before < 2 => ok(&run(1, "PROCESSING")),
        path if path.starts_with("/runs/") => problem(503, "unavailable", "away for the test"),
        _ => ok(&medium(1)),
    });
    let outcome = client(&home, &server, &["watch", "--patience", "1", &id(101)]);
    assert_eq!(outcome.code, Some(3), "{outcome:?}");
    assert!(outcome.stderr.contains("trying again for up to 1 s"), "{outcome:?}");
    assert_eq!(outcome.error_lines().len(), 1, "{outcome:?}");
}

#[test]
fn a_large_file_is_never_held_in_memory() {
    const BYTES: u64 = 600 << 20;
    let home = home();
    File::create(home.media("large.mp4")).unwrap().set_len(BYTES).unwrap();
    let path = format!("/api/v1/uploads/{}", id(7));
    let at = path.clone();
    let server = StandIn::new(move |seen, _| match seen.method.as_str() {
        "POST" => Answer::Reply(201, vec![("Location", at.clone())], String::new()),
        "PATCH" => {
            let offset = ("Upload-Offset", BYTES.to_string());
            Answer::Reply(204, vec![offset, ("Media-Id", id(1))], String::new())
        }
        _ => ok(&medium(1)),
    });
    let sent = client(&home, &server, &["upload", "large.mp4"]);
    assert_eq!(sent.code, Some(0), "{sent:?}");
    assert_eq!(server.seen_at(&path)[0].body_bytes, BYTES);
    assert!(sent.resident_kib < 200 << 10, "{} KiB for a file of {} KiB", sent.resident_kib, BYTES >> 10);
}

/// A TLS server with a certificate of nobody, and the file of that certificate.
fn tls(home: &Home) -> Option<(std::process::Child, String, std::path::PathBuf)> {
    let (cert, key) = (home.path("cert.pem"), home.path("key.pem"));
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=test"])
        .args(["-addext", "subjectAltName=IP:127.0.0.1"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout".as_ref(), key.as_os_str(), "-out".as_ref(), cert.as_os_str()])
        .output();
    if !made.is_ok_and(|output| output.status.success()) {
        println!("skipped: there is no `openssl` to make a certificate with");
        return None;
    }
    let mut server = Command::new("openssl")
        .args(["s_server", "-accept", "127.0.0.1:0", "-www"])
        .args(["-key".as_ref(), key.as_os_str(), "-cert".as_ref(), cert.as_os_str()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines().map_while(Result::ok);
    let port = lines.find_map(|line| line.strip_prefix("ACCEPT ")?.rsplit_once(':')?.1.parse::<u16>().ok());
    let Some(port) = port else {
        server.kill().unwrap();
        server.wait().unwrap();
        println!("skipped: this `openssl` does not say where it listens");
        return None;
    };
    Some((server, format!("https://127.0.0.1:{port}"), cert))
}

#[test]
fn a_certificate_of_nobody_is_refused_and_one_that_is_named_is_accepted() {
    let home = home();
    let Some((mut server, url, cert)) = tls(&home) else { return };
    let runs = |certificates: Option<&std::path::Path>| {
        let mut command = home.command(["runs", "--server", &url]);
        command.env("DRISHTIKSHA_API_KEY", KEY).env_remove("SSL_CERT_FILE").env_remove("SSL_CERT_DIR");
        if let Some(file) = certificates {
            command.env("SSL_CERT_FILE", file);
        }
        finish(command)
    };
    let (refused, accepted) = (runs(None), runs(Some(&cert)));
    server.kill().unwrap();
    server.wait().unwrap();
    assert_eq!(refused.code, Some(3), "{refused:?}");
    assert!(
        refused.stderr.contains("certificate") && refused.stderr.contains("SSL_CERT_FILE"),
        "{refused:?}"
    );
    // It answers with a page about itself, which is no answer of ours and came through the encryption.
    assert!(accepted.stderr.contains("cannot be understood"), "{accepted:?}");
}

#[test]
fn a_server_without_encryption_behind_https_is_named() {
    let home = home();
    let server = StandIn::new(|_, _| Answer::Cut);
    let url = server.url().replace("http://", "https://");
    let mut command = home.command(["runs", "--server", &url]);
    command.env("DRISHTIKSHA_API_KEY", KEY);
    let outcome = finish(command);
    assert_eq!(outcome.code, Some(3), "{outcome:?}");
    assert_eq!(outcome.error_lines().len(), 1, "{outcome:?}");
}

#[test]
fn every_command_that_talks_to_a_server_explains_itself() {
    let home = home();
    for (command, words) in [
        ("login", "Secrets are never taken from the command line"),
        ("logout", "Take the kept key back"),
        ("upload", "--wait"),
        ("watch", "leaves the runs going"),
        ("runs", "partially-analyzed"),
        ("report", "--out <DIR>"),
    ] {
        let help = home.run([command, "--help"]);
        assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""), "{command}");
        assert!(help.stdout.contains(words), "{command}: {}", help.stdout);
        assert!(command == "logout" || help.stdout.contains("DRISHTIKSHA_SERVER"), "{}", help.stdout);
    }
}

/// Nine mebibytes: more than goes in one request.
const LARGE: usize = 9 << 20;

#[test]
fn a_large_file_goes_on_where_it_was_cut_and_is_named_as_it_is() {
    let home = home();
    home.write("größe.bmp", vec![b'x'; LARGE]);
    let path = format!("/api/v1/uploads/{}", id(7));
    let offset = |bytes: usize| ("Upload-Offset", bytes.to_string());
    let at = path.clone();
    let server = StandIn::new(move |seen, before| match (seen.method.as_str(), before) {
        ("POST" | "PATCH", 0) => Answer::Cut,
        ("POST", _) => Answer::Reply(201, vec![("Location", at.clone())], String::new()),
        ("HEAD", 0) => Answer::Reply(200, vec![offset(4 << 20)], String::new()),
        // Somebody else's bytes came first.
        ("PATCH", 1) => problem(409, "wrong_offset", "no"),
        ("HEAD", _) => Answer::Reply(200, vec![offset(5 << 20)], String::new()),
        ("PATCH", _) => Answer::Reply(204, vec![offset(LARGE), ("Media-Id", id(1))], String::new()),
        _ => ok(&medium(1)),
    });
    let sent = client(&home, &server, &["upload", "--batch", "--description", "für später", "größe.bmp"]);
    assert_eq!(sent.code, Some(0), "{sent:?}");
    assert_eq!(sent.stdout.trim(), format!("größe.bmp  media {}  run {}", id(1), id(101)));
    let begun = server.seen_at("/api/v1/uploads");
    assert_eq!((begun.len(), begun[1].header("upload-length")), (2, LARGE.to_string().as_str()));
    assert_eq!(
        begun[1].header("upload-metadata"),
        "filename Z3LDtsOfZS5ibXA=,description ZsO8ciBzcMOkdGVy,priority YmF0Y2g="
    );
    let parts: Vec<_> = server.seen_at(&path).into_iter().filter(|seen| seen.method == "PATCH").collect();
    let starts: Vec<_> = parts.iter().map(|seen| seen.header("upload-offset")).collect();
    assert_eq!(starts, ["0", "4194304", "5242880"]);
    assert_eq!((parts[2].body_bytes, parts[2].header("tus-resumable")), (4 << 20, "1.0.0"));
    assert_eq!(parts[2].header("authorization"), format!("Bearer {KEY}"));
}

#[test]
fn a_server_that_takes_whole_files_only_gets_a_large_file_whole() {
    let home = home();
    home.write("large.bmp", vec![b'x'; LARGE]);
    let server = StandIn::new(|seen, _| match seen.path.as_str() {
        "/api/v1/media" => accepted(1),
        _ => problem(404, "not_found", "no"),
    });
    let sent = client(&home, &server, &["upload", "large.bmp"]);
    assert_eq!(sent.code, Some(0), "{sent:?}");
    assert!(server.seen_at("/api/v1/media")[0].body_bytes > LARGE as u64);
}
