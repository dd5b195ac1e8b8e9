//! `models export` and `models import`: what one machine has, another one gets, and nothing else.

use std::fs;

use serde_json::Value;

use crate::media::bmp;
use crate::package::{Package, sha256};
use crate::support::{Home, Outcome};

fn export(home: &Home, names: &[&str]) -> Outcome {
    home.run(["models", "export", "models.tar"].iter().chain(names))
}

/// Takes the bundle of one machine in on another.
fn import(from: &Home, to: &Home) -> Outcome {
    fs::copy(from.media("models.tar"), to.media("models.tar")).unwrap();
    to.run(["models", "import", "models.tar"])
}

fn is_ready(home: &Home, name: &str) -> bool {
    let list: Value = home.run(["models", "list", "--json"]).document();
    let models = list["models"].as_array().unwrap();
    models.iter().any(|card| card["name"] == name && card["ready"] == true)
}

#[test]
fn packages_and_weights_reach_a_machine_without_a_network() {
    let (here, there) = (Home::new(), Home::new());
    Package::brightness().put(&here);
    Package::loudness().put(&here);
    let exported = export(&here, &[]);
    assert_eq!(exported.code, Some(0), "{exported:?}");
    let imported = import(&here, &there);
    assert_eq!(imported.code, Some(0), "{imported:?}");
    for line in ["brightness 1.0.0: stored, checksum right", "tiny-face-detector 1.0.0: was there"] {
        assert!(imported.stderr.contains(line), "{line}: {imported:?}");
    }
    assert!(is_ready(&there, "brightness") && is_ready(&there, "loudness"));
    let document = there.analyze_json([there.write("bright.bmp", bmp(250))]).document();
    let analyses = document["analyses"].as_array().unwrap();
    assert!(analyses.iter().any(|one| one["model"]["name"] == "brightness"), "{document}");

    let again = import(&here, &there);
    assert!(again.code == Some(0) && again.stderr.contains("brightness 1.0.0: was there"), "{again:?}");
    assert!(there.everything_in("data").iter().all(|path| !path.contains("import-")));
}

#[test]
fn golden_inputs_of_a_package_go_with_it_and_prove_it_there() {
    let (here, there) = (Home::new(), Home::new());
    let golden = r#"{"cases": [{"input": "golden-input.f32", "shape": [1, 3, 8, 8], "output": [0.25], "tolerance": 0.001, "note": "by hand"}]}"#;
    let folder = Package { golden: golden.to_owned(), ..Package::brightness() }.put(&here);
    let values: Vec<u8> = [0.25_f32; 192].iter().flat_map(|value| value.to_le_bytes()).collect();
    fs::write(folder.join("golden-input.f32"), &values).unwrap();
    // One of the same name where the command is called is another one.
    here.write("golden-input.f32", vec![0; values.len()]);
    let proves = |home: &Home| {
        let verified = home.run(["models", "verify", "brightness"]);
        assert_eq!(verified.code, Some(0), "{verified:?}");
        assert!(verified.stdout.contains("passed    brightness: golden-input.f32"), "{verified:?}");
    };
    proves(&here);
    assert_eq!(export(&here, &["brightness"]).code, Some(0));
    assert_eq!(import(&here, &there).code, Some(0));
    proves(&there);
}

#[test]
fn the_same_packages_give_the_same_bundle() {
    let home = Home::new();
    Package::brightness().put(&home);
    export(&home, &["brightness"]);
    let first = fs::read(home.media("models.tar")).unwrap();
    export(&home, &["brightness"]);
    assert_eq!(first, fs::read(home.media("models.tar")).unwrap());
}

#[test]
fn a_package_without_weights_is_not_exported() {
    let home = Home::new();
    let outcome = export(&home, &["mesonet-df"]);
    assert_eq!(outcome.code, Some(3), "{outcome:?}");
    assert!(outcome.stderr.contains("mesonet-df cannot be exported: its weights are not"), "{outcome:?}");
    assert_eq!(home.everything_in("media"), [""; 0]);
}

/// A bundle with these files, and the line that makes it one.
fn bundle(home: &Home, files: &[(&str, &[u8])]) {
    let mut tar = Vec::new();
    for (path, bytes) in [("format", b"drishtiksha-models 1\n".as_slice())].iter().chain(files) {
        entry(&mut tar, path, b'0', bytes);
    }
    tar.extend([0; 1024]);
    home.write("models.tar", tar);
}

/// One file of a tar archive, as POSIX.1-1988 has it.
fn entry(tar: &mut Vec<u8>, path: &str, kind: u8, bytes: &[u8]) {
    let mut head = [0_u8; 512];
    head[..path.len()].copy_from_slice(path.as_bytes());
    head[100..107].copy_from_slice(b"0000644");
    head[124..135].copy_from_slice(format!("{:011o}", bytes.len()).as_bytes());
    head[136..147].copy_from_slice(b"00000000000");
    head[148..156].fill(b' ');
    head[156] = kind;
    let sum: u32 = head.iter().map(|byte| u32::from(*byte)).sum();
    head[148..155].copy_from_slice(format!("{sum:06o}\0").as_bytes());
    tar.extend(head);
    tar.extend(bytes);
    tar.resize(tar.len().div_ceil(512) * 512, 0);
}

#[track_caller]
fn refused(home: &Home, part: &str) {
    let outcome = home.run(["models", "import", "models.tar"]);
    outcome.is_orderly();
    assert_eq!(outcome.code, Some(3), "{outcome:?}");
    assert!(outcome.stderr.contains(part), "{part}: {outcome:?}");
    assert_eq!(home.everything_in("data"), [""; 0], "{part}");
}

#[test]
fn a_bundle_that_is_wrong_anywhere_changes_nothing() {
    let home = Home::new();
    home.write("models.tar", "no tar at all");
    refused(&home, "models.tar is no bundle of packages");
    home.write("models.tar", []);
    refused(&home, "it lacks the line");
    bundle(&home, &[("weights/abc", b"x")]);
    refused(&home, "names no checksum");
    bundle(&home, &[(&format!("weights/{}", sha256(b"x")), b"y")]);
    refused(&home, "has the SHA-256");
    for path in ["models/../../escaped/model.toml", "/escaped/model.toml", "models/a/b/c/d", "models/a/.b/c"]
    {
        bundle(&home, &[(path, b"x")]);
        refused(&home, "it holds");
    }
    bundle(&home, &[("models/brightness/1.0.0/model.toml", b"name = 1")]);
    refused(&home, "brightness/1.0.0 in the bundle is refused: model.toml");
    let mut link = Vec::new();
    entry(&mut link, "weights/link", b'2', b"");
    home.write("models.tar", link);
    refused(&home, "is no plain file");
}

#[test]
fn a_bundle_that_is_cut_off_is_refused() {
    let (here, there) = (Home::new(), Home::new());
    Package::brightness().put(&here);
    export(&here, &["brightness"]);
    let whole = fs::read(here.media("models.tar")).unwrap();
    // The end of the archive and a part of the last file are missing.
    let end = whole.iter().rposition(|byte| *byte != 0).unwrap();
    there.write("models.tar", &whole[..end - 100]);
    refused(&there, "");
}

#[test]
fn another_package_of_the_same_name_and_version_stays_what_it_is() {
    let (here, there) = (Home::new(), Home::new());
    Package::brightness().put(&here);
    Package::brightness().with("made by this test", "made by somebody else").put(&there);
    export(&here, &["brightness"]);
    let outcome = import(&here, &there);
    assert_eq!(outcome.code, Some(3), "{outcome:?}");
    assert!(outcome.stderr.contains("brightness/1.0.0 is there already"), "{outcome:?}");
}
