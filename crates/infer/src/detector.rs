//! The detector that runs in this process: opens a file once, decodes it once, and shows it to every model.

use std::time::{Duration, Instant};

use dk_app::{
    DetectError, Detection, Detector, ErrorCode, ModelCard, ModelFailure, Progress, Quality, Request,
    StopToken, Unready,
};
use dk_domain::{Finding, MediaKind, ModelName, Outcome, Reason};
use dk_media::{Limits, MediaError, MediaFile, Tools};

use crate::engine::EngineMissing;
use crate::nets::{Nets, Settings};
use crate::package::{Package, Pipeline};
use crate::passes::{Looked, Planned};

/// Packages, engines and the tools that read media.
pub struct LocalDetector {
    pub(crate) nets: Nets,
    tools: Tools,
    limits: Limits,
}

impl LocalDetector {
    /// Scans the packages and opens the engines; nets are loaded when first needed.
    pub fn open(settings: &Settings, tools: Tools, limits: Limits) -> Result<Self, EngineMissing> {
        Ok(Self { nets: Nets::open(settings)?, tools, limits })
    }

    /// Every package folder that was found, with the reason of each refusal.
    pub fn registry(&self) -> &crate::package::Registry {
        &self.nets.registry
    }

    /// The engines that are open, best first, and why ONNX Runtime is not where it is not.
    pub fn engines(&self) -> (Vec<&str>, Option<&str>) {
        let engines = &self.nets.engines;
        (engines.all().iter().map(|engine| engine.id()).collect(), engines.ort_missing.as_deref())
    }

    /// The engine that would run a package; `None` where it cannot be used.
    pub fn engine_of(&self, package: &Package) -> Option<String> {
        self.nets.engine_for(package).ok().map(|engine| engine.id().to_owned())
    }

    /// Packages that are to look at a file of this kind.
    fn chosen(&self, kind: MediaKind, wanted: &[ModelName]) -> Vec<&Package> {
        self.nets
            .registry
            .packages()
            .filter(|package| package.manifest.kinds.contains(&kind))
            .filter(|package| {
                if wanted.is_empty() {
                    self.nets.engine_for(package).is_ok()
                } else {
                    wanted.contains(&package.manifest.name)
                }
            })
            .collect()
    }
}

impl Detector for LocalDetector {
    fn models(&self) -> Vec<ModelCard> {
        let card = |package: &Package| {
            let manifest = &package.manifest;
            ModelCard {
                name: manifest.name.clone(),
                version: manifest.version.clone(),
                title: manifest.title.clone(),
                family: manifest.family.clone(),
                weight: manifest.weight,
                kinds: manifest.kinds.clone(),
                pipeline: manifest.pipeline.as_str(),
                licence: manifest.licence.clone(),
                origin: manifest.origin.clone(),
                limits: manifest.limits.clone(),
                quality: Quality(manifest.quality.clone()),
                state: self.nets.engine_for(package).map(|engine| engine.id().to_owned()),
                is_detector: manifest.is_detector(),
            }
        };
        self.nets.registry.packages().map(card).collect()
    }

    fn load(&self, stop: &StopToken) -> Vec<(ModelName, Duration, Result<(), Unready>)> {
        let usable = self.nets.registry.packages().filter(|package| self.nets.engine_for(package).is_ok());
        usable
            .map(|package| {
                let begin = Instant::now();
                let loaded = self.nets.get(package, stop).map(|_| ());
                (package.manifest.name.clone(), begin.elapsed(), loaded)
            })
            .collect()
    }

    fn detect(
        &self,
        request: &Request<'_>,
        progress: &dyn Progress,
        stop: &StopToken,
    ) -> Result<Detection, DetectError> {
        let file =
            MediaFile::open(request.path, &self.tools, &self.limits, progress, stop).map_err(from_media)?;
        let chosen = self.chosen(file.facts.kind, request.models);
        let (listeners, viewers): (Vec<&Package>, Vec<&Package>) = chosen
            .into_iter()
            .partition(|package| matches!(package.manifest.pipeline, Pipeline::AudioWindows(..)));
        let mut looked = Looked::default();
        let mut seen = Ok(());
        if !viewers.is_empty() {
            let planned = self.plan(&viewers, progress, stop, &mut looked);
            seen = self.look(&file, &planned, request, progress, stop, &mut looked);
        }
        let mut heard = Ok(());
        if file.facts.audio.is_none() {
            looked.findings.extend(listeners.iter().map(|package| silent(package)));
        } else if !listeners.is_empty() || request.illustrate {
            let planned = self.plan(&listeners, progress, stop, &mut looked);
            heard = self.listen(&file, &planned, request, progress, stop, &mut looked);
        }
        if stop.is_stopped() {
            return Err(from_media(MediaError::Stopped));
        }
        // Damaged sound is no reason to keep silent about the pictures, nor the other way round.
        let looked_at = |finding: &Finding| !matches!(&finding.outcome, Outcome::NotApplicable(why) if why.contains(&Reason::NoAudioTrack));
        let worked = looked.findings.iter().any(looked_at);
        for (packages, pass) in [(&viewers, seen), (&listeners, heard)] {
            match pass {
                Err(error) if worked => looked.fail_all(packages, &error),
                Err(error) => return Err(error),
                Ok(()) => {}
            }
        }
        looked.findings.sort_by(|a, b| a.model.name.cmp(&b.model.name));
        looked.failures.sort_by(|a, b| a.model.cmp(&b.model));
        let Looked { findings, failures, illustration } = looked;
        Ok(Detection { facts: file.facts.clone(), findings, failures, illustration })
    }
}

impl LocalDetector {
    /// Loads the nets; one that cannot be loaded becomes a failure and stops nobody else.
    fn plan<'a>(
        &self,
        packages: &[&'a Package],
        progress: &dyn Progress,
        stop: &StopToken,
        looked: &mut Looked,
    ) -> Vec<Planned<'a>> {
        let mut planned = Vec::new();
        for package in packages {
            match self.nets.get(package, stop) {
                Ok(net) => {
                    progress.model_started(&package.manifest.name);
                    planned.push(Planned { package, net });
                }
                Err(unready) => looked.failures.push(ModelFailure {
                    model: package.manifest.name.clone(),
                    code: ErrorCode::ModelUnavailable,
                    message: format!("{} ({})", unready.why, unready.hint),
                }),
            }
        }
        planned
    }
}

/// A model that listens has nothing to hear in a video without sound.
fn silent(package: &Package) -> Finding {
    crate::passes::finding(package, "none", &Outcome::NotApplicable(vec![Reason::NoAudioTrack]), 0.0)
}

pub(crate) fn from_media(error: MediaError) -> DetectError {
    DetectError { code: error.code(), hint: error.hint(), source: Box::new(error) }
}
