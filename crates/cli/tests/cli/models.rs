//! `models list|verify|pull|bench` on packages of a test and on those inside the program.

use std::fs;
use std::process::Command;

use serde_json::Value;

use crate::onnx::Net;
use crate::package::{Package, sha256};
use crate::support::{Home, checkout, text};

/// A package whose weights are somewhere else.
fn absent() -> Package {
    Package::brightness().with(
        "bytes = {bytes}\n",
        "bytes = {bytes}\n\n[weights.source]\nregistry = \"none\"\ninstructions = \"Ask the author.\"\n",
    )
}

/// Writes a package without its weights and gives these back.
fn put_without_weights(home: &Home, package: &Package) -> Vec<u8> {
    let folder = package.put(home);
    fs::remove_file(folder.join("weights.onnx")).unwrap();
    package.weights.clone().unwrap()
}

fn listed(home: &Home) -> Value {
    let outcome = home.run(["models", "list", "--json"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""), "{outcome:?}");
    outcome.document()
}

fn card(list: &Value, name: &str) -> Value {
    let models = list["models"].as_array().expect("a list").iter();
    models
        .clone()
        .find(|card| card["name"] == name)
        .unwrap_or_else(|| panic!("{name} is not in {list}"))
        .clone()
}

#[test]
fn the_list_says_what_each_is_for_and_whether_it_can_be_used() {
    let home = Home::new();
    Package::brightness().put(&home);
    put_without_weights(&home, &Package { name: "absent", ..absent().with("\"brightness\"", "\"absent\"") });
    Package::loudness().with("weight = \"weak\"", "weight = \"heavy\"").put(&home);
    let list = listed(&home);
    let ready = card(&list, "brightness");
    assert_eq!((&ready["ready"], &ready["weight"]), (&Value::Bool(true), &Value::from("weak")));
    assert_eq!(ready["kinds"], serde_json::json!(["image", "video"]));
    let absent = card(&list, "absent");
    assert_eq!(absent["ready"], false);
    assert!(text(&absent["hint"]).starts_with("Ask the author."), "{absent}");
    assert_eq!(list["refused"][0]["place"], "loudness/1.0.0");
    assert!(text(&list["refused"][0]["why"]).contains("`weight` is \"heavy\""), "{list}");
    for bundled in ["silero-vad", "tiny-face-detector", "mesonet-df", "aasist"] {
        card(&list, bundled);
    }

    let shown = home.run(["models", "list"]).stdout;
    for part in ["brightness 1.0.0\n", "  ready on rten", "hint: Ask the author.", "refused loudness/1.0.0: "]
    {
        assert!(shown.contains(part), "lacks {part:?}: {shown}");
    }
}

#[test]
fn a_package_of_a_folder_wins_over_the_one_inside_the_program_when_it_is_newer() {
    let home = Home::new();
    let mut newer = Package::brightness().with("\"brightness\"", "\"mesonet-df\"");
    newer.name = "mesonet-df";
    newer.put(&home);
    let list = listed(&home);
    assert_eq!(card(&list, "mesonet-df")["pipeline"], "image-classifier", "of one version the folder's wins");
}

#[test]
fn goldens_inside_the_program_pass() {
    let home = Home::new();
    let base = checkout();
    let base = base.to_str().expect("the checkout is UTF-8");
    let outcome = home.run(["models", "verify", "--base", base]);
    outcome.is_orderly();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    for name in ["silero-vad", "tiny-face-detector", "face-landmarks-68"] {
        assert!(outcome.stdout.contains(&format!("passed    {name}: ")), "{name}: {}", outcome.stdout);
    }
    assert!(!outcome.stdout.contains("differs") && !outcome.stdout.contains("failed"), "{}", outcome.stdout);
}

/// A golden case of a picture of one grey value, straight into the net.
fn golden(home: &Home, output: &str) -> String {
    let values = [0.25_f32; 192].iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>();
    home.write("quarter.f32", values);
    format!(
        r#"{{"cases": [{{"input": "quarter.f32", "shape": [1, 3, 8, 8], "output": [{output}], "tolerance": 0.001, "note": "by hand"}}]}}"#
    )
}

#[test]
fn a_golden_that_differs_is_told_with_its_difference() {
    let home = Home::new();
    let right = Package { golden: golden(&home, "0.25"), ..Package::brightness() };
    right.put(&home);
    let passed = home.run(["models", "verify", "brightness"]);
    assert_eq!(passed.code, Some(0), "{passed:?}");
    assert!(passed.stdout.contains("passed    brightness: quarter.f32 (difference 0.0000"), "{passed:?}");
    Package { golden: golden(&home, "0.5"), ..Package::brightness() }.put(&home);
    let differs = home.run(["models", "verify", "brightness"]);
    assert_eq!(differs.code, Some(1), "{differs:?}");
    assert!(differs.stdout.contains("differs   brightness: quarter.f32 (difference 0.2500"), "{differs:?}");
    Package { golden: golden(&home, "0.25, 0.25"), ..Package::brightness() }.put(&home);
    assert_eq!(home.run(["models", "verify", "brightness"]).code, Some(1), "an answer that is too short");
}

#[test]
fn verify_of_what_is_not_there_or_not_ready_names_it() {
    let home = Home::new();
    put_without_weights(&home, &absent());
    let unready = home.run(["models", "verify", "brightness"]);
    assert_eq!(unready.code, Some(3), "{unready:?}");
    assert!(unready.stderr.contains("its weights are not on this machine"), "{unready:?}");
    assert!(unready.stderr.contains("hint: Ask the author."), "{unready:?}");
    let unknown = home.run(["models", "verify", "no-such-model"]);
    assert_ne!(unknown.code, Some(0), "{unknown:?}");
    assert!((unknown.stdout + &unknown.stderr).contains("there is no package no-such-model"));
}

#[test]
fn weights_from_a_file_are_taken_when_they_are_the_right_ones() {
    let home = Home::new();
    let weights = put_without_weights(&home, &absent());
    home.write("right.onnx", &weights);
    let pulled = home.run(["models", "pull", "brightness", "--from", "right.onnx"]);
    assert_eq!((pulled.code, pulled.stdout.as_str()), (Some(0), ""), "{pulled:?}");
    assert!(pulled.stderr.contains("weights stored, checksum right"), "{pulled:?}");
    assert_eq!(home.everything_in("data/weights"), [format!("data/weights/{}", sha256(&weights))]);
    assert_eq!(card(&listed(&home), "brightness")["ready"], true);
    let again = home.run(["models", "pull", "brightness"]);
    assert_eq!(again.code, Some(0), "{again:?}");
    assert!(again.stderr.contains("weights are there"), "{again:?}");
}

#[test]
fn wrong_weights_leave_nothing_behind() {
    let home = Home::new();
    let weights = put_without_weights(&home, &absent());
    home.write("wrong.onnx", Net::loudness().bytes());
    home.write("longer.onnx", [weights.as_slice(), b"x"].concat());
    home.write("empty.onnx", "");
    fs::create_dir(home.media("folder.onnx")).unwrap();
    for file in ["wrong.onnx", "longer.onnx", "empty.onnx"] {
        let outcome = home.run(["models", "pull", "brightness", "--from", file]);
        outcome.is_orderly();
        assert_eq!(outcome.code, Some(3), "{outcome:?}");
        assert!(outcome.stderr.contains(&format!("error: {file} has the SHA-256 ")), "{outcome:?}");
        assert!(outcome.stderr.contains("hint: this is another file than the package means"), "{outcome:?}");
        assert_eq!(home.everything_in("data"), [""; 0], "{file}");
    }
    let made = Command::new("mkfifo").arg(home.media("pipe.onnx")).status();
    assert!(made.is_ok_and(|status| status.success()), "mkfifo is everywhere");
    for file in ["missing.onnx", "folder.onnx", "pipe.onnx", "/dev/zero"] {
        let outcome = home.run(["models", "pull", "brightness", "--from", file]);
        assert_eq!(outcome.is_orderly().code, Some(3), "{outcome:?}");
        assert_eq!(home.everything_in("data"), [""; 0], "{file}");
    }
}

#[test]
fn a_pull_by_hand_says_where_from_and_two_names_share_no_file() {
    let home = Home::new();
    put_without_weights(&home, &absent());
    let by_hand = home.run(["models", "pull", "brightness"]);
    assert_eq!(by_hand.code, Some(3), "{by_hand:?}");
    assert!(by_hand.stderr.contains("are in no registry and on no hub"), "{by_hand:?}");
    assert!(by_hand.stderr.contains("models pull brightness --from FILE"), "{by_hand:?}");
    home.write("x.onnx", "x");
    let two = home.run(["models", "pull", "brightness", "mesonet-df", "--from", "x.onnx"]);
    assert_eq!(two.code, Some(2), "{two:?}");
    assert_eq!(home.run(["models", "pull", "--all", "--from", "x.onnx"]).code, Some(2));
}

#[test]
fn stored_weights_that_were_changed_are_refused() {
    let home = Home::new();
    let weights = put_without_weights(&home, &absent());
    fs::create_dir_all(home.path("data/weights")).unwrap();
    fs::write(home.path("data/weights").join(sha256(&weights)), b"something else").unwrap();
    let list = listed(&home);
    assert!(text(&list["refused"][0]["why"]).contains("has the SHA-256"), "{list}");
}

#[test]
fn bench_times_the_runs_that_were_asked_for() {
    let home = Home::new();
    Package::brightness().put(&home);
    let outcome = home.run(["models", "bench", "brightness", "--runs", "5", "--batch", "3", "--json"]);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (Some(0), ""), "{outcome:?}");
    let document = outcome.document();
    assert_eq!(document["times_ms"].as_array().map(Vec::len), Some(5), "{document}");
    assert_eq!((document["batch"].as_u64(), document["threads"].as_u64()), (Some(3), Some(1)), "{document}");
    assert!(document["median_ms"].as_f64().is_some_and(|ms| ms > 0.0), "{document}");
    let shown = home.run(["models", "bench", "brightness", "--runs", "2", "--threads", "2"]).stdout;
    assert!(shown.contains("brightness on rten") && shown.contains("2 threads, batch 1: median "), "{shown}");
    for (name, part) in
        [("silero-vad", "no detector silero-vad that can be timed"), ("mesonet-df", "cannot be used")]
    {
        let outcome = home.run(["models", "bench", name]);
        assert_eq!(outcome.is_orderly().code, Some(3), "{outcome:?}");
        assert!(outcome.stderr.contains(part), "{outcome:?}");
    }
}
