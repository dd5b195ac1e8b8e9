//! Manifests and golden files are read strictly.

use std::fs;

use dk_domain::{MediaKind, Weight};
use dk_infer::package::{FaceAlign, FaceShape, Golden, Manifest, Pipeline, Resize};
use proptest::prelude::*;

use crate::setup::checkout;

fn text(package: &str) -> String {
    fs::read_to_string(checkout().join("models").join(package).join("model.toml")).unwrap()
}

fn refusal(text: &str) -> String {
    Manifest::parse(text).expect_err("it was taken").to_string()
}

#[test]
fn how_often_a_model_was_wrong_is_told_with_n_by_kind() {
    let rates = |package: &str| Manifest::parse(&text(package)).unwrap().rates;
    let image = "Where its thresholds were set (image) it was wrong in 0.3 % of 217 real files, called FAKE, and in 1 % of \
                 103 made by AI, called REAL.";
    let [first, (MediaKind::Video, second)] = &rates("clip-probe/1.0.0")[..] else {
        panic!("one for each kind")
    };
    assert_eq!(*first, (MediaKind::Image, image.to_owned()));
    assert!(second.contains("(video) it was wrong in 0.5 % of 222 real files"), "{second}");
    let speech = rates("synthetic-speech-small/1.0.0");
    assert!(speech.iter().all(|(_, rate)| {
        rate.ends_with("it was wrong in 0.9 % of 786 real files, called FAKE; it never says REAL.")
    }));
    assert!(rates("mesonet-df/1.0.0").is_empty(), "an unrated model has none");
}

#[test]
fn a_net_may_declare_only_what_it_hears_and_never_that_a_file_is_real() {
    let good = text("perth-watermark/1.0.0");
    assert_eq!(Manifest::parse(&good).unwrap().weight, Weight::Declared);
    assert!(refusal(&good.replacen("real_below = 0.0", "real_below = 0.1", 1)).contains("real_below"));
    let picture = text("clip-probe/1.0.0").replacen("weight = \"weak\"", "weight = \"declared\"", 1);
    assert!(refusal(&picture).contains("weight"));
}

#[test]
fn a_cut_without_resizing_and_the_box_of_a_face_can_be_said() {
    let text = text("mesonet-df/1.0.0")
        .replace("crop = 1.3", "crop = 1.25\nshape = \"box\"")
        .replace("resize = \"stretch\"", "resize = \"crop\"");
    let Pipeline::FaceClassifier(_, picture, face) = Manifest::parse(&text).unwrap().pipeline else {
        panic!("another pipeline")
    };
    assert_eq!((picture.resize, face.shape), (Resize::Crop, FaceShape::Box));
    let sequence = fs::read_to_string(checkout().join("models/lrnet-g1/1.0.0/model.toml")).unwrap();
    let boxed = sequence.replace("[face]", "[face]\nshape = \"box\"");
    assert!(refusal(&boxed).contains("face.shape"), "a pipeline that does not read it");
}

#[test]
fn faces_that_are_turned_upright_can_be_said_where_that_means_something() {
    let aligned = text("mesonet-df/1.0.0").replace("[face]", "[face]\nalign = \"five-points\"");
    let Pipeline::FaceClassifier(_, _, face) = Manifest::parse(&aligned).unwrap().pipeline else {
        panic!("another pipeline")
    };
    assert_eq!(face.align, FaceAlign::FivePoints);
    for (what, text) in [
        ("a form of its own", aligned.replace("[face]", "[face]\nshape = \"box\"")),
        ("no size of its own", aligned.replace("resize = \"stretch\"", "resize = \"crop\"")),
        ("a word that is none", aligned.replace("five-points", "eyes")),
        (
            "a pipeline that does not read it",
            text("lrnet-g1/1.0.0").replace("[face]", "[face]\nalign = \"five-points\""),
        ),
    ] {
        let said = refusal(&text);
        assert!(said.contains("align") || said.contains("eyes"), "{what}: {said}");
    }
}

#[test]
fn a_net_of_two_embeddings_can_be_said_with_what_it_is_fed() {
    let curves = text("lip-sync/1.0.0");
    let fed = |more: &str| curves.replace("[lip_sync]", &format!("[lip_sync]\n{more}"));
    let good = fed("compare = \"embeddings\"\nside_px = 224\nsamples = 3680");
    let rule = Manifest::parse(&good).unwrap().pipeline.embeddings().unwrap();
    assert_eq!((rule.side_px, rule.samples), (224, 3680));
    assert_eq!(Manifest::parse(&curves).unwrap().pipeline.embeddings(), None);
    for (more, named) in [
        ("compare = \"embeddings\"\nsamples = 3680", "lip_sync.side_px"),
        ("compare = \"embeddings\"\nside_px = 224", "lip_sync.samples"),
        ("compare = \"embeddings\"\nside_px = 2048\nsamples = 3680", "lip_sync.side_px"),
        ("compare = \"embeddings\"\nside_px = 4\nsamples = 3680", "lip_sync.side_px"),
        ("compare = \"embeddings\"\nside_px = 224\nsamples = 99999", "lip_sync.samples"),
        ("side_px = 224", "lip_sync.compare"),
        ("compare = \"ears\"", "ears"),
    ] {
        let said = refusal(&fed(more));
        assert!(said.contains(named), "{more:?} was refused with {said:?}");
    }
}

#[test]
fn what_is_misspelt_missing_or_impossible_is_refused_by_name() {
    let good = text("mesonet-df/1.0.0");
    assert!(Manifest::parse(&good).is_ok());
    let replaced = |from: &str, to: &str| {
        assert!(good.contains(from), "{from:?} is not in the manifest");
        refusal(&good.replacen(from, to, 1))
    };
    let table = [
        ("title =", "titel =", "titel"),
        ("pipeline = \"face-classifier\"", "pipeline = \"magic\"", "magic"),
        ("kinds = [\"image\", \"video\"]", "kinds = [\"audio\"]", "kinds"),
        ("kinds = [\"image\", \"video\"]", "kinds = []", "kinds"),
        ("weight = \"unrated\"", "weight = \"weak\"", "calibration.image"),
        ("weight = \"unrated\"", "weight = \"certain\"", "weight"),
        ("name = \"mesonet-df\"", "name = \"../evil\"", "name"),
        ("version = \"1.0.0\"", "version = \"1.0\"", "version"),
        ("file = \"weights.onnx\"", "file = \"../../etc/passwd\"", "weights.file"),
        ("file = \"weights.onnx\"", "file = \"/etc/passwd\"", "weights.file"),
        ("bytes = ", "bytes = -", "bytes"),
        ("size = [256, 256]", "size = [0, 256]", "picture.size"),
        ("size = [256, 256]", "size = [100000, 256]", "picture.size"),
        ("std = [1.0, 1.0, 1.0]", "std = [1.0, 0.0, 1.0]", "picture.std"),
        ("std = [1.0, 1.0, 1.0]", "std = [1.0, nan, 1.0]", "picture.std"),
        ("crop = 1.3", "crop = 1e30", "face.crop"),
        ("crop = 1.3", "crop = 1.3\nshape = \"round\"", "round"),
        ("layout = \"nhwc\"", "layout = \"wave\"", "tensor.layout"),
        ("positive = \"real\"", "positive = \"perhaps\"", "perhaps"),
        ("[face]", "[sound]\nsamples = 1\n[face]", "sound"),
    ];
    for (from, to, named) in table {
        let said = replaced(from, to);
        assert!(said.contains(named), "{to:?} was refused with {said:?}, which does not name {named:?}");
    }
}

#[test]
fn a_section_of_another_pipeline_is_as_wrong_as_an_unknown_key() {
    let sound = "\n[sound]\nsamples = 16000\nhop = 16000\npad = \"tile\"\nmin_ms = 1000\n";
    assert!(refusal(&(text("mesonet-df/1.0.0") + sound)).contains("sound"));
}

#[test]
fn a_golden_file_that_proves_nothing_is_refused() {
    let case = |body: &str| Golden::parse(&format!("{{\"cases\": [{body}]}}"));
    assert!(case("").is_err());
    assert!(case(r#"{"input": "a.png", "tolerance": 0.1, "note": ""}"#).is_err());
    assert!(case(r#"{"input": "a.png", "score": 1, "tolerance": 0, "note": ""}"#).is_err());
    assert!(case(r#"{"input": "a.f32", "output": [1], "tolerance": 0.1, "note": ""}"#).is_err());
    assert!(case(r#"{"input": "a.png", "score": 1, "tolerance": 0.1, "note": "", "x": 1}"#).is_err());
    assert!(case(r#"{"input": "a.png", "score": 1, "tolerance": 0.1, "note": ""}"#).is_ok());
}

proptest! {
    #[test]
    fn damaged_text_is_refused_or_taken_and_never_a_panic(at in 0usize..4000, byte in any::<u8>(), cut in any::<bool>()) {
        for package in ["mesonet-df/1.0.0", "lrnet-g1/1.0.0", "aasist/1.0.0", "tiny-face-detector/1.0.0"] {
            let mut bytes = text(package).into_bytes();
            let at = at % bytes.len();
            if cut { bytes.truncate(at) } else { bytes[at] = byte }
            let damaged = String::from_utf8_lossy(&bytes).into_owned();
            let _ = Manifest::parse(&damaged);
            let _ = Golden::parse(&damaged);
        }
    }
}
