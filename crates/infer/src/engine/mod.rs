//! The inference engines behind one small trait. Knows tensors and files of weights, nothing about media.

#[cfg(feature = "ort")]
mod onnxruntime;
mod pure_rust;
mod tensor;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use dk_app::StopToken;

pub use tensor::{Tensor, TensorError};

/// An engine that can run ONNX files.
pub trait Engine: Send + Sync {
    /// Which one it is.
    fn kind(&self) -> EngineKind;

    /// Name and version, as every result carries it: `ort 1.31.1`, `rten 0.27.0`.
    fn id(&self) -> &str;

    /// Reads weights and makes them ready to run.
    fn load(&self, weights: &Weights, threads: Threads, memory: Memory) -> Result<Box<dyn Model>, LoadError>;
}

/// A net that is ready to run. One caller at a time, so a thread of its own owns each.
pub trait Model: Send {
    /// Names of the inputs, in the file's order.
    fn inputs(&self) -> &[String];

    /// Names of the outputs, in the file's order.
    fn outputs(&self) -> &[String];

    /// Runs the net. `inputs` and `outputs` are by name; the first axis is the batch.
    fn run(
        &mut self,
        inputs: &[(&str, &Tensor)],
        outputs: &[&str],
        stop: &StopToken,
    ) -> Result<Vec<Tensor>, RunError>;
}

/// Which engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum EngineKind {
    /// ONNX Runtime, through a library that is opened at run time.
    Ort,
    /// Pure Rust, always there.
    Rten,
}

impl EngineKind {
    /// The name in manifests and options.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ort => "ort",
            Self::Rten => "rten",
        }
    }
}

/// Where the bytes of a net are. Whoever makes one has checked the checksum.
#[derive(Debug, Clone)]
pub enum Weights {
    /// In a file that does not change while it is used.
    File(PathBuf),
    /// Inside this program.
    Bytes(&'static [u8]),
}

/// How many threads one run may use, and whether they may wait in a busy loop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threads {
    /// Threads inside one run, at least 1.
    pub per_run: usize,
    /// Busy waiting is faster on an idle machine and costly on a shared one.
    pub spin: bool,
}

/// What happens to a net's working memory between two runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Memory {
    /// It is kept at its peak, which is faster.
    Keep,
    /// It is given back, which takes a few per cent more time: for nets whose peak is large and rare.
    GiveBack,
}

/// Why weights could not be loaded.
#[derive(Debug, thiserror::Error)]
#[error("{engine} cannot load these weights: {message}")]
pub struct LoadError {
    /// The engine that tried.
    pub engine: &'static str,
    /// What it said.
    pub message: String,
}

/// Why a run ended without an answer.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// Somebody asked to stop.
    #[error("stopped")]
    Stopped,
    /// A name that the net does not have.
    #[error("the net has no {what} named {name:?}; it has {known}")]
    NoSuchName {
        /// `input` or `output`.
        what: &'static str,
        /// What was asked for.
        name: String,
        /// The names that exist, joined for people.
        known: String,
    },
    /// The engine refused or failed.
    #[error("{engine} failed to run the net: {message}")]
    Engine {
        /// The engine that ran.
        engine: &'static str,
        /// What it said.
        message: String,
    },
    /// The answer is not what the manifest promises.
    #[error("the net's answer is wrong")]
    Answer(#[from] TensorError),
}

/// Refuses a name that the net does not have, the same way on every engine.
fn check_names<'a>(
    what: &'static str,
    known: &[String],
    mut asked: impl Iterator<Item = &'a str>,
) -> Result<(), RunError> {
    match asked.find(|name| !known.iter().any(|k| k == name)) {
        None => Ok(()),
        Some(name) => Err(RunError::NoSuchName { what, name: name.to_owned(), known: known.join(", ") }),
    }
}

/// What the operator asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum EngineChoice {
    /// ONNX Runtime where a usable library is found, the pure Rust engine otherwise.
    #[default]
    Auto,
    /// Only this one; if it is missing, that is an error.
    Only(EngineKind),
}

/// The engines of this process, in order of preference.
#[derive(Clone)]
pub struct Engines {
    list: Vec<Arc<dyn Engine>>,
    /// Why ONNX Runtime is not there, where it is not.
    pub ort_missing: Option<String>,
    /// The library of ONNX Runtime that was opened.
    pub library: Option<PathBuf>,
}

/// A forced engine that is not there.
#[derive(Debug, thiserror::Error)]
#[error("the engine {engine} was asked for and is not usable: {why}")]
pub struct EngineMissing {
    /// Which one.
    pub engine: &'static str,
    /// Why.
    pub why: String,
}

impl Engines {
    /// Opens the engines. `libraries` are the places to look for ONNX Runtime, best first.
    pub fn open(choice: EngineChoice, libraries: &[PathBuf]) -> Result<Self, EngineMissing> {
        let rten: Arc<dyn Engine> = Arc::new(pure_rust::Rten::new());
        match (choice, open_ort(libraries)) {
            (EngineChoice::Only(EngineKind::Rten), _) => {
                Ok(Self { list: vec![rten], ort_missing: None, library: None })
            }
            (EngineChoice::Only(EngineKind::Ort), Ok((ort, path))) => {
                Ok(Self { list: vec![ort], ort_missing: None, library: Some(path) })
            }
            (EngineChoice::Only(EngineKind::Ort), Err(why)) => Err(EngineMissing { engine: "ort", why }),
            (EngineChoice::Auto, Ok((ort, path))) => {
                Ok(Self { list: vec![ort, rten], ort_missing: None, library: Some(path) })
            }
            (EngineChoice::Auto, Err(why)) => {
                tracing::debug!(%why, "onnxruntime is not used");
                Ok(Self { list: vec![rten], ort_missing: Some(why), library: None })
            }
        }
    }

    /// The best engine among those that a package allows.
    pub fn pick(&self, allowed: &[EngineKind]) -> Option<&Arc<dyn Engine>> {
        self.list.iter().find(|engine| allowed.contains(&engine.kind()))
    }

    /// All engines that are open, best first.
    pub fn all(&self) -> &[Arc<dyn Engine>] {
        &self.list
    }
}

/// The variable of the environment that keeps the library of ONNX Runtime from reporting to its makers. Without it each start
/// is noted in the cache of its user, with an id and the kind of the machine and the place of the program, to be sent later; what
/// the library offers against that comes into force only after the first note. The library is not opened where this is not `1`.
pub const NO_REPORTS: &str = "ORT_DISABLE_TELEMETRY";

#[cfg(feature = "ort")]
fn open_ort(libraries: &[PathBuf]) -> Result<(Arc<dyn Engine>, PathBuf), String> {
    if std::env::var_os(NO_REPORTS).is_none_or(|value| value != "1") {
        return Err(format!("onnxruntime would report to its makers: {NO_REPORTS} is not 1"));
    }
    let mut tried = Vec::new();
    for path in libraries.iter().filter(|path| path.is_file()) {
        match onnxruntime::OnnxRuntime::open(path) {
            Ok(engine) => return Ok((Arc::new(engine), path.clone())),
            Err(error) => tried.push(format!("{}: {error}", path.display())),
        }
    }
    if tried.is_empty() { Err("no onnxruntime library was found".to_owned()) } else { Err(tried.join("; ")) }
}

#[cfg(not(feature = "ort"))]
fn open_ort(_: &[PathBuf]) -> Result<(Arc<dyn Engine>, PathBuf), String> {
    Err("this build has no support for onnxruntime".to_owned())
}

/// File name of the ONNX Runtime library on this system.
pub fn library_name() -> &'static str {
    if cfg!(target_os = "macos") {
        "libonnxruntime.dylib"
    } else if cfg!(windows) {
        "onnxruntime.dll"
    } else {
        "libonnxruntime.so"
    }
}

/// Libraries in a folder: the plain name, and names with a version behind it, newest first.
pub fn libraries_in(folder: &Path) -> Vec<PathBuf> {
    let stem = library_name().split('.').next().unwrap_or_default();
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.file_name().and_then(|n| n.to_str()).is_some_and(|n| n.starts_with(stem)))
        .collect();
    let version = |path: &PathBuf| -> Vec<u32> {
        let name = path.to_string_lossy().into_owned();
        name.split(|c: char| !c.is_ascii_digit()).filter_map(|part| part.parse().ok()).collect()
    };
    found.sort_by_cached_key(|path| std::cmp::Reverse(version(path)));
    found
}
