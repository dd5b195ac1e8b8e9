//! Weights that are broken or lie: refused by a limited child or failing by name, while all else goes on.

use dk_infer::engine::libraries_in;
use serde_json::Value;

use crate::media::{BRIGHT, DARK, bmp};
use crate::onnx::Net;
use crate::package::{Package, sha256};
use crate::support::{Home, Outcome, checkout, finish, text};

pub(crate) fn home() -> Home {
    let home = Home::new();
    home.write("dark.bmp", bmp(DARK));
    home.write("bright.bmp", bmp(BRIGHT));
    home
}

/// Judges a picture with the one package of the test.
pub(crate) fn judge(home: &Home) -> Outcome {
    let outcome = home.run(["analyze", "--json", "--quiet", "--models", "brightness", "dark.bmp"]);
    outcome.is_orderly();
    outcome
}

/// The failure of the only model, with its code.
#[track_caller]
pub(crate) fn failure(outcome: &Outcome, code: &str) -> String {
    assert_eq!((outcome.code, outcome.prediction().as_str()), (Some(3), "NOT_APPLICABLE"), "{outcome:?}");
    let document = outcome.document();
    let failure = &document["failures"][0];
    assert_eq!((&failure["model"], &failure["code"]), (&Value::from("brightness"), &Value::from(code)));
    assert!(document["verdict"]["reasons"].to_string().contains("model_failed"), "{document}");
    text(&failure["message"])
}

#[test]
fn weights_that_no_engine_can_load_are_refused_by_a_limited_child() {
    let home = home();
    let whole = Net::brightness().bytes();
    let zeros = [0; 4096];
    for (name, bytes) in [
        ("nothing", Vec::new()),
        ("ones", vec![0xff; 20]),
        ("zeros", zeros.to_vec()),
        ("text", b"these are no weights".to_vec()),
        ("page", b"<!doctype html><html>Not found</html>".to_vec()),
        ("archive", b"PK\x03\x04\x14\0\0\0".to_vec()),
        ("another format", b"TFL3\x1c\0\0\0TFL3".to_vec()),
        ("engine's own format", [b"RTEN".as_slice(), &[0xff; 60]].concat()),
        ("half", whole[..whole.len() / 2].to_vec()),
        ("without its end", whole[..whole.len() - 1].to_vec()),
        ("endless field", [b"\x3a\xff\xff\xff\xff\xff\xff\xff\xff\x7f".as_slice(), &whole].concat()),
        ("unknown operator", Net::unknown_operator().bytes()),
        ("more bytes than brought", Net::with_constant(&[1 << 40], &[0; 4]).bytes()),
        ("sides that overflow", Net::with_constant(&[i64::MAX, i64::MAX, 16], &[0; 4]).bytes()),
        ("negative sides", Net::with_constant(&[-1, -4], &[0; 16]).bytes()),
        ("fewer bytes than promised", Net::with_constant(&[4], &[0; 7]).bytes()),
        ("more than memory", Net::more_than_memory().bytes()),
    ] {
        Package::brightness().with_weights(bytes).put(&home);
        let message = failure(&judge(&home), "model_unavailable");
        assert!(message.contains("a trial load in a limited child failed"), "{name}: {message}");
        assert!(message.contains("drishtiksha models pull brightness"), "{name}: {message}");
    }
    assert_eq!(home.everything_in("data"), [""; 0], "what failed is not remembered as good");
}

#[test]
fn weights_that_onnxruntime_cannot_load_are_refused_by_a_limited_child() {
    let Some(library) = libraries_in(&checkout().join(".drishtiksha/lib")).into_iter().next() else {
        println!("skipped: the library of ONNX Runtime is not in the checkout's data folder (make setup)");
        return;
    };
    let home = home();
    let whole = Net::brightness().bytes();
    let judge = || {
        let mut command =
            home.command(["analyze", "--json", "--quiet", "--models", "brightness", "dark.bmp"]);
        command.env("DRISHTIKSHA_ENGINE", "ort").env("ORT_DYLIB_PATH", &library);
        let outcome = finish(command);
        outcome.is_orderly();
        outcome
    };
    Package::brightness().put(&home);
    assert_eq!(judge().code, Some(0), "whole weights");
    for (name, bytes) in [
        ("nothing", Vec::new()),
        ("ones", vec![0xff; 20]),
        ("text", b"these are no weights".to_vec()),
        ("half", whole[..whole.len() / 2].to_vec()),
        ("unknown operator", Net::unknown_operator().bytes()),
        ("circle", Net::in_a_circle().bytes()),
        ("dangling", Net::dangling_input().bytes()),
        ("more bytes than brought", Net::with_constant(&[1 << 40], &[0; 4]).bytes()),
        ("sides that overflow", Net::with_constant(&[i64::MAX, i64::MAX, 16], &[0; 4]).bytes()),
        ("fewer bytes than promised", Net::with_constant(&[4], &[0; 7]).bytes()),
    ] {
        Package::brightness().with_weights(bytes).put(&home);
        let outcome = judge();
        assert_eq!(outcome.document()["failures"][0]["code"], "model_unavailable", "{name}: {outcome:?}");
        let message = failure(&outcome, "model_unavailable");
        assert!(message.contains("a trial load in a limited child failed"), "{name}: {message}");
    }
    // This engine asks for the memory only when it runs, and says that it did not get it.
    Package::brightness().with_net(&Net::more_than_memory()).put(&home);
    let message = failure(&judge(), "model_failed");
    assert!(message.contains("ort failed to run the net"), "{message}");
}

#[test]
fn weights_with_a_wrong_graph_are_refused_or_fail_and_never_judge() {
    let home = home();
    for (name, net) in [("circle", Net::in_a_circle()), ("dangling", Net::dangling_input())] {
        Package::brightness().with_net(&net).put(&home);
        let outcome = judge(&home);
        assert_eq!((outcome.code, outcome.prediction().as_str()), (Some(3), "NOT_APPLICABLE"), "{name}");
        assert_eq!(outcome.document()["failures"][0]["model"], "brightness", "{name}: {outcome:?}");
    }
}

#[test]
fn weights_cut_off_anywhere_never_end_the_program() {
    let home = home();
    let whole = Net::brightness().bytes();
    for cut in (0..whole.len()).step_by(7) {
        Package::brightness().with_weights(&whole[..cut]).put(&home);
        let outcome = judge(&home);
        assert_eq!(outcome.documents().len(), 1, "{cut}: {outcome:?}");
        assert_ne!(outcome.code, Some(2), "{cut}: {outcome:?}");
    }
}

#[test]
fn weights_that_passed_are_remembered_and_changed_ones_are_tried_again() {
    let home = home();
    Package::brightness().put(&home);
    assert_eq!(judge(&home).code, Some(0));
    let marks = home.everything_in("data/checked");
    assert_eq!(marks.len(), 1, "{marks:?}");
    assert!(marks[0].contains(&sha256(&Net::brightness().bytes())), "{marks:?}");
    Package::brightness().with_weights(*b"no weights").put(&home);
    failure(&judge(&home), "model_unavailable");
    assert_eq!(home.everything_in("data/checked"), marks);
}

#[test]
fn a_net_that_is_not_what_the_manifest_says_fails_by_name() {
    let home = home();
    for (package, words) in [
        (
            Package::brightness().with("input = \"image\"", "input = \"pixels\""),
            "names the input \"pixels\", and the net has image",
        ),
        (
            Package::brightness().with("output = \"score\"", "output = \"logits\""),
            "names the output \"logits\", and the net has score",
        ),
        (Package::brightness().with_net(&Net::loudness()), "names the input \"image\", and the net has wave"),
    ] {
        package.put(&home);
        let message = failure(&judge(&home), "model_unavailable");
        assert!(message.contains(words), "{message}");
    }
    for (package, words) in [
        (
            Package::brightness().with("activation = \"none\"", "activation = \"none\"\nindex = 7"),
            "column 7 was to be read",
        ),
        (Package::brightness().with_net(&Net::not_a_number()), "is not a finite number"),
        (Package::brightness().with_net(&Net::with_constant(&[3], &[0; 12])), "the net's answer is wrong"),
    ] {
        package.put(&home);
        let message = failure(&judge(&home), "model_failed");
        assert!(message.contains(words), "{message}");
    }
}

#[test]
fn a_failed_model_stops_no_other() {
    let home = home();
    Package::brightness().put(&home);
    let mut broken =
        Package::brightness().with("\"brightness\"", "\"broken\"").with_net(&Net::not_a_number());
    broken.name = "broken";
    broken.put(&home);
    let outcome = home.analyze_json(["bright.bmp"]);
    assert_eq!((outcome.code, outcome.prediction().as_str()), (Some(1), "FAKE"), "{outcome:?}");
    assert_eq!(outcome.document()["failures"][0]["model"], "broken");
    let shown = home.run(["analyze", "--quiet", "bright.bmp"]).stdout;
    assert!(shown.contains("broken failed: "), "{shown}");
}
