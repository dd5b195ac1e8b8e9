//! The detector that runs in this process: opens a file once, decodes it once, and shows it to every model.

use std::time::{Duration, Instant};

use dk_app::{
    DetectError, Detection, Detector, Effort, ErrorCode, ModelCard, ModelFailure, Progress, Quality, Request,
    StopToken, Unready,
};
use dk_domain::{Finding, MediaKind, ModelName, Outcome, Reason, Weight};
use dk_media::{Limits, MediaError, MediaFile, Tools};

use crate::engine::EngineMissing;
use crate::nets::{Nets, Settings};
use crate::package::{Package, Pipeline};
use crate::passes::{Looked, Planned};
use crate::pipeline::provenance;

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

    /// Offers these models only. `Err` is a name that no package has.
    pub fn offering(mut self, names: &[ModelName]) -> Result<Self, ModelName> {
        let is_detector = |name: &ModelName| {
            self.nets.registry.get(name).is_some_and(|package| package.manifest.is_detector())
        };
        if let Some(unknown) = names.iter().find(|name| !is_detector(name)) {
            return Err(unknown.clone());
        }
        self.nets.registry.offer_only(names);
        Ok(self)
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
        self.nets.runs_on(package).ok()
    }

    /// Packages that are to look at a file of this kind.
    fn chosen(&self, kind: MediaKind, wanted: &[ModelName]) -> Vec<&Package> {
        self.nets
            .registry
            .packages()
            .filter(|package| package.manifest.kinds.contains(&kind))
            .filter(|package| {
                if wanted.is_empty() {
                    self.nets.runs_on(package).is_ok() && !package.manifest.pipeline.is_on_request()
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
                quality: Quality { said: manifest.quality.clone(), rates: manifest.rates.clone() },
                state: self.nets.runs_on(package),
                is_detector: manifest.is_detector(),
                on_request: manifest.pipeline.is_on_request(),
            }
        };
        self.nets.registry.packages().map(card).collect()
    }

    fn load(&self, stop: &StopToken) -> Vec<(ModelName, Duration, Result<(), Unready>)> {
        let usable = self.nets.registry.packages().filter(|package| self.nets.runs_on(package).is_ok());
        usable
            .map(|package| {
                let begin = Instant::now();
                let loaded =
                    if runs_no_net(package) { Ok(()) } else { self.nets.get(package, stop).map(|_| ()) };
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
        let (readers, mut chosen): (Vec<&Package>, Vec<&Package>) = self
            .chosen(file.facts.kind, request.models)
            .into_iter()
            .partition(|package| runs_no_net(package));
        let mut looked = Looked::default();
        let decided = self.read_origin(&file, &readers, progress, stop, &mut looked);
        // A report is to show everything, pictures included, so for one every model looks.
        let spare = request.effort == Effort::Enough && request.models.is_empty() && !request.illustrate;
        if decided && spare {
            let skipped = chosen.drain(..).map(|package| without(package, Reason::DecidedByOrigin));
            looked.findings.extend(skipped);
        }
        if file.facts.audio.is_none() {
            let deaf = chosen.extract_if(.., |package| listens(package));
            looked.findings.extend(deaf.map(|package| without(package, Reason::NoAudioTrack)));
        }
        let (listeners, viewers): (Vec<&Package>, Vec<&Package>) =
            chosen.into_iter().partition(|package| listens(package) && !looks(package));
        let (mut seen, mut waiting) = (Ok(()), Vec::new());
        if !viewers.is_empty() {
            let planned = self.plan(&viewers, progress, stop, &mut looked);
            seen = self.look(&file, &planned, request, progress, stop, &mut looked);
            waiting = planned;
            waiting.retain(|planned| looked.shelf.holds(&planned.package.manifest.name));
        }
        let followers = waiting.iter().map(|planned| planned.package);
        let listeners: Vec<&Package> = listeners.into_iter().chain(followers).collect();
        let mut heard = Ok(());
        if file.facts.audio.is_some() && (!listeners.is_empty() || request.illustrate) {
            let alone: Vec<&Package> = listeners.iter().copied().filter(|package| !looks(package)).collect();
            let mut planned = self.plan(&alone, progress, stop, &mut looked);
            planned.append(&mut waiting);
            heard = self.listen(&file, &planned, request, progress, stop, &mut looked);
        }
        if stop.is_stopped() {
            return Err(from_media(MediaError::Stopped));
        }
        // Damaged sound is no reason to keep silent about the pictures, nor the other way round. A file that says
        // nothing of itself was not looked at by that.
        let worked = looked.findings.iter().any(|finding| match &finding.outcome {
            Outcome::Answer(_) => true,
            Outcome::NotApplicable(why) => {
                finding.weight != Weight::Declared && !why.contains(&Reason::NoAudioTrack)
            }
        });
        for (packages, pass) in [(&viewers, seen), (&listeners, heard)] {
            match pass {
                Err(error) if worked => looked.fail_all(packages, &error),
                Err(error) => return Err(error),
                Ok(()) => {}
            }
        }
        looked.findings.sort_by(|a, b| a.model.name.cmp(&b.model.name));
        looked.failures.sort_by(|a, b| a.model.cmp(&b.model));
        let Looked { findings, failures, illustration, .. } = looked;
        Ok(Detection { facts: file.facts.clone(), findings, failures, illustration })
    }
}

impl LocalDetector {
    /// Reads what the file says of itself; true where that decides.
    fn read_origin(
        &self,
        file: &MediaFile,
        readers: &[&Package],
        progress: &dyn Progress,
        stop: &StopToken,
        looked: &mut Looked,
    ) -> bool {
        let mut decided = false;
        for package in readers {
            progress.model_started(&package.manifest.name);
            match provenance::look(package, &self.nets.validator, file, stop) {
                Ok(finding) => {
                    decided |= provenance::decides(&finding);
                    progress.model_finished(&finding);
                    looked.findings.push(finding);
                }
                Err(failure) => looked.fail(package, &failure),
            }
        }
        decided
    }

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

/// Whether a package reads what the file declares instead of running a net.
fn runs_no_net(package: &Package) -> bool {
    package.manifest.pipeline == Pipeline::Provenance
}

/// Whether a package hears the sound.
fn listens(package: &Package) -> bool {
    matches!(package.manifest.pipeline, Pipeline::AudioWindows(..) | Pipeline::AudioVisual(..))
}

/// Whether a package sees pictures.
fn looks(package: &Package) -> bool {
    !matches!(package.manifest.pipeline, Pipeline::AudioWindows(..) | Pipeline::Provenance)
}

/// A model that is not run: one that listens has nothing to hear in a video without sound, and where the file
/// itself has decided, no net changes anything.
fn without(package: &Package, why: Reason) -> Finding {
    crate::passes::finding(package, "none", &Outcome::NotApplicable(vec![why]), 0.0)
}

pub(crate) fn from_media(error: MediaError) -> DetectError {
    DetectError { code: error.code(), hint: error.hint(), source: Box::new(error) }
}
