//! Names of files that look like something else: options, lines of output, markup, bytes that are no text.

use std::ffi::{OsStr, OsString};
use std::fs;

use crate::media::{BRIGHT, DARK, bmp};
use crate::package::Package;
use crate::support::{Home, text};

fn home() -> Home {
    let home = Home::new();
    Package::brightness().put(&home);
    home
}

const STRANGE: &[&str] = &[
    "--help.jpg",
    "-rf.bmp",
    "--json",
    "two\nlines FAKE.bmp",
    "tab\tand\rreturn.bmp",
    "\x1b[31mred\x1b[0m.bmp",
    "turned\u{202e}pmb.exe",
    "'single' \"double\" `back`.bmp",
    "$(reboot); rm -rf * & | > < ?.bmp",
    "<script>alert(1)</script>.bmp",
    "%s%n%x.bmp",
    "concat:a|b",
    "pipe:0",
    "http:",
    "größe 🎬.bmp",
    " leading and trailing ",
    "...",
];

#[test]
fn a_strange_name_is_only_a_name() {
    let home = home();
    for name in STRANGE {
        let name = &name.replace('/', "_");
        home.write(name, bmp(BRIGHT));
        let outcome = home.analyze_json([name]);
        outcome.is_orderly();
        assert_eq!((outcome.code, text(&outcome.document()["file"])), (Some(1), name.clone()));
        let table = home.run(["analyze", "--quiet", "--", name]);
        assert_eq!(table.code, Some(1), "{table:?}");
        assert!(
            table.stdout.contains("FAKE") && !table.stdout.contains(['\x1b', '\r', '\u{202e}']),
            "{table:?}"
        );
        let first = table.stdout.lines().next().unwrap_or_default();
        assert!(!first.is_empty() && !table.stdout.starts_with('\n'), "{table:?}");
        assert!(!table.stdout.contains("\nlines FAKE"), "a name must not begin a line: {table:?}");
        fs::remove_file(home.media(name)).unwrap();
    }
}

#[test]
fn a_strange_name_of_a_missing_file_cannot_forge_a_line() {
    let home = home();
    for name in STRANGE {
        let name = name.replace('/', "_");
        let outcome = home.run(["analyze", "--", &name]);
        outcome.is_orderly();
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(3), ""));
        assert_eq!(outcome.error_lines().len(), 1, "{outcome:?}");
        assert!(!outcome.stderr.contains(['\x1b', '\r', '\u{202e}']), "{outcome:?}");
        assert!(outcome.stderr.lines().all(|line| line.starts_with("error:") || line.starts_with("hint:")));
    }
}

#[test]
fn an_option_after_two_hyphens_is_a_file_and_before_them_an_option() {
    let home = home();
    home.write("--help.jpg", bmp(DARK));
    assert_eq!(home.run(["analyze", "--json", "--", "--help.jpg"]).code, Some(0));
    assert_eq!(home.run(["analyze", "--json", "--help.jpg"]).code, Some(2));
    assert_eq!(home.run(["analyze", "--json", "./--help.jpg"]).code, Some(0));
}

#[cfg(target_os = "linux")]
#[test]
fn a_name_that_is_no_text_is_read_and_shown_as_well_as_can_be() {
    use std::os::unix::ffi::OsStrExt as _;
    let home = home();
    let name = OsStr::from_bytes(b"caf\xe9 \xff.bmp");
    home.write(name, bmp(DARK));
    let mut args: Vec<OsString> = ["analyze", "--json", "--out", "reports", "--"].map(OsString::from).into();
    args.push(name.to_owned());
    let outcome = home.run(args);
    outcome.is_orderly();
    assert_eq!(
        (outcome.code, text(&outcome.document()["file"])),
        (Some(0), "caf\u{fffd} \u{fffd}.bmp".into())
    );
    assert_eq!(home.everything_in("media/reports").len(), 2);
    // Found in a folder it is the same.
    assert_eq!(home.run(["analyze", "--json", "."]).code, Some(0));
}

#[test]
fn a_long_name_and_a_long_path_are_errors_of_the_system() {
    let home = home();
    for name in ["x".repeat(300), "d/".repeat(3000) + "x"] {
        let outcome = home.analyze_json([&name]);
        outcome.is_orderly();
        assert_eq!((outcome.code, text(&outcome.document()["error"]["code"])), (Some(3), "io".to_owned()));
    }
}
