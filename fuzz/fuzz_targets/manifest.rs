//! `model.toml`: a value that keeps its promises, or an error.
#![no_main]

use dk_infer::package::{Manifest, Pipeline};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Ok(manifest) = Manifest::parse(text) else { return };
    assert!(manifest.max_batch >= 1);
    assert!(!manifest.engines.is_empty());
    assert!(!manifest.weights.file.contains(['/', '\\']));
    let reads = manifest.pipeline == Pipeline::Provenance;
    assert_eq!(manifest.is_detector(), manifest.pipeline.net().is_some() || reads);
    for kind in &manifest.kinds {
        if let Some(calibration) = manifest.calibration_for(*kind) {
            assert!(calibration.point.real_below() < calibration.point.fake_at());
        }
    }
});
