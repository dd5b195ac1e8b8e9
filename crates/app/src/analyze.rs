//! Judge one file: the main job.

use dk_domain::{Finding, MediaFacts, ModelName, Verdict, conclude};

use crate::{DetectError, Detector, Illustration, ModelFailure, Progress, Request, StopToken};

/// Everything that is said of one file.
#[derive(Debug, Clone)]
pub struct Report {
    /// What the file is.
    pub facts: MediaFacts,
    /// What is said of the file as a whole.
    pub verdict: Verdict,
    /// What each model says.
    pub findings: Vec<Finding>,
    /// Models that ended with an error.
    pub failures: Vec<ModelFailure>,
    /// For a report; empty unless asked for.
    pub illustration: Illustration,
}

/// Why a file was not judged.
#[derive(Debug, thiserror::Error)]
pub enum AnalyzeError {
    /// A model was asked for that is not installed.
    #[error("there is no model {name:?}; installed are {known}")]
    UnknownModel {
        /// What was asked for.
        name: String,
        /// The names that exist, joined for people.
        known: String,
    },
    /// A model was asked for that is there and cannot be used.
    #[error("model {name} cannot be used: {why}")]
    UnreadyModel {
        /// What was asked for.
        name: ModelName,
        /// What is wrong with it.
        why: String,
        /// The way out.
        hint: String,
    },
    /// The file could not be judged.
    #[error(transparent)]
    Detect(#[from] DetectError),
}

/// Checks that the models exist, has them look, and applies the verdict rule.
pub fn analyze(
    detector: &dyn Detector,
    request: &Request<'_>,
    progress: &dyn Progress,
    stop: &StopToken,
) -> Result<Report, AnalyzeError> {
    check_models(detector, request.models)?;
    let detection = detector.detect(request, progress, stop)?;
    let verdict = conclude(&detection.findings, detection.failures.len());
    Ok(Report {
        facts: detection.facts,
        verdict,
        findings: detection.findings,
        failures: detection.failures,
        illustration: detection.illustration,
    })
}

fn check_models(detector: &dyn Detector, wanted: &[ModelName]) -> Result<(), AnalyzeError> {
    if wanted.is_empty() {
        return Ok(());
    }
    let cards = detector.models();
    for name in wanted {
        let Some(card) = cards.iter().find(|card| card.is_detector && card.name == *name) else {
            let known: Vec<&str> = cards.iter().filter(|c| c.is_detector).map(|c| c.name.as_str()).collect();
            return Err(AnalyzeError::UnknownModel { name: name.to_string(), known: known.join(", ") });
        };
        if let Err(unready) = &card.state {
            let (why, hint) = (unready.why.clone(), unready.hint.clone());
            return Err(AnalyzeError::UnreadyModel { name: name.clone(), why, hint });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
