//! Model packages in the folder of a test. A whole one is the start; a test spoils what it wants.

use std::fs;
use std::path::PathBuf;

use sha2::{Digest, Sha256};

use crate::onnx::Net;
use crate::support::Home;

/// A package before it is written.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    pub(crate) name: &'static str,
    /// The text of `model.toml`; `{sha256}` and `{bytes}` stand for those of the weights.
    pub(crate) manifest: String,
    pub(crate) golden: String,
    pub(crate) weights: Option<Vec<u8>>,
}

/// Never opened by a test; a package just has to have one.
const GOLDEN: &str = r#"{"cases": [{"input": "golden/none.f32", "shape": [1], "output": [0.0], "tolerance": 0.1, "note": "none"}]}"#;

fn head(name: &str, pipeline: &str, kinds: &str, family: &str) -> String {
    format!(
        r#"name = "{name}"
version = "1.0.0"
title = "Measures {name}"
pipeline = "{pipeline}"
kinds = {kinds}
family = "{family}"
weight = "weak"
licence = "CC0-1.0"
origin = "made by this test"
quality = "Not measured, it is made to give every answer on purpose."
limits = ["Says nothing about the world."]

[weights]
file = "weights.onnx"
sha256 = "{{sha256}}"
bytes = {{bytes}}
"#
    )
}

fn calibration(kind: &str, slope: f64, intercept: f64) -> String {
    format!(
        r#"
[calibration.{kind}]
slope = {slope:?}
intercept = {intercept:?}
fake_at = 0.9
real_below = 0.1
false_positive_rate = 0.01
miss_rate = 0.05
fit_data = "none, set by hand"
n_real = 1
n_synthetic = 1
"#
    )
}

impl Package {
    /// A detector for pictures and video: dark is REAL, bright is FAKE, grey is between.
    pub(crate) fn brightness() -> Self {
        let manifest = head("brightness", "image-classifier", r#"["image", "video"]"#, "ai-picture")
            + r#"
[tensor]
input = "image"
layout = "nchw"
output = "score"
activation = "none"
positive = "synthetic"

[picture]
size = [8, 8]
resize = "stretch"
filter = "bilinear"
colour = "rgb"
scale = 0.00392156862745098
mean = [0.5, 0.5, 0.5]
std = [0.5, 0.5, 0.5]

[video]
spread = 4
min_spread = 4
windows = 0
"# + &calibration("image", 10.0, 0.0)
            + &calibration("video", 10.0, 0.0);
        Self {
            name: "brightness",
            manifest,
            golden: GOLDEN.to_owned(),
            weights: Some(Net::brightness().bytes()),
        }
    }

    /// A detector for sound: a quiet voice is REAL, a loud one FAKE.
    pub(crate) fn loudness() -> Self {
        let manifest = head("loudness", "audio-windows", r#"["audio", "video"]"#, "loud-voice")
            + r#"
[tensor]
input = "wave"
layout = "wave"
output = "score"
activation = "none"
positive = "synthetic"

[sound]
samples = 16000
hop = 16000
pad = "tile"
min_ms = 500
"# + &calibration("audio", 200.0, -10.0)
            + &calibration("video", 200.0, -10.0);
        Self { name: "loudness", manifest, golden: GOLDEN.to_owned(), weights: Some(Net::loudness().bytes()) }
    }

    pub(crate) fn with_net(mut self, net: &Net) -> Self {
        self.weights = Some(net.bytes());
        self
    }

    pub(crate) fn with_weights(mut self, bytes: impl Into<Vec<u8>>) -> Self {
        self.weights = Some(bytes.into());
        self
    }

    /// Replaces a part of the manifest, which must be there.
    #[track_caller]
    pub(crate) fn with(mut self, old: &str, new: &str) -> Self {
        assert!(self.manifest.contains(old), "{old:?} is not in the manifest");
        self.manifest = self.manifest.replacen(old, new, 1);
        self
    }

    pub(crate) fn folder(&self, home: &Home) -> PathBuf {
        home.path("packages").join(self.name).join("1.0.0")
    }

    /// Writes it where the program looks.
    pub(crate) fn put(&self, home: &Home) -> PathBuf {
        let folder = self.folder(home);
        fs::create_dir_all(&folder).expect("a folder of the test");
        let write = |name: &str, bytes: &[u8]| fs::write(folder.join(name), bytes).expect("a file in it");
        write("model.toml", self.manifest_text().as_bytes());
        write("card.md", b"# Made by a test\n");
        write("golden.json", self.golden.as_bytes());
        if let Some(weights) = &self.weights {
            write("weights.onnx", weights);
        }
        folder
    }

    pub(crate) fn manifest_text(&self) -> String {
        let weights = self.weights.as_deref().unwrap_or_default();
        self.manifest.replace("{sha256}", &sha256(weights)).replace("{bytes}", &weights.len().to_string())
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}
