//! Runs the golden cases of a package: the same input must give the same answer on every engine.

use std::fs;
use std::path::Path;

use dk_app::{Detector, Effort, Request, Silent, StopToken, in_one_line};
use dk_domain::{ModelName, Outcome};

use crate::detector::LocalDetector;
use crate::engine::Tensor;
use crate::package::{GoldenCase, Package, Pipeline};
use crate::pipeline::audio_visual::embeddings;

/// How one golden case went.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseResult {
    /// The input.
    pub input: String,
    /// The largest difference to the expected values.
    pub difference: f64,
    /// The largest difference that passes.
    pub tolerance: f64,
}

impl CaseResult {
    /// Whether it passed.
    pub fn passed(&self) -> bool {
        self.difference <= self.tolerance
    }
}

/// Why a golden case could not be run.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    /// There is no such package.
    #[error("there is no package {0}")]
    Unknown(ModelName),
    /// The package cannot be used.
    #[error("{name} cannot be used: {why}")]
    Unready {
        /// Which one.
        name: ModelName,
        /// What is wrong.
        why: String,
        /// The way out.
        hint: String,
    },
    /// The input is missing or wrong.
    #[error("cannot use the golden input {input}: {why}")]
    Input {
        /// Which input.
        input: String,
        /// What is wrong.
        why: String,
    },
    /// The net could not be run on it.
    #[error("cannot run {name} on {input}: {why}")]
    Run {
        /// Which package.
        name: ModelName,
        /// Which input.
        input: String,
        /// What went wrong.
        why: String,
    },
}

impl LocalDetector {
    /// Runs every golden case of a package. Inputs that are not in its own folder are looked for in `base`, which holds
    /// `testdata/`.
    pub fn verify(
        &self,
        name: &ModelName,
        base: &Path,
        stop: &StopToken,
    ) -> Result<Vec<CaseResult>, VerifyError> {
        let package = self.nets.registry.get(name).ok_or_else(|| VerifyError::Unknown(name.clone()))?;
        if let Err(unready) = self.nets.runs_on(package) {
            return Err(VerifyError::Unready { name: name.clone(), why: unready.why, hint: unready.hint });
        }
        package.golden.cases.iter().map(|case| self.run_case(package, case, base, stop)).collect()
    }

    fn run_case(
        &self,
        package: &Package,
        case: &GoldenCase,
        base: &Path,
        stop: &StopToken,
    ) -> Result<CaseResult, VerifyError> {
        let path = package.golden_input(case, base);
        let difference = if case.is_raw() {
            let values = self.raw(package, case, &path, stop)?;
            let expected = case.output.iter();
            let differences = expected.zip(&values).map(|(e, v)| (e - f64::from(*v)).abs());
            if values.len() < case.output.len() { f64::INFINITY } else { differences.fold(0.0, f64::max) }
        } else {
            let expected = case.score.ok_or_else(|| input_error(case, "a media file needs a score"))?;
            (self.score(package, case, &path, stop)? - expected).abs()
        };
        Ok(CaseResult { input: case.input.clone(), difference, tolerance: case.tolerance })
    }

    /// A media file through the whole pipeline.
    fn score(
        &self,
        package: &Package,
        case: &GoldenCase,
        path: &Path,
        stop: &StopToken,
    ) -> Result<f64, VerifyError> {
        let models = [package.manifest.name.clone()];
        let request = Request { path, models: &models, illustrate: false, effort: Effort::All };
        let detection =
            self.detect(&request, &Silent, stop).map_err(|error| input_error(case, &error.to_string()))?;
        let run_error = |why: String| VerifyError::Run {
            name: package.manifest.name.clone(),
            input: case.input.clone(),
            why,
        };
        if let Some(failure) = detection.failures.first() {
            return Err(run_error(failure.message.clone()));
        }
        match detection.findings.first().map(|finding| &finding.outcome) {
            Some(Outcome::Answer(opinion)) => Ok(opinion.score.get()),
            Some(Outcome::NotApplicable(reasons)) => {
                Err(run_error(reasons.iter().map(|r| r.code()).collect::<Vec<_>>().join(", ")))
            }
            None => Err(run_error("the package does not read this kind of file".to_owned())),
        }
    }

    /// A raw tensor straight into the net.
    fn raw(
        &self,
        package: &Package,
        case: &GoldenCase,
        path: &Path,
        stop: &StopToken,
    ) -> Result<Vec<f32>, VerifyError> {
        let run_error = |why: String| VerifyError::Run {
            name: package.manifest.name.clone(),
            input: case.input.clone(),
            why,
        };
        let bytes = fs::read(path).map_err(|error| input_error(case, &error.to_string()))?;
        let values: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
        let tensor = Tensor::floats(case.shape.clone(), values)
            .map_err(|error| input_error(case, &error.to_string()))?;
        let net = self.nets.get(package, stop).map_err(|unready| run_error(unready.why))?;
        let pipeline = &package.manifest.pipeline;
        if let (Some(rule), Some(names)) = (pipeline.embeddings(), pipeline.net()) {
            let answer = embeddings::of_one_row(&net.runner, names, rule, tensor, stop);
            return answer.map_err(|why| run_error(in_one_line(&why)));
        }
        let (input, output) = tensor_names(package, &net.runner.output);
        let mut inputs = vec![(input, tensor)];
        if package.manifest.pipeline == Pipeline::VoiceActivity {
            // This net has a memory, which is empty at the begin of a file.
            let empty = || Tensor::F32(vec![1, 1, 128], vec![0.0; 128]);
            inputs.extend([("h".to_owned(), empty()), ("c".to_owned(), empty())]);
        }
        let answer =
            net.runner.whole(inputs, vec![output], stop).map_err(|error| run_error(error.to_string()))?;
        let first = answer.into_iter().next().ok_or_else(|| run_error("it gave no answer".to_owned()))?;
        first.into_finite_floats().map_err(|error| run_error(error.to_string()))
    }
}

/// The input and output of a detector are named in its manifest; those of a helper belong to its pipeline.
fn tensor_names(package: &Package, first_output: &str) -> (String, String) {
    match (&package.manifest.pipeline, package.manifest.pipeline.net()) {
        (_, Some(net)) => (net.input.clone(), net.output.clone()),
        (Pipeline::FaceLandmarks, None) => ("face".to_owned(), "points".to_owned()),
        (Pipeline::FaceDetector(rule), None) if rule.decode == crate::package::FaceDecode::Boxes => {
            ("image".to_owned(), "boxes".to_owned())
        }
        _ => ("input".to_owned(), first_output.to_owned()),
    }
}

fn input_error(case: &GoldenCase, why: &str) -> VerifyError {
    VerifyError::Input { input: case.input.clone(), why: why.to_owned() }
}
