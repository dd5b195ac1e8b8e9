//! Faces that are turned upright before a net sees them: with a finder that always finds one face, and a net that answers otherwise
//! to a turned one. `tests/nets` has both.

use std::path::{Path, PathBuf};
use std::process::Command;

use dk_app::{Detector, Effort, Request, Silent, StopToken};
use dk_domain::Outcome;
use dk_infer::engine::EngineChoice;

use crate::setup::{bench, checkout, package};

const FINDER: &str = r#"pipeline = "face-detector"
kinds = []

[face_detector]
decode = "yunet"
side_px = 640
min_score = 0.7
max_overlap = 0.3
preference = 9
"#;

fn judge(align: &str) -> String {
    format!(
        r#"pipeline = "face-classifier"
kinds = ["image"]

[tensor]
input = "image"
layout = "nchw"
output = "score"
activation = "none"
positive = "synthetic"

[picture]
size = [32, 32]
resize = "stretch"
filter = "bilinear"
colour = "rgb"
scale = 0.00392156862745098
mean = [0.0, 0.0, 0.0]
std = [1.0, 1.0, 1.0]

[face]
crop = 1.3
min_side_px = 64
{align}
"#
    )
}

/// Two judges of one net, one of which wants faces upright.
fn judges(root: &Path) {
    package(root, "as-they-stand", "halves.onnx", &judge(""));
    package(root, "upright", "halves.onnx", &judge("align = \"five-points\""));
}

/// What both say of the face that this finder finds in a picture: as it stands, upright.
fn scores(finder: &str, picture: &Path) -> [f64; 2] {
    let root = tempfile::tempdir().unwrap();
    judges(root.path());
    package(root.path(), "finder", finder, FINDER);
    let bench = bench(EngineChoice::Auto, Some(root.path().to_owned()));
    let models = ["as-they-stand", "upright"].map(|name| name.parse().unwrap());
    let request = Request { path: picture, models: &models, illustrate: false, effort: Effort::All };
    let detection = bench.detector.detect(&request, &Silent, &StopToken::new()).unwrap();
    assert!(detection.failures.is_empty(), "{:?}", detection.failures);
    let score = |at: usize| match &detection.findings[at].outcome {
        Outcome::Answer(opinion) => opinion.score.get(),
        Outcome::NotApplicable(why) => panic!("{why:?}"),
    };
    [score(0), score(1)]
}

/// The portrait turned counter-clockwise by 25 degrees round its middle.
fn turned(folder: &Path) -> PathBuf {
    let path = folder.join("turned.png");
    let status = Command::new("ffmpeg")
        .args(["-nostdin", "-v", "error", "-y", "-i"])
        .arg(checkout().join("testdata/astronaut.png"))
        .args(["-vf", "rotate=-25*PI/180", "-update", "1", "-frames:v", "1"])
        .arg(&path)
        .status()
        .unwrap();
    assert!(status.success());
    path
}

#[test]
fn a_turned_portrait_is_judged_as_the_upright_one_by_a_net_that_wants_it_so() {
    let folder = tempfile::tempdir().unwrap();
    let straight = scores("finder-upright.onnx", &checkout().join("testdata/astronaut.png"));
    let turned = scores("finder-turned.onnx", &turned(folder.path()));
    assert!((straight[0] - turned[0]).abs() > 0.3, "as it stands: {straight:?}, {turned:?}");
    assert!((straight[1] - turned[1]).abs() < 0.05, "upright: {straight:?}, {turned:?}");
}

#[test]
fn without_a_finder_that_tells_five_points_the_package_says_what_it_lacks() {
    let root = tempfile::tempdir().unwrap();
    judges(root.path());
    let bench = bench(EngineChoice::Auto, Some(root.path().to_owned()));
    let cards = bench.detector.models();
    let card = |name: &str| cards.iter().find(|card| card.name.as_str() == name).unwrap();
    assert!(card("as-they-stand").state.is_ok());
    let unready = card("upright").state.as_ref().unwrap_err();
    assert!(unready.why.contains("eyes, nose and mouth"), "{}", unready.why);
    assert!(unready.hint.contains("yunet"), "{}", unready.hint);
    let path = checkout().join("testdata/astronaut.png");
    let models = ["upright".parse().unwrap()];
    let request = Request { path: &path, models: &models, illustrate: false, effort: Effort::All };
    let detection = bench.detector.detect(&request, &Silent, &StopToken::new()).unwrap();
    assert!(detection.findings.is_empty());
    assert!(detection.failures[0].message.contains("eyes, nose and mouth"), "{:?}", detection.failures);
}
