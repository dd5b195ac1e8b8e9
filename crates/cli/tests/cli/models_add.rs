//! `models add`: a net of one's own is shown and decides nothing, and says what was measured of it.

use std::fs;

use crate::media::{BRIGHT, DARK, bmp};
use crate::package::Package;
use crate::support::{Home, Outcome, text};

/// What a person writes: no weight, no quality, no weights, no calibration.
fn manifest() -> String {
    let whole = Package::brightness().manifest_text();
    let (front, _) = whole.split_once("\n[calibration").unwrap();
    let kept = front.split("\n\n").filter(|part| !part.starts_with("[weights]"));
    let text = kept.collect::<Vec<_>>().join("\n\n");
    let own = |line: &&str| !line.starts_with("weight = ") && !line.starts_with("quality = ");
    text.lines().filter(own).collect::<Vec<_>>().join("\n")
}

fn home() -> Home {
    let home = Home::new();
    home.write("net.onnx", Package::brightness().weights.unwrap());
    home.write("net.toml", manifest());
    home
}

fn add(home: &Home) -> Outcome {
    home.run(["models", "add", "net.onnx", "--manifest", "net.toml"])
}

#[test]
fn a_net_of_ones_own_is_shown_and_decides_nothing() {
    let home = home();
    let outcome = add(&home);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    assert!(outcome.stderr.contains("unrated: it is shown and decides nothing"), "{}", outcome.stderr);
    home.write("bright.bmp", bmp(BRIGHT));
    let document = home.analyze_json(["bright.bmp"]).document();
    assert_eq!(document["verdict"]["prediction"], "NOT_APPLICABLE");
    let said = document["analyses"].as_array().unwrap().iter().find(|a| a["model"]["name"] == "brightness");
    assert_eq!(said.unwrap()["prediction"], "INCONCLUSIVE");
    let again = add(&home);
    assert_eq!(again.code, Some(2), "{again:?}");
    assert!(again.stderr.contains("is there already"), "{}", again.stderr);
}

#[test]
fn what_was_measured_is_written_into_its_card_and_it_stays_unrated() {
    let home = home();
    assert_eq!(add(&home).code, Some(0));
    for (folder, grey) in [("real", DARK), ("fake", BRIGHT)] {
        fs::create_dir_all(home.media("set").join(folder)).unwrap();
        for step in 0..6 {
            home.write(format!("set/{folder}/{step}.bmp"), bmp(grey + step));
        }
    }
    let outcome = home.run([
        "eval",
        "set",
        "--models",
        "brightness",
        "--record",
        "--json",
        "--quiet",
        "--rounds",
        "100",
    ]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let subjects = outcome.document()["kinds"][0]["subjects"].clone();
    let own = subjects.as_array().unwrap().iter().find(|s| s["name"] == "brightness").unwrap().clone();
    assert_eq!((&own["rated"], &own["measured"]["brier"]), (&false.into(), &serde_json::Value::Null));
    let list: serde_json::Value =
        serde_json::from_str(&home.run(["models", "list", "--json"]).stdout).unwrap();
    let card = list["models"].as_array().unwrap().iter().find(|m| m["name"] == "brightness").unwrap();
    assert_eq!(text(&card["weight"]), "unrated");
    let quality = text(&card["quality"]);
    assert!(quality.starts_with("Measured on the set set: image: AUC 1.00"), "{quality}");
    assert!(quality.contains("on 6 real and 6 synthetic files"), "{quality}");
}

#[test]
fn what_cannot_be_added_leaves_nothing_behind() {
    let home = home();
    for (text, words) in [
        (
            format!("weight = \"strong\"\n{}", manifest()),
            "has the key weight, which is written by this command",
        ),
        (
            manifest().replace("input = \"image\"", "input = \"nothing\""),
            "cannot be run as the manifest says",
        ),
        (manifest().replace("kinds", "kind"), "is no manifest"),
        ("name = ".to_owned(), "is no TOML"),
    ] {
        home.write("net.toml", text);
        let outcome = add(&home);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""), "{words}: {outcome:?}");
        assert!(outcome.stderr.contains(words), "{words}: {}", outcome.stderr);
        assert!(outcome.stderr.contains("hint: "), "{}", outcome.stderr);
        let left = home.everything_in("data/models");
        assert!(left.is_empty(), "{left:?}");
    }
}
