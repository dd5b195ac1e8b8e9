//! Weights that were never loaded here are tried in a limited child first.

use std::fs;

use dk_app::{Detector, Effort, Request, Silent, StopToken};
use dk_infer::engine::{EngineChoice, EngineKind};
use dk_infer::package::checksum;

use crate::setup::{bench, checkout};

/// Twenty bytes that hang the loader of rten for ever, in a package that is right in every other way.
#[test]
fn weights_that_hang_an_engine_end_in_an_error() {
    let folder = tempfile::tempdir().unwrap();
    let package = folder.path().join("hanging/1.0.0");
    fs::create_dir_all(&package).unwrap();
    fs::write(package.join("weights.onnx"), [0xFF; 20]).unwrap();
    let sha256 = checksum(&package.join("weights.onnx")).unwrap();
    let model = fs::read_to_string(checkout().join("models/mesonet-df/1.0.0/model.toml")).unwrap();
    let lines: Vec<String> = model
        .lines()
        .map(|line| match line.split(" = ").next().unwrap() {
            "name" => "name = \"hanging\"".to_owned(),
            "sha256" => format!("sha256 = \"{sha256}\""),
            _ => line.to_owned(),
        })
        .collect();
    fs::write(package.join("model.toml"), lines.join("\n")).unwrap();
    fs::write(package.join("card.md"), "# hanging").unwrap();
    fs::copy(checkout().join("models/mesonet-df/1.0.0/golden.json"), package.join("golden.json")).unwrap();

    let bench = bench(EngineChoice::Only(EngineKind::Rten), Some(folder.path().to_owned()));
    let path = checkout().join("testdata/astronaut.png");
    let models = ["hanging".parse().unwrap()];
    let request = Request { path: &path, models: &models, illustrate: false, effort: Effort::All };
    let detection = bench.detector.detect(&request, &Silent, &StopToken::new()).unwrap();
    assert!(detection.findings.is_empty());
    assert!(detection.failures[0].message.contains("limited child"), "{}", detection.failures[0].message);
}
