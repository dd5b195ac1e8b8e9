//! Where the output goes and what it looks like: data on standard output, all else on standard error.

use std::fs;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::media::{BRIGHT, DARK, GREY, bmp};
use crate::package::Package;
use crate::support::{Home, Outcome, finish, finish_with_stdin, text};

fn home() -> Home {
    let home = Home::new();
    Package::brightness().put(&home);
    for (name, grey) in [("dark.bmp", DARK), ("grey.bmp", GREY), ("bright.bmp", BRIGHT)] {
        home.write(name, bmp(grey));
    }
    home
}

/// The file of each document, in order.
fn files(outcome: &Outcome) -> Vec<String> {
    outcome.documents().iter().map(|document| text(&document["file"])).collect()
}

/// Times differ from run to run, and so does nothing else.
fn without_times(mut document: Value) -> String {
    for analysis in document["analyses"].as_array_mut().into_iter().flatten() {
        assert!(analysis["processing_time"].take().is_number());
    }
    document.to_string()
}

#[test]
fn json_is_one_document_for_one_file_and_one_line_each_for_many() {
    let home = home();
    let one = home.run(["analyze", "--json", "dark.bmp"]);
    assert_eq!(one.stdout.lines().count(), 1);
    assert_eq!(one.document()["schema"], "drishtiksha.analysis/1");
    assert_eq!(one.document()["media"]["format"], "bmp");
    let many = home.run(["analyze", "--json", "dark.bmp", "grey.bmp", "bright.bmp"]);
    assert_eq!(files(&many), ["dark.bmp", "grey.bmp", "bright.bmp"]);
}

#[test]
fn the_same_file_twice_gives_the_same_bytes() {
    let home = home();
    Package::loudness().put(&home);
    home.clip("white.mp4", "white", "-c:v libx264 -c:a aac");
    for file in ["grey.bmp", "white.mp4"] {
        let first = without_times(home.analyze_json([file]).document());
        let second = without_times(home.analyze_json([file]).document());
        assert_eq!(first, second);
        let beside = home.run(["analyze", "--json", "--jobs", "4", file, file, file]).documents();
        assert!(beside.into_iter().all(|document| without_times(document) == first));
    }
}

#[test]
fn results_come_in_the_order_of_the_names_however_many_jobs_there_are() {
    let home = home();
    home.clip("a.mp4", "white", "-c:v libx264 -an");
    let names = ["a.mp4", "dark.bmp", "missing.png", "bright.bmp", "a.mp4", "grey.bmp", "dark.bmp"];
    for jobs in ["1", "4", "64"] {
        let mut args = vec!["analyze", "--json", "--jobs", jobs];
        args.extend(names);
        let outcome = home.run(args);
        assert_eq!(files(&outcome), names, "{jobs}");
        assert_eq!(outcome.code, Some(1));
    }
}

#[test]
fn changed_copies_are_judged_where_that_is_asked_for() {
    let home = home();
    let picture = |name, filter| home.make(name, ["-f", "lavfi", "-i", filter, "-frames:v", "1"]);
    picture("bright.png", "color=c=white:s=64x64");
    let steady = home.run(["analyze", "--json", "--stability", "bright.png"]).document();
    let stability = &steady["stability"];
    assert_eq!((&stability["kept"], &stability["judged"]), (&7.into(), &7.into()), "{steady}");
    assert!(home.analyze_json(["bright.png"]).document().get("stability").is_none());
    // Bright in the middle: whoever crops it sees another picture.
    picture("framed.png", "color=c=0xB9B9B9:s=56x56,pad=64:64:4:4:black");
    let framed = home.run(["analyze", "--json", "--stability", "framed.png"]).document();
    assert_eq!(framed["verdict"]["prediction"], "INCONCLUSIVE", "{framed}");
    assert_eq!(framed["stability"]["kept"], 6, "{framed}");
    assert!(framed["verdict"]["reasons"].to_string().contains("\"unstable\""), "{framed}");
    let told = home.run(["analyze", "--stability", "framed.png"]).stdout;
    for line in ["changed copies: 6 of 7 keep the verdict", "the middle 80 % of each side, PNG", "FAKE"] {
        assert!(told.contains(line), "{line}: {told}");
    }
    assert!(home.everything_in("data").iter().all(|name| !name.contains("copies-")));
}

#[test]
fn a_folder_is_searched_and_its_folders_only_with_r() {
    let home = home();
    fs::create_dir_all(home.media("in/deep")).unwrap();
    home.write("in/deep/bright.bmp", bmp(BRIGHT));
    home.write("in/dark.bmp", bmp(DARK));
    home.write("in/notes.txt", "no medium");
    home.write("in/.hidden.bmp", bmp(BRIGHT));
    let flat = home.run(["analyze", "--json", "in"]);
    assert_eq!((files(&flat), flat.code), (vec!["in/dark.bmp".to_owned()], Some(0)));
    assert!(flat.stderr.contains("1 other files passed over"), "{}", flat.stderr);
    for flag in ["-r", "--recursive"] {
        let deep = home.run(["analyze", "--json", flag, "in"]);
        assert_eq!(
            (files(&deep), deep.code),
            (vec!["in/dark.bmp".into(), "in/deep/bright.bmp".into()], Some(1))
        );
    }
    fs::create_dir(home.media("empty")).unwrap();
    let empty = home.run(["analyze", "--json", "empty"]);
    assert_eq!((empty.stdout.as_str(), empty.code), ("", Some(3)));
    assert!(empty.stderr.contains("no file in this folder"), "{}", empty.stderr);
}

#[test]
fn standard_input_is_a_file_like_any_other_and_its_copy_is_removed() {
    let home = home();
    let outcome = finish_with_stdin(home.command(["analyze", "--json", "-"]), &bmp(BRIGHT));
    assert_eq!((files(&outcome), outcome.code), (vec!["-".to_owned()], Some(1)));
    let empty = finish_with_stdin(home.command(["analyze", "--json", "-"]), b"");
    assert_eq!((empty.document()["error"]["code"].as_str(), empty.code), (Some("empty_file"), Some(3)));
    let mut small = home.command(["analyze", "--json", "-"]);
    small.env("DRISHTIKSHA_MAX_FILE_BYTES", "100");
    let large = finish_with_stdin(small, &bmp(BRIGHT));
    assert_eq!(large.document()["error"]["code"], "file_too_large");
    assert!(home.everything_in("data").iter().all(|name| !name.contains("spool")));
    assert_eq!(home.everything_in("scratch"), [""; 0]);
}

#[test]
fn out_gets_a_document_and_a_page_for_each_file() {
    let home = home();
    home.write("<b>&\"x'.bmp", bmp(BRIGHT));
    let outcome = home.run(["analyze", "--json", "--out", "reports/new", "dark.bmp", "<b>&\"x'.bmp"]);
    assert_eq!(outcome.code, Some(1), "{outcome:?}");
    let written = home.everything_in("media/reports/new");
    let count = |end: &str| written.iter().filter(|name| name.ends_with(end)).count();
    assert_eq!((count(".json"), count(".html"), written.len()), (2, 2, 4), "{written:?}");
    for (name, printed) in ["dark", "-b---x-"].into_iter().zip(outcome.stdout.lines()) {
        let is_document = |path: &&String| path.contains(&format!("/{name}-")) && path.contains(".json");
        let path = written.iter().find(is_document);
        let path = path.unwrap_or_else(|| panic!("{name} is not in {written:?}"));
        assert_eq!(fs::read_to_string(home.path(path)).unwrap().trim_end(), printed);
        let page = fs::read_to_string(home.path(path.replace(".json", ".html"))).unwrap();
        assert!(page.starts_with("<!doctype html>") || page.starts_with("<!DOCTYPE html>"));
        assert!(!page.contains("<b>&\"x"), "a name must not become markup");
        assert!(!page.contains("src=\"http") && !page.contains("href=\"http://"), "needs nothing else");
        assert!(outcome.stderr.contains(&path.replace("media/", "").replace(".json", ".html")));
    }
}

#[test]
fn out_that_cannot_be_written_is_said_so() {
    let home = home();
    home.write("file", "in the way");
    let outcome = home.run(["analyze", "--out", "file", "dark.bmp"]);
    assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(3), ""));
    assert!(outcome.stderr.contains("error: cannot write file"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("hint: name another folder"), "{}", outcome.stderr);
}

/// Seconds and the engine depend on the machine.
fn steady(table: &str) -> String {
    let mut lines = Vec::new();
    for line in table.lines() {
        let words = line.split("  ").map(|word| {
            let seconds = word.strip_suffix(" s").is_some_and(|n| n.trim().parse::<f64>().is_ok());
            if seconds { "0.0 s" } else { word }
        });
        lines.push(words.collect::<Vec<_>>().join("  ").trim_end().to_owned());
    }
    lines.join("\n")
}

#[test]
fn the_table_says_verdict_evidence_and_limits() {
    let home = home();
    for (name, file) in [("real", "dark.bmp"), ("fake", "bright.bmp"), ("inconclusive", "grey.bmp")] {
        let outcome = home.run(["analyze", "--quiet", file]);
        assert_eq!(outcome.stderr, "", "{name}");
        insta::assert_snapshot!(format!("table_{name}"), steady(&outcome.stdout));
    }
    home.clip("white.mp4", "white", "-c:v libx264 -an");
    let outcome = home.run(["analyze", "--quiet", "white.mp4"]);
    assert!(outcome.stdout.contains("suspicious spans\n  0:00."), "{}", outcome.stdout);
    assert!(outcome.stdout.contains("limit: Says nothing about the world."), "{}", outcome.stdout);
}

#[test]
fn progress_and_errors_never_mix_with_data() {
    let home = home();
    let outcome = home.run(["analyze", "dark.bmp", "missing.bmp"]);
    assert!(outcome.stderr.contains("dark.bmp: brightness REAL"), "{}", outcome.stderr);
    assert!(outcome.stderr.contains("2 files") || outcome.stderr.contains("1 files judged"));
    assert!(!outcome.stdout.contains("missing.bmp"), "{}", outcome.stdout);
    assert_eq!(outcome.error_lines().len(), 1, "{}", outcome.stderr);
    let quiet = home.run(["analyze", "--json", "--quiet", "dark.bmp"]);
    assert_eq!(quiet.stderr, "");
    let loud = home.run(["analyze", "--json", "-vv", "dark.bmp"]);
    assert_eq!(loud.documents().len(), 1);
    assert!(loud.stderr.contains("net loaded"), "{}", loud.stderr);
}

#[test]
fn each_step_of_one_file_is_told_once() {
    let outcome = home().run(["analyze", "dark.bmp"]);
    let told = outcome.stderr.lines().filter(|line| line.contains("bytes read")).count();
    assert_eq!(told, 1, "{}", outcome.stderr);
}

#[test]
fn there_is_no_colour_in_a_pipe_and_none_on_a_terminal_with_no_color() {
    let home = home();
    assert!(!home.run(["analyze", "bright.bmp"]).stdout.contains('\x1b'));
    let on_terminal = |no_color: &str| {
        let program = home.command(["x"]).get_program().to_owned();
        let line = format!("{} analyze --quiet bright.bmp", program.to_string_lossy());
        let mut command = home.command([""; 0]);
        let mut script = Command::new("script");
        script.args(["--quiet", "--return", "--command", &line, "/dev/null"]).current_dir(home.path("media"));
        for (name, value) in command.get_envs() {
            match value {
                Some(value) => script.env(name, value),
                None => script.env_remove(name),
            };
        }
        script.env("NO_COLOR", no_color).stdout(Stdio::piped()).stderr(Stdio::piped()).stdin(Stdio::null());
        command = script;
        command
    };
    if Command::new("script").arg("--version").output().is_err() {
        println!("skipped: there is no `script` to make a terminal with");
        return;
    }
    let coloured = finish(on_terminal(""));
    assert!(coloured.stdout.contains("\x1b[1;31mFAKE"), "{coloured:?}");
    let plain = finish(on_terminal("1"));
    assert!(plain.stdout.contains("FAKE") && !plain.stdout.contains('\x1b'), "{plain:?}");
}

#[test]
fn a_reader_that_goes_away_is_no_fault() {
    let home = home();
    let mut command = home.command(["models", "list"]);
    command.stdout(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(output.status.code().is_some(), "{output:?}");
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"), "{output:?}");
}

#[test]
fn help_and_version_are_data() {
    let home = home();
    for args in [&["--help"][..], &["analyze", "--help"], &["--version"], &["models", "pull", "--help"]] {
        let outcome = home.run(args);
        assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""), "{args:?}");
        assert!(outcome.stdout.contains("drishtiksha"), "{args:?}");
    }
    let analyze = home.run(["analyze", "--help"]).stdout;
    assert!(analyze.contains("Exit code: 0 no sign found"), "{analyze}");
}
