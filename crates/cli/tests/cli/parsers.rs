//! Whatever is in a manifest or a golden file, reading it ends in a value or an error, never in a panic.
//! The same targets run without an end in `fuzz/`.

use std::fs;

use dk_infer::package::{Golden, Manifest, Pipeline};
use proptest::prelude::*;

use crate::package::Package;
use crate::support::checkout;

/// The files of one name of all bundled packages, as seeds.
fn bundled(name: &str) -> Vec<String> {
    let mut texts = Vec::new();
    for package in fs::read_dir(checkout().join("models")).unwrap().flatten() {
        for version in fs::read_dir(package.path()).unwrap().flatten() {
            texts.extend(fs::read_to_string(version.path().join(name)));
        }
    }
    texts
}

/// Turns, cuts, repeats and inserts parts of a text. Works on characters, as the parsers get UTF-8.
#[derive(Debug, Clone)]
enum Change {
    Insert(usize, String),
    Remove(usize, usize),
    Repeat(usize, usize),
    Swap(usize, usize),
}

fn change() -> impl Strategy<Value = Change> {
    let place = 0..6000_usize;
    let word = prop_oneof![
        "[\\[\\]{}=\"'.,#\n ]{1,4}",
        "-?[0-9]{1,30}(\\.[0-9]{1,5})?(e[0-9]{1,4})?",
        Just("nan".to_owned()),
        Just("-inf".to_owned()),
        Just("\u{0}\u{202e}🎬".to_owned()),
        "\\PC{1,8}",
    ];
    prop_oneof![
        (place.clone(), word).prop_map(|(at, word)| Change::Insert(at, word)),
        (place.clone(), 1..40_usize).prop_map(|(at, length)| Change::Remove(at, length)),
        (place.clone(), 1..40_usize).prop_map(|(at, length)| Change::Repeat(at, length)),
        (place.clone(), place).prop_map(|(a, b)| Change::Swap(a, b)),
    ]
}

fn changed(text: &str, changes: &[Change]) -> String {
    let mut all: Vec<char> = text.chars().collect();
    for change in changes {
        let length = all.len().max(1);
        match change {
            Change::Insert(at, word) => {
                let at = at % length;
                all.splice(at.min(all.len())..at.min(all.len()), word.chars());
            }
            Change::Remove(at, count) => {
                let at = (at % length).min(all.len());
                all.drain(at..(at + count).min(all.len()));
            }
            Change::Repeat(at, count) => {
                let at = (at % length).min(all.len());
                let part: Vec<char> = all[at..(at + count).min(all.len())].to_vec();
                all.splice(at..at, part);
            }
            Change::Swap(a, b) if !all.is_empty() => {
                let length = all.len();
                all.swap(a % length, b % length);
            }
            Change::Swap(..) => {}
        }
    }
    all.into_iter().collect()
}

#[test]
fn every_bundled_manifest_and_golden_file_is_in_order() {
    let manifests = bundled("model.toml");
    assert!(manifests.len() > 5, "the checkout has packages");
    for text in manifests {
        Manifest::parse(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    }
    for text in bundled("golden.json") {
        Golden::parse(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    }
    for package in [Package::brightness(), Package::loudness()] {
        Manifest::parse(&package.manifest_text()).unwrap();
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_changed_manifest_is_read_or_refused(seed in any::<prop::sample::Index>(), changes in prop::collection::vec(change(), 1..6)) {
        let seeds = bundled("model.toml");
        let text = changed(seed.get::<String>(&seeds), &changes);
        if let Ok(manifest) = Manifest::parse(&text) {
            // What passes keeps the promises that the rest of the program builds on.
            prop_assert!(manifest.max_batch >= 1);
            prop_assert!(!manifest.engines.is_empty());
            prop_assert!(!manifest.weights.file.contains('/'));
            let reads = manifest.pipeline == Pipeline::Provenance;
            prop_assert_eq!(manifest.is_detector(), manifest.pipeline.net().is_some() || reads);
        }
    }

    #[test]
    fn a_changed_golden_file_is_read_or_refused(seed in any::<prop::sample::Index>(), changes in prop::collection::vec(change(), 1..6)) {
        let seeds = bundled("golden.json");
        let text = changed(seed.get::<String>(&seeds), &changes);
        if let Ok(golden) = Golden::parse(&text) {
            prop_assert!(golden.cases.iter().all(|case| case.tolerance > 0.0));
        }
    }

    #[test]
    fn any_text_at_all_is_refused_or_read(text in "\\PC{0,200}") {
        prop_assert!(Manifest::parse(&text).is_err());
        prop_assert!(Golden::parse(&text).is_err());
    }
}
