//! Ctrl-C in the middle of the work: it ends soon, says so, and leaves neither children nor files behind.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::package::Package;
use crate::support::{Home, Started, poll, start};

/// From the signal to the end. A stop is heard between two frames or windows.
const SOON: Duration = Duration::from_secs(20);
const STARTS: Duration = Duration::from_mins(1);

/// A video whose frames are all wanted and take minutes to decode.
fn home() -> Home {
    let home = Home::new();
    Package::brightness()
        .with("spread = 4\nmin_spread = 4", "spread = 1000000\nmin_spread = 1000000")
        .put(&home);
    let short = "testsrc2=s=640x360:r=25:d=4";
    let short =
        home.make("short.mp4", ["-f", "lavfi", "-i", short, "-c:v", "libx264", "-preset", "ultrafast"]);
    home.make("long.mp4", ["-stream_loop", "200", "-i", short.to_str().unwrap(), "-c", "copy"]);
    home
}

/// Processes started by another one, with their names.
fn children(pid: u32) -> Vec<(u32, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
        // The name stands in brackets and may hold anything; state and parent follow the last one.
        let Some((front, back)) = stat.rsplit_once(')') else { continue };
        let name = front.split_once('(').map_or("", |(_, name)| name);
        if back.split_whitespace().nth(1) == Some(&pid.to_string()) {
            found.push((id, name.to_owned()));
        }
    }
    found
}

/// True while a process works; one that only waits to be counted does not.
fn lives(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, back)| !back.trim_start().starts_with(['Z', 'X']))
}

fn signal(pid: u32, name: &str) {
    let sent = Command::new("kill").args([name, &pid.to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()), "the program is still there");
}

fn proc_is_there() -> bool {
    let there = fs::metadata("/proc/self/stat").is_ok();
    if !there {
        println!("skipped: without /proc nobody can see the children");
    }
    there
}

/// Waits until the decoder of frames is at work.
fn decoder(started: &Started) -> u32 {
    let pid = started.child.id();
    let find = || children(pid).into_iter().find(|(_, name)| name == "ffmpeg").map(|(id, _)| id);
    poll(STARTS, find).unwrap_or_else(|| panic!("no decoder began"))
}

#[test]
fn a_signal_ends_the_work_its_children_and_its_files() {
    if !proc_is_there() {
        return;
    }
    let home = home();
    for name in ["-INT", "-TERM"] {
        let started = start(home.command(["analyze", "--json", "--out", "reports", "long.mp4", "short.mp4"]));
        let pid = started.child.id();
        let ffmpeg = decoder(&started);
        let begin = Instant::now();
        signal(pid, name);
        let outcome = started.end();
        assert!(begin.elapsed() < SOON, "{name}: {:?}", begin.elapsed());
        outcome.is_orderly();
        assert_eq!(outcome.code, Some(3), "{name}: {outcome:?}");
        assert!(outcome.stderr.contains("stopping; press Ctrl-C again"), "{name}: {outcome:?}");
        assert_eq!(outcome.document()["error"]["code"], "stopped", "the second file is not begun");
        assert!(poll(SOON, || (!lives(ffmpeg)).then_some(())).is_some(), "{name}: the decoder lives on");
        assert_eq!(home.everything_in("scratch"), [""; 0], "{name}");
        assert_eq!(home.everything_in("media/reports"), [""; 0], "{name}: no half report");
    }
}

#[test]
fn a_signal_while_standard_input_is_judged_removes_its_copy() {
    if !proc_is_there() {
        return;
    }
    let home = home();
    let mut command = home.command(["analyze", "--json", "-"]);
    command.stdin(fs::File::open(home.media("long.mp4")).unwrap());
    let started = start(command);
    let ffmpeg = decoder(&started);
    assert_eq!(home.everything_in("data/spool").len(), 1);
    signal(started.child.id(), "-INT");
    let outcome = started.end();
    assert_eq!(outcome.is_orderly().code, Some(3), "{outcome:?}");
    assert_eq!(home.everything_in("data/spool"), [""; 0]);
    assert!(poll(SOON, || (!lives(ffmpeg)).then_some(())).is_some(), "the decoder lives on");
}

#[test]
fn a_signal_while_standard_input_says_nothing_ends_the_wait() {
    let home = home();
    let mut command = home.command(["analyze", "--json", "-"]);
    command.stdin(Stdio::piped());
    let mut started = start(command);
    let silent = started.child.stdin.take();
    let copy = poll(STARTS, || home.everything_in("data").into_iter().find(|name| name.contains("spool")));
    assert!(copy.is_some(), "it waits for input");
    signal(started.child.id(), "-INT");
    let outcome = started.end();
    assert_eq!(outcome.is_orderly().code, Some(3), "{outcome:?}");
    assert_eq!(home.everything_in("data"), [""; 0], "the copy is removed");
    drop(silent);
}

#[test]
fn the_children_of_a_killed_program_do_not_live_on() {
    if !proc_is_there() {
        return;
    }
    let home = home();
    let started = start(home.command(["analyze", "--json", "long.mp4"]));
    let ffmpeg = decoder(&started);
    signal(started.child.id(), "-KILL");
    let outcome = started.end();
    assert_eq!(outcome.code, None, "{outcome:?}");
    // Nobody reads what it decodes any more, so it stops at its next frame.
    assert!(poll(SOON, || (!lives(ffmpeg)).then_some(())).is_some(), "the decoder lives on");
}

#[test]
fn a_stopped_measurement_keeps_what_it_has_and_goes_on() {
    if !proc_is_there() {
        return;
    }
    let home = home();
    home.write("dark.bmp", crate::media::bmp(10));
    home.write("list.csv", "path,label\ndark.bmp,real\nlong.mp4,fake\nshort.mp4,fake\n");
    let args = ["eval", "list.csv", "--models", "brightness", "--robustness"];
    let started = start(home.command(args));
    let pid = started.child.id();
    let ffmpeg = decoder(&started);
    let begin = Instant::now();
    signal(pid, "-INT");
    let outcome = started.end();
    assert!(begin.elapsed() < SOON, "{:?}: {outcome:?}", begin.elapsed());
    assert_eq!(outcome.code, Some(3), "{outcome:?}");
    assert!(outcome.stderr.contains("error: stopped after 1 of 3 files"), "{}", outcome.stderr);
    assert!(!lives(ffmpeg), "the decoder lives on");
    let left = home.everything_in("media/quality");
    assert!(left.iter().all(|name| name.contains("/judged/") && !name.contains(".part")), "{left:?}");
    home.write("list.csv", "path,label\ndark.bmp,real\nshort.mp4,fake\n");
    let args = ["eval", "list.csv", "--models", "brightness"];
    let outcome = home.run(args);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
}
