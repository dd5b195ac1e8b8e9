//! The two passes over a file: one that looks and one that listens. Each decodes once, however many models
//! follow it.

mod listen;
mod look;

use std::collections::BTreeMap;
use std::sync::Arc;

use dk_app::{DetectError, Illustration, ModelFailure, Progress, StopToken, in_one_line};
use dk_domain::{Finding, ModelId, ModelName, Outcome};

use crate::detector::LocalDetector;
use crate::fan_out::Judged;
use crate::helper::{FaceFinder, LandmarkFinder, SpeechFinder};
use crate::judge::{Failure, Judge};
use crate::nets::Net;
use crate::package::{Package, Pipeline};
use crate::pipeline::audio_visual::Shelf;

/// A package with its loaded net.
pub(crate) struct Planned<'a> {
    pub(crate) package: &'a Package,
    pub(crate) net: Net,
}

/// What the passes have gathered.
#[derive(Default)]
pub(crate) struct Looked {
    pub(crate) findings: Vec<Finding>,
    pub(crate) failures: Vec<ModelFailure>,
    pub(crate) illustration: Illustration,
    /// What was seen and waits for the sound.
    pub(crate) shelf: Shelf,
    /// How long that took.
    pub(crate) spent_secs: BTreeMap<ModelName, f64>,
}

impl Looked {
    /// Nothing changes a finding any more, so whoever listens is told.
    fn take(&mut self, planned: &Planned<'_>, judged: Judged, progress: &dyn Progress) {
        match judged.outcome {
            Ok(outcome) => {
                let before_secs = self.spent_secs.remove(&planned.package.manifest.name).unwrap_or(0.0);
                let took_secs = before_secs + judged.took_secs;
                let finding = finding(planned.package, &planned.net.engine, &outcome, took_secs);
                progress.model_finished(&finding);
                self.findings.push(finding);
            }
            Err(failure) => self.fail(planned.package, &failure),
        }
    }

    /// A pass that could not be finished is a failure of every model that needed it.
    pub(crate) fn fail_all(&mut self, packages: &[&Package], error: &DetectError) {
        for package in packages {
            let (model, code) = (package.manifest.name.clone(), error.code);
            let found = self.findings.iter().any(|finding| finding.model.name == model);
            // A model that could not be loaded is already named.
            let failed = self.failures.iter().any(|failure| failure.model == model);
            if !found && !failed {
                self.failures.push(ModelFailure { model, code, message: in_one_line(error) });
            }
        }
    }

    pub(crate) fn fail(&mut self, package: &Package, failure: &Failure) {
        self.failures.push(ModelFailure {
            model: package.manifest.name.clone(),
            code: failure.code(),
            message: in_one_line(failure),
        });
    }
}

pub(crate) fn finding(package: &Package, engine: &str, outcome: &Outcome, took_secs: f64) -> Finding {
    let manifest = &package.manifest;
    Finding {
        model: ModelId {
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            sha256: manifest.weights.sha256,
            engine: engine.to_owned(),
        },
        family: manifest.family.clone(),
        weight: manifest.weight,
        outcome: outcome.clone(),
        origin: None,
        took_secs,
    }
}

/// A judge, or the outcome that is clear before anything was seen.
enum Start<Item> {
    Judge(Box<dyn Judge<Item>>),
    Known(Outcome),
}

impl LocalDetector {
    fn face_finder(&self, stop: &StopToken) -> Option<FaceFinder> {
        let (package, rule) = self.nets.face_finder()?;
        self.helper_net(package, stop).map(|net| FaceFinder::new(net.runner, rule))
    }

    fn landmark_finder(&self, stop: &StopToken) -> Option<Arc<LandmarkFinder>> {
        let package =
            self.nets.helper(|pipeline| matches!(pipeline, Pipeline::FaceLandmarks).then_some(0))?;
        self.helper_net(package, stop).map(|net| Arc::new(LandmarkFinder::new(net.runner)))
    }

    fn speech_finder(&self, stop: &StopToken) -> Option<SpeechFinder> {
        let package =
            self.nets.helper(|pipeline| matches!(pipeline, Pipeline::VoiceActivity).then_some(0))?;
        self.helper_net(package, stop).map(|net| SpeechFinder::new(net.runner))
    }

    fn helper_net(&self, package: &Package, stop: &StopToken) -> Option<Net> {
        match self.nets.get(package, stop) {
            Ok(net) => Some(net),
            Err(unready) => {
                tracing::warn!(model.name = %package.manifest.name, why = %unready.why, "a helper cannot be used");
                None
            }
        }
    }
}

/// Splits the planned models into those that judge and those whose outcome is known at once.
fn start_all<'a, 'p, Item>(
    planned: &'p [Planned<'a>],
    looked: &mut Looked,
    progress: &dyn Progress,
    start: impl Fn(&Planned<'_>) -> Result<Start<Item>, Failure>,
) -> (Vec<Box<dyn Judge<Item>>>, Vec<&'p Planned<'a>>) {
    let (mut judges, mut who) = (Vec::new(), Vec::new());
    for planned in planned {
        match start(planned) {
            Ok(Start::Judge(judge)) => {
                judges.push(judge);
                who.push(planned);
            }
            Ok(Start::Known(outcome)) => {
                looked.take(planned, Judged { outcome: Ok(outcome), took_secs: 0.0 }, progress);
            }
            Err(failure) => looked.fail(planned.package, &failure),
        }
    }
    (judges, who)
}
