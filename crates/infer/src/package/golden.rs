//! `golden.json`: inputs with the answers that a package must give, whatever engine runs it.

use std::path::{Component, Path};

use serde::Deserialize;

/// The golden cases of one package.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Golden {
    /// At least one; none only for an unrated package that came without a golden file.
    pub cases: Vec<GoldenCase>,
}

/// One input and its answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GoldenCase {
    /// Path from the package's own folder, or from the one that holds `testdata/`. A `.f32` file is a raw little-endian
    /// tensor that goes straight into the net; anything else is a media file that goes through the whole pipeline.
    pub input: String,
    /// Shape of a `.f32` input.
    #[serde(default)]
    pub shape: Vec<usize>,
    /// The raw score of the whole file, before calibration.
    pub score: Option<f64>,
    /// The first values of the net's answer, for a `.f32` input or a helper.
    #[serde(default)]
    pub output: Vec<f64>,
    /// Largest difference that passes, in the unit of the values.
    pub tolerance: f64,
    /// Where the answer comes from.
    pub note: String,
}

/// Why a golden file is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GoldenError {
    /// Not JSON, or not of this form.
    #[error("golden.json: {0}")]
    Syntax(String),
    /// No case, a case that proves nothing, or one that leaves the folder.
    #[error("golden.json: {0}")]
    Empty(String),
}

impl GoldenCase {
    /// Whether the input is a raw tensor.
    pub fn is_raw(&self) -> bool {
        Path::new(&self.input).extension().is_some_and(|extension| extension == "f32")
    }
}

impl Golden {
    /// Reads and checks golden cases.
    pub fn parse(text: &str) -> Result<Self, GoldenError> {
        let golden: Self =
            serde_json::from_str(text).map_err(|error| GoldenError::Syntax(error.to_string()))?;
        if golden.cases.is_empty() {
            return Err(GoldenError::Empty("there is no case".to_owned()));
        }
        for case in &golden.cases {
            let inside = Path::new(&case.input).components().all(|part| matches!(part, Component::Normal(_)));
            if !inside || case.input.is_empty() {
                return Err(GoldenError::Empty(format!("{:?} is not a path below testdata/", case.input)));
            }
            let raw = case.is_raw();
            let provable = case.tolerance > 0.0
                && case.tolerance.is_finite()
                && (case.score.is_some() || !case.output.is_empty())
                && (!raw || (!case.shape.is_empty() && !case.output.is_empty()));
            if !provable {
                let problem = format!("{:?} lacks a score or output, a shape, or a tolerance", case.input);
                return Err(GoldenError::Empty(problem));
            }
        }
        Ok(golden)
    }
}
