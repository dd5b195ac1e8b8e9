//! Times single runs of a net, without media, so that engines and settings can be compared.

use std::time::Instant;

use dk_app::StopToken;
use dk_domain::ModelName;

use crate::detector::LocalDetector;
use crate::engine::{LoadError, Memory, RunError, Tensor, Threads};
use crate::package::{Layout, Package, Pipeline, SequenceStep};

/// Why a net could not be timed.
#[derive(Debug, thiserror::Error)]
pub enum BenchError {
    /// There is no such detector.
    #[error("there is no detector {0} that can be timed")]
    Unknown(ModelName),
    /// It cannot be used.
    #[error("{name} cannot be used: {why}")]
    Unready {
        /// Which one.
        name: ModelName,
        /// What is wrong.
        why: String,
        /// The way out.
        hint: String,
    },
    /// It cannot be loaded.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// It cannot be run.
    #[error(transparent)]
    Run(#[from] RunError),
}

impl LocalDetector {
    /// Milliseconds of each of `runs` runs on `batch` rows, after one run that is not counted. The input
    /// is the same for everyone: `((i * 2654435761) mod 2^32) / 2^32 * 2 - 1` for the i-th value.
    pub fn bench(
        &self,
        name: &ModelName,
        threads: Threads,
        batch: usize,
        runs: usize,
    ) -> Result<Vec<f64>, BenchError> {
        let package = self.nets.registry.get(name).ok_or_else(|| BenchError::Unknown(name.clone()))?;
        let unready =
            |u: dk_app::Unready| BenchError::Unready { name: name.clone(), why: u.why, hint: u.hint };
        let engine = self.nets.engine_for(package).map_err(unready)?;
        let weights = package.weights.as_ref().map_err(|u| unready(u.clone()))?;
        let shape = row_shape(package).ok_or_else(|| BenchError::Unknown(name.clone()))?;
        let net = package.manifest.pipeline.net().ok_or_else(|| BenchError::Unknown(name.clone()))?;
        let input = noise(&shape, batch);
        let mut model = engine.load(weights, threads, Memory::Keep)?;
        let mut times_ms = Vec::with_capacity(runs);
        for run in 0..=runs {
            let start = Instant::now();
            model.run(&[(&net.input, &input)], &[&net.output], &StopToken::new())?;
            if run > 0 {
                times_ms.push(start.elapsed().as_secs_f64() * 1000.0);
            }
        }
        Ok(times_ms)
    }
}

fn row_shape(package: &Package) -> Option<Vec<usize>> {
    Some(match &package.manifest.pipeline {
        Pipeline::ImageClassifier(_, rule) | Pipeline::FaceClassifier(_, rule, _) => {
            let (width, height) = (rule.width_px as usize, rule.height_px as usize);
            match rule.layout {
                Layout::Nchw => vec![3, height, width],
                Layout::Nhwc => vec![height, width, 3],
            }
        }
        Pipeline::FrameSequence(_, _, rule) => {
            let frames = rule.frames - usize::from(rule.step == SequenceStep::Differences);
            vec![frames, crate::helper::LANDMARK_VALUES]
        }
        Pipeline::AudioWindows(_, rule) => vec![rule.samples],
        Pipeline::AudioVisual(..)
        | Pipeline::Provenance
        | Pipeline::FaceDetector(_)
        | Pipeline::FaceLandmarks
        | Pipeline::VoiceActivity => return None,
    })
}

fn noise(row: &[usize], batch: usize) -> Tensor {
    let shape: Vec<usize> = std::iter::once(batch).chain(row.iter().copied()).collect();
    let count: usize = shape.iter().product();
    let values = (0..count as u32)
        .map(|i| (f64::from(i.wrapping_mul(2_654_435_761)) / 4_294_967_296.0 * 2.0 - 1.0) as f32)
        .collect();
    Tensor::F32(shape, values)
}
