//! The nets of this process: loaded once, on first use, and then shared by every request.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use dk_app::{StopToken, Unready, in_one_line};
use dk_domain::ModelName;

use crate::engine::{Engine, EngineChoice, EngineKind, EngineMissing, Engines, Memory, Threads};
use crate::guard::Guard;
use crate::package::{FaceDecode, FaceDetectorRule, Package, Pipeline, Registry, Root, Store};
use crate::pipeline::audio_visual::embeddings::{FACE_EMBEDDING, FACES};
use crate::runner::Runner;
use crate::validator::Validator;

/// What a process needs to know to run nets.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Where packages are; earlier roots win.
    pub roots: Vec<Root>,
    /// Where pulled weights are.
    pub store: Store,
    /// Which engine.
    pub engine: EngineChoice,
    /// Where the ONNX Runtime library may be, best first.
    pub libraries: Vec<PathBuf>,
    /// Threads of one run.
    pub threads: Threads,
    /// Tries foreign weights in a child first; `None` only inside that child and in tests.
    pub guard: Option<Guard>,
    /// How Content Credentials are validated.
    pub validator: Validator,
}

/// The name of what runs a package without a net.
pub(crate) const BUILT_IN: &str = "built in";

/// Packages, engines and loaded nets.
pub(crate) struct Nets {
    pub(crate) registry: Registry,
    pub(crate) engines: Engines,
    threads: Threads,
    guard: Option<Guard>,
    pub(crate) validator: Validator,
    loaded: Mutex<HashMap<ModelName, Slot>>,
}

/// Where a net is put once it is loaded, or its refusal.
type Slot = Arc<Mutex<Option<Result<Net, Unready>>>>;

/// A net that is ready, and who runs it.
#[derive(Clone)]
pub(crate) struct Net {
    pub(crate) runner: Runner,
    pub(crate) engine: String,
}

impl Nets {
    pub(crate) fn open(settings: &Settings) -> Result<Self, EngineMissing> {
        Ok(Self {
            registry: Registry::scan(&settings.roots, &settings.store),
            engines: Engines::open(settings.engine, &settings.libraries)?,
            threads: settings.threads,
            guard: settings.guard.clone(),
            validator: settings.validator.clone(),
            loaded: Mutex::default(),
        })
    }

    /// The engine that would run a package, or why none can.
    pub(crate) fn engine_for(&self, package: &Package) -> Result<&Arc<dyn Engine>, Unready> {
        if let Err(unready) = &package.weights {
            return Err(unready.clone());
        }
        if package.manifest.pipeline.needs_five_points() && !self.finds_five_points() {
            return Err(self.lacks_five_points());
        }
        let allowed = &package.manifest.engines;
        self.engines.pick(allowed).ok_or_else(|| {
            let names: Vec<&str> = allowed.iter().map(|kind| kind.as_str()).collect();
            let why = match &self.engines.ort_missing {
                Some(missing) if allowed.contains(&EngineKind::Ort) => {
                    format!("it needs the engine {}, and {missing}", names.join(" or "))
                }
                _ => format!("it needs the engine {}", names.join(" or ")),
            };
            Unready {
                why,
                hint: "run `drishtiksha doctor` to see how to get the library".to_owned(),
                is_absent: false,
            }
        })
    }

    /// What would run a package, by name; one that reads what a file declares needs no engine.
    pub(crate) fn runs_on(&self, package: &Package) -> Result<String, Unready> {
        if package.manifest.pipeline == Pipeline::Provenance {
            return Ok(BUILT_IN.to_owned());
        }
        self.engine_for(package).map(|engine| engine.id().to_owned())
    }

    /// The net of a package, loaded now if it is not yet. Two requests never load one net twice.
    pub(crate) fn get(&self, package: &Package, stop: &StopToken) -> Result<Net, Unready> {
        let name = &package.manifest.name;
        let slot = {
            let mut loaded = self.loaded.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(loaded.entry(name.clone()).or_default())
        };
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = slot.as_ref() {
            return known.clone();
        }
        let loaded = self.load(package, stop);
        // A refusal is remembered as well, since a trial load that hangs takes half a minute; one that
        // somebody stopped says nothing about the weights.
        if !stop.is_stopped() {
            *slot = Some(loaded.clone());
        }
        loaded
    }

    fn load(&self, package: &Package, stop: &StopToken) -> Result<Net, Unready> {
        let manifest = &package.manifest;
        let engine = self.engine_for(package)?;
        let weights = package.weights.as_ref().map_err(Clone::clone)?;
        let refused = |why: String| Unready {
            why,
            hint: format!("get the weights again: drishtiksha models pull {}", manifest.name),
            is_absent: false,
        };
        if let Some(guard) = &self.guard {
            let library = self.engines.library.as_deref().filter(|_| engine.kind() == EngineKind::Ort);
            guard
                .admit(weights, manifest.weights.sha256, engine.kind(), library, stop)
                .map_err(|error| refused(in_one_line(&error)))?;
        }
        // A helper looks at large pictures now and then; a detector is fed all the time.
        let memory = if manifest.is_detector() { Memory::Keep } else { Memory::GiveBack };
        let model =
            engine.load(weights, self.threads, memory).map_err(|error| refused(in_one_line(&error)))?;
        check_names(&manifest.pipeline, model.inputs(), model.outputs()).map_err(refused)?;
        tracing::debug!(model.name = %manifest.name, engine = engine.id(), "net loaded");
        let runner = Runner::start(manifest.name.as_str(), model, manifest.max_batch)
            .map_err(|error| refused(format!("no thread could be started: {error}")))?;
        Ok(Net { runner, engine: engine.id().to_owned() })
    }

    /// The face finder that is used, with its rule.
    pub(crate) fn face_finder(&self) -> Option<(&Package, FaceDetectorRule)> {
        let package = self.helper(|pipeline| Some(pipeline.face_detector()?.preference))?;
        Some((package, package.manifest.pipeline.face_detector()?))
    }

    fn finds_five_points(&self) -> bool {
        self.face_finder().is_some_and(|(_, rule)| rule.decode == FaceDecode::Yunet)
    }

    /// A net that was taught on upright faces is not asked about others, of which nobody knows how often it is right.
    fn lacks_five_points(&self) -> Unready {
        let mut packages = self.registry.packages().map(|package| &package.manifest);
        let finder = packages.find(|manifest| {
            manifest.pipeline.face_detector().is_some_and(|rule| rule.decode == FaceDecode::Yunet)
        });
        Unready {
            why:
                "it turns faces upright, and no face finder in use here tells where eyes, nose and mouth are"
                    .to_owned(),
            hint: finder.map_or_else(
                || "add a face finder of the kind \"yunet\"".to_owned(),
                |manifest| format!("get the face finder {}: {}", manifest.name, manifest.how_to_get()),
            ),
            is_absent: true,
        }
    }

    /// The ready helper of a kind, the preferred one of several.
    pub(crate) fn helper(&self, is_kind: impl Fn(&Pipeline) -> Option<u32>) -> Option<&Package> {
        self.registry
            .packages()
            .filter_map(|package| Some((is_kind(&package.manifest.pipeline)?, package)))
            .filter(|(_, package)| self.engine_for(package).is_ok())
            .max_by_key(|(preference, _)| *preference)
            .map(|(_, package)| package)
    }
}

/// The manifest must name tensors that the net has.
fn check_names(pipeline: &Pipeline, inputs: &[String], outputs: &[String]) -> Result<(), String> {
    let Some(net) = pipeline.net() else { return Ok(()) };
    let mut named = vec![("input", net.input.as_str(), inputs), ("output", net.output.as_str(), outputs)];
    if pipeline.embeddings().is_some() {
        named.extend([("input", FACES, inputs), ("output", FACE_EMBEDDING, outputs)]);
    }
    match named.into_iter().find(|(_, name, known)| !known.iter().any(|k| k == name)) {
        None => Ok(()),
        Some((what, name, known)) => {
            Err(format!("model.toml names the {what} {name:?}, and the net has {}", known.join(", ")))
        }
    }
}
