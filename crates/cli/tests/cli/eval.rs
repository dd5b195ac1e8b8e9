//! `eval`: labelled files in, error rates out; nothing judged twice, nothing left out in silence.

use std::fs;

use serde_json::Value;

use crate::media::bmp;
use crate::package::Package;
use crate::support::{Home, Outcome, text};

/// Six real pictures, of which one is bright; seven made by two generators, of which one is grey and one dark.
fn home() -> Home {
    let home = Home::new();
    Package::brightness().put(&home);
    for folder in ["real/camera", "fake/gen-a", "fake/gen-b"] {
        fs::create_dir_all(home.media("set").join(folder)).unwrap();
    }
    for (folder, greys) in [
        ("real/camera", &[10, 20, 30, 40, 50, 200][..]),
        ("fake/gen-a", &[245, 240, 235, 230]),
        ("fake/gen-b", &[250, 128, 60]),
    ] {
        for grey in greys {
            home.write(format!("set/{folder}/{grey}.bmp"), bmp(*grey));
        }
    }
    home
}

fn eval(home: &Home, more: &[&str]) -> Outcome {
    let mut args = vec!["eval", "set", "--models", "brightness,file-origin", "--rounds", "200"];
    args.extend(more);
    home.run(args)
}

fn pictures(document: &Value) -> &Value {
    assert_eq!(document["kinds"].as_array().map(Vec::len), Some(1), "{document}");
    &document["kinds"][0]
}

fn subject<'a>(document: &'a Value, name: &str) -> &'a Value {
    let subjects = pictures(document)["subjects"].as_array().unwrap();
    subjects.iter().find(|subject| subject["name"] == name).unwrap_or_else(|| panic!("{name}: {document}"))
}

#[test]
fn words_and_numbers_are_those_that_one_counts_by_hand() {
    let home = home();
    let outcome = eval(&home, &["--json", "--quiet"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let document = outcome.document();
    assert_eq!(
        (pictures(&document)["real"].as_u64(), pictures(&document)["synthetic"].as_u64()),
        (Some(6), Some(7))
    );
    for name in ["verdict", "brightness"] {
        let subject = subject(&document, name);
        let share = |of: &str, which: &str| {
            let rate = &subject[of][which];
            (rate["hits"].as_u64().unwrap(), rate["n"].as_u64().unwrap())
        };
        assert_eq!(share("real", "called_fake"), (1, 6), "{name}");
        assert_eq!(share("synthetic", "called_fake"), (5, 7), "{name}");
        assert_eq!(share("synthetic", "called_real"), (1, 7), "{name}");
        assert_eq!(share("synthetic", "cannot_tell"), (1, 7), "{name}");
        // Of 42 pairs the bright real one beats two synthetic ones.
        let auc = &subject["measured"]["auc"];
        assert!((auc["value"].as_f64().unwrap() - 40.0 / 42.0).abs() < 1e-4, "{auc}");
        assert!(auc["low"].as_f64() < auc["value"].as_f64() && auc["value"].as_f64() <= auc["high"].as_f64());
    }
    let generators = subject(&document, "verdict")["generators"].as_array().unwrap().clone();
    let found: Vec<_> =
        generators.iter().map(|g| (text(&g["name"]), g["synthetic"]["fake"].as_u64().unwrap())).collect();
    assert_eq!(found, [("gen-a".to_owned(), 4), ("gen-b".to_owned(), 1)]);
    let silent = subject(&document, "file-origin");
    assert_eq!(
        (silent["synthetic"]["not_applicable"].as_u64(), &silent["measured"]),
        (Some(7), &Value::Null)
    );
}

#[test]
fn the_table_and_the_markdown_say_the_same() {
    let home = home();
    let outcome = eval(&home, &["--quiet"]);
    insta::assert_snapshot!("eval_table", outcome.stdout);
    let markdown = fs::read_to_string(home.media("quality/quality.md")).unwrap();
    let steady: Vec<&str> = markdown.lines().filter(|line| !line.contains("| 1.0.0 |")).collect();
    insta::assert_snapshot!("eval_markdown", steady.join("\n"));
    let page = fs::read_to_string(home.media("quality/quality.html")).unwrap();
    for part in ["1 of 6", "5 of 7", "gen-b", "ROC", "DET", "Reliability"] {
        assert!(page.contains(part), "{part}");
    }
}

#[test]
fn no_file_is_judged_twice_by_the_same_model() {
    let home = home();
    assert_eq!(eval(&home, &["--quiet"]).code, Some(0));
    let kept = home.everything_in("media/quality/judged");
    assert_eq!(kept.len(), 13, "{kept:?}");
    // What is kept says something else now, and counts as long as the model is the same.
    for name in &kept {
        let mut answer: Value = serde_json::from_str(&fs::read_to_string(home.path(name)).unwrap()).unwrap();
        answer["answers"]["brightness"]["vote"]["probability"] = Value::from(0.01);
        fs::write(home.path(name), answer.to_string()).unwrap();
    }
    let again = eval(&home, &["--json", "--quiet"]).document();
    assert_eq!(subject(&again, "brightness")["real"]["real"], 6);
    assert_eq!(subject(&again, "brightness")["synthetic"]["real"], 7);
    let other = Package::brightness().with("1.0.0", "1.0.1");
    let folder = other.put(&home);
    fs::rename(&folder, folder.with_file_name("1.0.1")).unwrap();
    let anew = eval(&home, &["--json", "--quiet"]).document();
    assert_eq!(subject(&anew, "brightness")["synthetic"]["fake"], 5, "another version looks for itself");
}

#[test]
fn what_cannot_be_read_is_named_and_counted() {
    let home = home();
    home.write("set/fake/gen-a/notes.txt", "no medium");
    home.write("set/fake/gen-a/broken.png", b"\x89PNG\r\n\x1a\nand nothing more");
    home.write("set/fake/gen-b/again.bmp", bmp(245));
    let outcome = eval(&home, &["--json"]);
    assert_eq!(outcome.code, Some(3), "{outcome:?}");
    let document = outcome.document();
    let left: Vec<String> =
        document["left_out"].as_array().unwrap().iter().map(|l| text(&l["file"])).collect();
    assert_eq!(left, ["fake/gen-a/broken.png", "fake/gen-a/notes.txt"]);
    for name in left {
        assert!(outcome.stderr.contains(&format!("left out: {name}: ")), "{}", outcome.stderr);
    }
    assert_eq!((document["listed"].as_u64(), document["repeated"].as_u64()), (Some(16), Some(1)));
    assert_eq!(pictures(&document)["synthetic"], 7);
}

#[test]
fn a_set_that_cannot_be_measured_is_refused_with_the_way_out() {
    let home = home();
    fs::create_dir_all(home.media("one/real")).unwrap();
    home.write("one/real/a.bmp", bmp(1));
    fs::create_dir_all(home.media("none")).unwrap();
    home.write("both.csv", "path,label\nset/real/camera/10.bmp,real\nset/real/camera/10.bmp,fake\n");
    home.write("odd.csv", "path,label\na.bmp,perhaps\n");
    for (set, words) in [
        ("one", "all 1 files are labelled as real"),
        ("none", "neither a list nor a folder with real/ and fake/"),
        ("gone.csv", "neither a list nor a folder"),
        ("both.csv", "are the same file with two labels"),
        ("odd.csv", "line 2 has the label \"perhaps\""),
    ] {
        let outcome = home.run(["eval", set]);
        assert_eq!((outcome.code, outcome.stdout.as_str()), (Some(2), ""), "{set}: {outcome:?}");
        assert!(outcome.error_lines()[0].contains(words), "{set}: {}", outcome.stderr);
        assert!(outcome.stderr.contains("hint: "), "{set}: {}", outcome.stderr);
    }
    let unknown = home.run(["eval", "set", "--models", "nobody"]);
    assert_eq!(unknown.code, Some(2), "{unknown:?}");
}

#[test]
fn a_list_names_sources_and_a_changed_file_is_left_out() {
    let home = home();
    let mut list = vec!["path,label,source,generator,sha256".to_owned()];
    list.extend([10, 20, 30, 40, 50].map(|grey| format!("set/real/camera/{grey}.bmp,real,shop,,")));
    list.extend([245, 240, 235, 230].map(|grey| format!("set/fake/gen-a/{grey}.bmp,fake,shop,\"a, b|c\",")));
    list.push(format!("set/fake/gen-b/250.bmp,fake,shop,x,{}", "0".repeat(64)));
    list.push("set/fake/gen-b/60.bmp,1,shop,<b>y</b>,".to_owned());
    home.write("list.csv", list.join("\n"));
    let outcome =
        home.run(["eval", "list.csv", "--models", "brightness", "--json", "--quiet", "--out", "out"]);
    assert_eq!(outcome.code, Some(3), "{outcome:?}");
    let document = outcome.document();
    assert!(text(&document["left_out"][0]["why"]).contains("and the list says 0000"));
    let sources = subject(&document, "brightness")["sources"].as_array().unwrap().clone();
    assert_eq!((sources.len(), text(&sources[0]["name"])), (1, "shop".to_owned()));
    assert!(sources[0]["auc"]["value"].is_number(), "both classes are in this source");
    let page = fs::read_to_string(home.media("out/quality.html")).unwrap();
    assert!(page.contains("&lt;b&gt;y") && !page.contains("<b>y"), "a generator must not become markup");
    assert!(fs::read_to_string(home.media("out/quality.md")).unwrap().contains("a, b\\|c"));
}

#[test]
fn the_ladder_says_how_often_a_word_changes_and_leaves_no_copies_behind() {
    let home = home();
    let outcome = eval(&home, &["--robustness", "--json", "--quiet"]);
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let document = outcome.document();
    let ladder = subject(&document, "verdict")["ladder"].as_array().unwrap().clone();
    let names: Vec<String> = ladder.iter().map(|rung| text(&rung["name"])).collect();
    assert_eq!(names, ["jpeg-90", "jpeg-70", "jpeg-50", "half", "crop", "screenshot", "messenger"]);
    for rung in ladder {
        assert_eq!((rung["n"].as_u64(), rung["left_out"].as_u64()), (Some(13), Some(0)), "{rung}");
        // One grey stays one grey, but of fewer than 16 pixels nobody says anything.
        let unseen = ["half", "crop", "screenshot"].contains(&text(&rung["name"]).as_str());
        assert_eq!(rung["changed"]["hits"], if unseen { 13 } else { 0 }, "{rung}");
        let (lost, open) = (&rung["fake_to_real"], &rung["fake_to_open"]);
        assert_eq!((lost["hits"].as_u64(), lost["n"].as_u64()), (Some(0), Some(5)), "{rung}");
        assert_eq!(open["hits"], if unseen { 5 } else { 0 }, "{rung}");
    }
    let left = home.everything_in("media/quality");
    assert!(!left.iter().any(|name| name.contains(".copies")), "{left:?}");
    assert_eq!(left.iter().filter(|name| name.contains("-messenger.json")).count(), 13);
}
