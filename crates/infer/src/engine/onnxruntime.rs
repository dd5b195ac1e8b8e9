//! The preferred engine: ONNX Runtime, opened from a library file at run time. The only file that names it.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use dk_app::StopToken;
use ort::environment::Environment;
use ort::ep::CPU;
use ort::session::{RunOptions, Session, SessionInputValue};
use ort::value::TensorRef;

use super::{Engine, EngineKind, LoadError, Memory, Model, RunError, Tensor, Threads, Weights, check_names};

const NAME: &str = "ort";

/// The library allows one environment per process, whoever opens it, so the first one serves all.
static FIRST: Mutex<Option<(PathBuf, Environment)>> = Mutex::new(None);

pub(super) struct OnnxRuntime {
    environment: Environment,
    id: String,
}

impl OnnxRuntime {
    /// Opens the library. Never left to `ort` itself, whose lazy look-up panics when it finds none.
    pub(super) fn open(library: &Path) -> Result<Self, String> {
        let mut first = FIRST.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((path, environment)) = first.as_ref() {
            if path != library {
                return Err(format!("this process already uses {}", path.display()));
            }
            return Ok(Self {
                environment: environment.clone(),
                id: format!("{NAME} {}", version(library, ort::info())),
            });
        }
        let opened = catch_unwind(AssertUnwindSafe(|| {
            let builder = ort::init_from(library).map_err(|error| error.to_string())?;
            builder.with_telemetry(false).build().map_err(|error| error.to_string())
        }));
        let environment = opened.map_err(|_| "it panicked while opening the library".to_owned())??;
        *first = Some((library.to_owned(), environment.clone()));
        Ok(Self { environment, id: format!("{NAME} {}", version(library, ort::info())) })
    }
}

/// The library's own name ends in its version where a package brought it (`libonnxruntime.so.1.31.1`, links
/// followed); else its build information names the release branch; else nobody knows.
fn version(library: &Path, info: &str) -> String {
    let file = library.canonicalize().unwrap_or_else(|_| library.to_owned());
    let name = file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    let of_name = name.split_once(".so.").map(|(_, version)| version);
    let of_info = info.split_once("git-branch=rel-").and_then(|(_, rest)| rest.split(',').next());
    of_name.or(of_info).unwrap_or("of unknown version").to_owned()
}

impl Engine for OnnxRuntime {
    fn kind(&self) -> EngineKind {
        EngineKind::Ort
    }

    fn id(&self) -> &str {
        &self.id
    }

    fn load(&self, weights: &Weights, threads: Threads, memory: Memory) -> Result<Box<dyn Model>, LoadError> {
        let failed = |message: String| LoadError { engine: NAME, message };
        // Broken shapes trip an `expect` inside `ort`; that must not take the process along.
        let session = catch_unwind(AssertUnwindSafe(|| session(&self.environment, weights, threads, memory)))
            .map_err(|_| failed("it panicked while reading them".to_owned()))?
            .map_err(|error| failed(error.to_string()))?;
        let names = |outlets: &[ort::value::Outlet]| outlets.iter().map(|o| o.name().to_owned()).collect();
        let (inputs, outputs) = (names(session.inputs()), names(session.outputs()));
        Ok(Box::new(OrtModel { session, inputs, outputs }))
    }
}

/// Processors without VNNI add products of 8-bit weights in 16 bits that overflow, and scores come out quite different
/// there. With this they take a slower way that is right; others do not know the difference.
const EXACT_INT8: &str = "session.x64quantprecision";

/// In a function of its own because the errors of the builder carry the builder and only `?` drops it.
fn session(
    environment: &Environment,
    weights: &Weights,
    threads: Threads,
    memory: Memory,
) -> ort::Result<Session> {
    let mut builder = Session::builder(environment)?
        .with_intra_threads(threads.per_run)?
        .with_intra_op_spinning(threads.spin)?
        .with_config_entry(EXACT_INT8, "1")?
        .with_execution_providers([CPU::default().with_arena_allocator(memory == Memory::Keep).build()])?;
    match weights {
        Weights::File(path) => builder.commit_from_file(path),
        Weights::Bytes(bytes) => builder.commit_from_memory(bytes),
    }
}

struct OrtModel {
    session: Session,
    inputs: Vec<String>,
    outputs: Vec<String>,
}

impl Model for OrtModel {
    fn inputs(&self) -> &[String] {
        &self.inputs
    }

    fn outputs(&self) -> &[String] {
        &self.outputs
    }

    fn run(
        &mut self,
        inputs: &[(&str, &Tensor)],
        outputs: &[&str],
        stop: &StopToken,
    ) -> Result<Vec<Tensor>, RunError> {
        check_names("input", &self.inputs, inputs.iter().map(|(name, _)| *name))?;
        check_names("output", &self.outputs, outputs.iter().copied())?;
        let options = Arc::new(RunOptions::new().map_err(|error| failed(&error))?);
        let ender = Arc::clone(&options);
        let _watch = stop.on_stop(move || {
            // The only failure is a run that has ended by itself.
            let _ = ender.terminate();
        });
        if stop.is_stopped() {
            return Err(RunError::Stopped);
        }
        let given = inputs
            .iter()
            .map(|(name, tensor)| Ok((Cow::Borrowed(*name), to_value(tensor)?)))
            .collect::<Result<Vec<(Cow<'_, str>, SessionInputValue<'_>)>, RunError>>()?;
        let answer = self.session.run_with_options(given, &*options);
        let answer = match answer {
            Ok(answer) => answer,
            Err(_) if stop.is_stopped() => return Err(RunError::Stopped),
            Err(error) => return Err(failed(&error)),
        };
        outputs
            .iter()
            .map(|name| {
                let (shape, values) =
                    answer[*name].try_extract_tensor::<f32>().map_err(|error| failed(&error))?;
                let shape = shape.iter().map(|&d| usize::try_from(d).unwrap_or(0)).collect::<Vec<_>>();
                Ok(Tensor::floats(shape, values.to_vec())?)
            })
            .collect()
    }
}

fn failed(error: &dyn std::fmt::Display) -> RunError {
    RunError::Engine { engine: NAME, message: error.to_string() }
}

fn to_value(tensor: &Tensor) -> Result<SessionInputValue<'_>, RunError> {
    let value = match tensor {
        Tensor::F32(shape, values) => {
            TensorRef::from_array_view((shape.as_slice(), values.as_slice())).map(SessionInputValue::from)
        }
        Tensor::I64(shape, values) => {
            TensorRef::from_array_view((shape.as_slice(), values.as_slice())).map(SessionInputValue::from)
        }
    };
    value.map_err(|error| failed(&error))
}
