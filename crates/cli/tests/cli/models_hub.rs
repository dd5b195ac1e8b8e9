//! `models pull` from a model hub: a stand-in on this machine that cuts connections, redirects, refuses and lies.

use std::fs;
use std::sync::Mutex;
use std::sync::mpsc::channel;

use crate::client_stand_in::{Answer, Seen, StandIn};
use crate::package::{Package, sha256};
use crate::support::{Home, Outcome, finish, start};

const PATH: &str = "/somebody/some-net/resolve/0123456789abcdef0123456789abcdef01234567/onnx/model.onnx";
const SOURCE: &str = r#"bytes = {bytes}

[weights.source]
registry = "hub"
repository = "somebody/some-net"
revision = "0123456789abcdef0123456789abcdef01234567"
member = "onnx/model.onnx"
"#;

/// Bytes that differ everywhere, so that a piece in the wrong place is noticed.
fn weights() -> Vec<u8> {
    (0_u32..200_000).flat_map(u32::to_le_bytes).collect()
}

/// A home with a package whose weights lie on the hub.
fn home() -> Home {
    let home = Home::new();
    put(&home, Package::brightness());
    home
}

fn put(home: &Home, package: Package) {
    let folder = package.with_weights(weights()).with("bytes = {bytes}\n", SOURCE).put(home);
    fs::remove_file(folder.join("weights.onnx")).unwrap();
}

fn pull(home: &Home, hub: &StandIn, more: &[&str]) -> Outcome {
    let mut command = home.command(["models", "pull", "brightness"].iter().chain(more));
    command.env("DRISHTIKSHA_HUB", hub.url());
    finish(command)
}

/// What is asked for from the byte that the range names, as a hub sends it.
fn from_range(seen: &Seen, all: &[u8]) -> Answer {
    let range = seen.header("range");
    let Some(from) = range.strip_prefix("bytes=").and_then(|rest| rest.strip_suffix('-')) else {
        return Answer::Bytes { status: 200, headers: Vec::new(), body: all.to_vec(), length: all.len() };
    };
    let from: usize = from.parse().unwrap();
    let headers = vec![("Content-Range", format!("bytes {from}-{}/{}", all.len() - 1, all.len()))];
    Answer::Bytes { status: 206, headers, body: all[from..].to_vec(), length: all.len() - from }
}

fn cut_after(bytes: usize) -> Answer {
    let all = weights();
    Answer::Bytes { status: 200, headers: Vec::new(), body: all[..bytes].to_vec(), length: all.len() }
}

#[track_caller]
fn is_stored(home: &Home, outcome: &Outcome) {
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stderr.contains("brightness: weights stored, checksum right"), "{outcome:?}");
    let name = sha256(&weights());
    assert_eq!(home.everything_in("data"), [format!("data/weights/{name}")]);
    assert_eq!(fs::read(home.path("data/weights").join(name)).unwrap(), weights());
}

#[test]
fn a_cut_connection_is_taken_up_where_it_ended() {
    let home = home();
    let hub = StandIn::new(|seen, before| match before {
        0 => cut_after(300_000),
        _ => from_range(seen, &weights()),
    });
    is_stored(&home, &pull(&home, &hub, &[]));
    let seen = hub.seen_at(PATH);
    assert_eq!(seen.len(), 2);
    assert_eq!(seen[1].header("range"), "bytes=300000-");
}

#[test]
fn a_command_that_failed_goes_on_with_what_it_had() {
    let home = home();
    let gone = StandIn::new(|_, before| match before {
        0 => cut_after(300_000),
        _ => Answer::Reply(404, Vec::new(), String::new()),
    });
    let failed = pull(&home, &gone, &[]);
    assert_eq!(failed.code, Some(3), "{failed:?}");
    assert!(failed.stderr.contains("is not there (404)") && failed.stderr.contains("--from"), "{failed:?}");
    let hub = StandIn::new(|seen, _| from_range(seen, &weights()));
    is_stored(&home, &pull(&home, &hub, &[]));
    assert_eq!(hub.seen_at(PATH)[0].header("range"), "bytes=300000-");
}

#[test]
fn a_hub_without_ranges_sends_all_of_it_again() {
    let home = home();
    let hub = StandIn::new(|_, before| cut_after(if before == 0 { 1000 } else { weights().len() }));
    is_stored(&home, &pull(&home, &hub, &[]));
}

#[test]
fn other_bytes_than_the_package_means_leave_nothing_behind() {
    let home = home();
    let mut wrong = weights();
    wrong[7] ^= 1;
    let body = wrong.clone();
    let hub = StandIn::new(move |seen, _| from_range(seen, &body));
    let outcome = pull(&home, &hub, &[]);
    assert_eq!(outcome.code, Some(3), "{outcome:?}");
    assert!(outcome.stderr.contains(&format!("has the SHA-256 {}", sha256(&wrong))), "{outcome:?}");
    assert_eq!(home.everything_in("data"), [""; 0]);

    let longer = [weights(), b"x".to_vec()].concat();
    let hub = StandIn::new(move |seen, _| from_range(seen, &longer));
    let outcome = pull(&home, &hub, &[]);
    assert_eq!(outcome.code, Some(3), "{outcome:?}");
    assert!(outcome.stderr.contains("more than the 800000 bytes that the package names"), "{outcome:?}");
}

#[test]
fn a_token_is_shown_to_the_hub_and_not_to_whom_it_sends_us() {
    let home = home();
    let far = StandIn::new(|seen, _| from_range(seen, &weights()));
    let target = format!("{}/blob", far.url());
    let hub = StandIn::new(move |_, _| Answer::Reply(302, vec![("Location", target.clone())], String::new()));
    let mut command = home.command(["models", "pull", "brightness"]);
    command.env("DRISHTIKSHA_HUB", hub.url()).env("DRISHTIKSHA_HUB_TOKEN", "hf_secret");
    is_stored(&home, &finish(command));
    assert_eq!(hub.seen_at(PATH)[0].header("authorization"), "Bearer hf_secret");
    assert_eq!(far.seen_at("/blob")[0].header("authorization"), "");
}

#[test]
fn a_hub_that_asks_for_patience_gets_some() {
    let home = home();
    let wait = |secs: &str| Answer::Reply(429, vec![("Retry-After", secs.to_owned())], String::new());
    let hub = StandIn::new(move |seen, before| match before {
        0 => wait("1"),
        _ => from_range(seen, &weights()),
    });
    is_stored(&home, &pull(&home, &hub, &[]));
    let seen = hub.seen_at(PATH);
    assert!(seen[1].at.duration_since(seen[0].at).as_millis() >= 1000);

    fs::remove_dir_all(home.path("data/weights")).unwrap();
    let hub = StandIn::new(move |_, _| wait("100000"));
    let outcome = pull(&home, &hub, &[]);
    assert_eq!((outcome.code, hub.seen().len()), (Some(3), 1), "{outcome:?}");
    assert!(outcome.stderr.contains("asks to wait for 100000 s"), "{outcome:?}");
}

#[test]
fn terms_that_were_not_accepted_on_the_hub_are_told_with_the_way_out() {
    let home = home();
    let hub = StandIn::new(|_, _| Answer::Reply(401, Vec::new(), String::new()));
    let outcome = pull(&home, &hub, &[]);
    assert_eq!((outcome.code, hub.seen().len()), (Some(3), 1), "{outcome:?}");
    assert!(outcome.stderr.contains("DRISHTIKSHA_HUB_TOKEN"), "{outcome:?}");
}

#[test]
fn a_licence_that_does_not_allow_everything_is_accepted_first() {
    let home = Home::new();
    put(&home, Package::brightness().with("CC0-1.0", "CC-BY-NC-4.0"));
    let hub = StandIn::new(|seen, _| from_range(seen, &weights()));
    let refused = pull(&home, &hub, &[]);
    assert_eq!((refused.code, hub.seen().len()), (Some(2), 0), "{refused:?}");
    for part in ["under the licence CC-BY-NC-4.0", "published at made by this test", "--accept-licence"] {
        assert!(refused.stderr.contains(part), "{part}: {refused:?}");
    }
    is_stored(&home, &pull(&home, &hub, &["--accept-licence"]));
}

#[test]
fn two_pulls_of_the_same_weights_do_not_meet() {
    let home = home();
    let ((asked, was_asked), (go, may_go)) = (channel(), channel::<()>());
    let (asked, may_go) = (Mutex::new(asked), Mutex::new(may_go));
    let hub = StandIn::new(move |seen, _| {
        asked.lock().unwrap().send(()).unwrap();
        may_go.lock().unwrap().recv().unwrap();
        from_range(seen, &weights())
    });
    let mut command = home.command(["models", "pull", "brightness"]);
    command.env("DRISHTIKSHA_HUB", hub.url());
    let first = start(command);
    was_asked.recv().unwrap();
    let second = pull(&home, &hub, &[]);
    go.send(()).unwrap();
    assert_eq!(second.code, Some(3), "{second:?}");
    assert!(second.stderr.contains("another process is fetching the weights"), "{second:?}");
    is_stored(&home, &first.end());
}
