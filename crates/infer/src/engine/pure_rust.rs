//! The engine that is always there: `rten`, in Rust alone. The only file that names it.

use std::fs;
use std::sync::Arc;

use dk_app::StopToken;
use rten::{ModelOptions, NodeId, RunOptions, ThreadPool, Value, ValueOrView, ValueView};

use super::{Engine, EngineKind, LoadError, Memory, Model, RunError, Tensor, Threads, Weights, check_names};

const NAME: &str = "rten";

pub(super) struct Rten;

impl Rten {
    pub(super) fn new() -> Self {
        Self
    }
}

impl Engine for Rten {
    fn kind(&self) -> EngineKind {
        EngineKind::Rten
    }

    fn id(&self) -> &'static str {
        // The version pinned in the workspace manifest; a test compares the two.
        "rten 0.27.0"
    }

    /// This engine always gives memory back.
    fn load(&self, weights: &Weights, threads: Threads, _: Memory) -> Result<Box<dyn Model>, LoadError> {
        let failed = |message: String| LoadError { engine: NAME, message };
        let bytes = match weights {
            // Read here, because the engine's own reader goes by the file's extension, and weights in the
            // store have none.
            Weights::File(path) => fs::read(path).map_err(|error| failed(error.to_string()))?,
            Weights::Bytes(bytes) => bytes.to_vec(),
        };
        // rten panics on some legal graphs it cannot plan; that must not take the process along.
        let model = std::panic::catch_unwind(|| ModelOptions::with_all_ops().load(bytes))
            .map_err(|_| failed("it panicked while reading them".to_owned()))?
            .map_err(|error| failed(error.to_string()))?;
        let names = |ids: &[NodeId]| -> Vec<String> {
            ids.iter().filter_map(|id| Some(model.node_info(*id)?.name()?.to_owned())).collect()
        };
        let (inputs, outputs) = (names(model.input_ids()), names(model.output_ids()));
        if inputs.is_empty() || outputs.is_empty() {
            return Err(failed("the file holds no graph with named inputs and outputs".to_owned()));
        }
        let pool = Arc::new(ThreadPool::with_num_threads(threads.per_run));
        Ok(Box::new(RtenModel { model, inputs, outputs, pool }))
    }
}

struct RtenModel {
    model: rten::Model,
    inputs: Vec<String>,
    outputs: Vec<String>,
    pool: Arc<ThreadPool>,
}

impl Model for RtenModel {
    fn inputs(&self) -> &[String] {
        &self.inputs
    }

    fn outputs(&self) -> &[String] {
        &self.outputs
    }

    /// A run cannot be interrupted, so the stop is heard between two runs.
    fn run(
        &mut self,
        inputs: &[(&str, &Tensor)],
        outputs: &[&str],
        stop: &StopToken,
    ) -> Result<Vec<Tensor>, RunError> {
        if stop.is_stopped() {
            return Err(RunError::Stopped);
        }
        let given = inputs
            .iter()
            .map(|(name, tensor)| Ok((self.node("input", &self.inputs, name)?, to_value(tensor)?)))
            .collect::<Result<Vec<_>, RunError>>()?;
        let wanted = outputs
            .iter()
            .map(|name| self.node("output", &self.outputs, name))
            .collect::<Result<Vec<_>, RunError>>()?;
        let options = RunOptions::default().with_thread_pool(Some(Arc::clone(&self.pool)));
        let values = self.model.run(given, &wanted, Some(options)).map_err(|error| failed(&error))?;
        values.into_iter().map(from_value).collect()
    }
}

impl RtenModel {
    fn node(&self, what: &'static str, known: &[String], name: &str) -> Result<NodeId, RunError> {
        // Nodes inside the graph have names as well, and are nobody's business.
        check_names(what, known, std::iter::once(name))?;
        self.model.node_id(name).map_err(|error| failed(&error))
    }
}

fn failed(error: &dyn std::fmt::Display) -> RunError {
    RunError::Engine { engine: NAME, message: error.to_string() }
}

fn to_value(tensor: &Tensor) -> Result<ValueOrView<'_>, RunError> {
    match tensor {
        Tensor::F32(shape, values) => {
            Ok(ValueView::from_shape(shape, values.as_slice()).map_err(|error| failed(&error))?.into())
        }
        Tensor::I64(shape, values) => {
            // The engine has no 64-bit integers and reads such inputs as 32-bit ones.
            let narrow: Vec<i32> = values
                .iter()
                .map(|&v| i32::try_from(v))
                .collect::<Result<_, _>>()
                .map_err(|error| failed(&error))?;
            Ok(ValueOrView::Value(Value::from_shape(shape, narrow).map_err(|error| failed(&error))?))
        }
    }
}

fn from_value(value: Value) -> Result<Tensor, RunError> {
    match value {
        Value::FloatTensor(tensor) => {
            use rten_tensor::prelude::*;
            let shape = tensor.shape().to_vec();
            Ok(Tensor::floats(shape, tensor.into_data())?)
        }
        other => Err(failed(&format!("it answered with {:?}, not with 32-bit floats", other.dtype()))),
    }
}
