//! Things that are no ordinary files, and folders that lead in circles or cannot be read.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::UnixListener;
use std::process::Command;

use crate::hostile::Hostile;
use crate::media::{DARK, bmp};
use crate::package::Package;
use crate::support::{Home, text};

fn home() -> Home {
    let home = Home::new();
    Package::brightness().put(&home);
    home.write("dark.bmp", bmp(DARK));
    home
}

#[test]
fn what_is_no_file_is_named_for_what_it_is() {
    let home = home();
    home.write("empty.mp4", "");
    let made = Command::new("mkfifo").arg(home.media("pipe.jpg")).status();
    assert!(made.is_ok_and(|status| status.success()), "mkfifo is everywhere");
    let _socket = UnixListener::bind(home.media("socket.jpg")).unwrap();
    symlink("nowhere.jpg", home.media("dangling.jpg")).unwrap();
    symlink("circle.jpg", home.media("circle.jpg")).unwrap();
    symlink("pipe.jpg", home.media("to-pipe.jpg")).unwrap();
    for (file, code, words) in [
        ("empty.mp4", "empty_file", "the file is empty"),
        ("missing.jpg", "io", "cannot read missing.jpg"),
        ("pipe.jpg", "unsupported_media", "this is a pipe, not a file"),
        ("to-pipe.jpg", "unsupported_media", "this is a pipe, not a file"),
        ("socket.jpg", "unsupported_media", "this is a socket, not a file"),
        ("dangling.jpg", "io", "cannot read dangling.jpg"),
        ("circle.jpg", "io", "cannot read circle.jpg"),
        ("dark.bmp/x", "io", "cannot read dark.bmp/x"),
        ("/dev/zero", "unsupported_media", "this is a device, not a file"),
        ("/dev/null", "unsupported_media", "this is a device, not a file"),
    ] {
        Hostile::new(file, code, words).is_refused_in(&home);
    }
    let nothing = home.run(["analyze", "--json", ""]);
    assert!(matches!(nothing.is_orderly().code, Some(2 | 3)), "an empty name: {nothing:?}");
}

#[test]
fn a_file_that_may_not_be_read_is_said_so() {
    let home = home();
    fs::set_permissions(home.media("dark.bmp"), fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(home.media("dark.bmp")).is_ok() {
        println!("skipped: this user may read everything");
        return;
    }
    Hostile::new("dark.bmp", "io", "cannot read dark.bmp").is_refused_in(&home);
}

#[test]
fn a_folder_that_may_not_be_read_is_said_so_and_the_others_are_judged() {
    let home = home();
    fs::create_dir_all(home.media("in/locked")).unwrap();
    fs::copy(home.media("dark.bmp"), home.media("in/dark.bmp")).unwrap();
    fs::set_permissions(home.media("in/locked"), fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read_dir(home.media("in/locked")).is_ok() {
        println!("skipped: this user may read everything");
        return;
    }
    let outcome = home.run(["analyze", "--json", "-r", "in"]);
    outcome.is_orderly();
    assert_eq!(outcome.code, Some(3), "{outcome:?}");
    assert_eq!(outcome.stdout.lines().count(), 2, "one judged, one that failed: {outcome:?}");
    assert!(outcome.stdout.contains("cannot read the folder"), "{outcome:?}");
}

#[test]
fn links_that_lead_back_are_followed_once() {
    let home = home();
    fs::create_dir(home.media("in")).unwrap();
    fs::copy(home.media("dark.bmp"), home.media("in/dark.bmp")).unwrap();
    // Each level would offer three ways to go on, which no limit of depth makes a small number.
    for name in ["again", "once-more", "up"] {
        symlink(if name == "up" { "../in" } else { "." }, home.media("in").join(name)).unwrap();
    }
    symlink("/dev/zero", home.media("in/endless.bmp")).unwrap();
    let outcome = home.run(["analyze", "--json", "-r", "in"]);
    outcome.is_orderly();
    let files: Vec<String> = outcome.documents().iter().map(|d| text(&d["file"])).collect();
    assert_eq!(files, ["in/dark.bmp"], "{outcome:?}");
    assert!(outcome.stderr.contains("1 other files passed over"), "{outcome:?}");
}

#[test]
fn a_file_named_twice_is_judged_twice_and_a_folder_beside_files_keeps_its_place() {
    let home = home();
    fs::create_dir(home.media("in")).unwrap();
    fs::copy(home.media("dark.bmp"), home.media("in/a.bmp")).unwrap();
    let outcome = home.run(["analyze", "--json", "dark.bmp", "in", "dark.bmp"]);
    let files: Vec<String> = outcome.documents().iter().map(|d| text(&d["file"])).collect();
    assert_eq!(
        (files, outcome.code),
        (vec!["dark.bmp".into(), "in/a.bmp".into(), "dark.bmp".to_owned()], Some(0))
    );
}
