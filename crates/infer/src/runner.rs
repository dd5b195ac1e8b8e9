//! One loaded net and the thread that owns it. Many requests share it: they wait in a bounded queue, and
//! what waits together runs together, up to the package's batch.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::thread;

use dk_app::{StopToken, Watch, in_one_line};

use crate::engine::{Model, RunError, Tensor};

/// Requests that may wait before the sender has to.
const QUEUE: usize = 16;

/// A net that is ready. Cheap to clone; the last clone ends the thread.
#[derive(Clone)]
pub(crate) struct Runner {
    queue: SyncSender<Request>,
    pub(crate) output: String,
    pub(crate) max_batch: usize,
}

struct Request {
    work: Work,
    stop: StopToken,
    reply: Sender<Result<Vec<Tensor>, RunError>>,
}

enum Work {
    /// Rows for one input, answered by the rows of one output. May share a run with others.
    Rows { input: String, output: String, rows: Vec<Tensor> },
    /// Named inputs and outputs in a run of their own.
    Whole { inputs: Vec<(String, Tensor)>, outputs: Vec<String> },
}

impl Runner {
    /// Takes the net to a thread of its own.
    pub(crate) fn start(name: &str, model: Box<dyn Model>, max_batch: usize) -> std::io::Result<Self> {
        let (queue, requests) = sync_channel(QUEUE);
        let output = model.outputs().first().cloned().unwrap_or_default();
        thread::Builder::new()
            .name(format!("net {name}"))
            .spawn(move || serve(model, &requests, max_batch))?;
        Ok(Self { queue, output, max_batch })
    }

    /// Runs rows of one input, each of shape `[1, …]`, and returns the output row by row.
    pub(crate) fn rows(
        &self,
        input: &str,
        output: &str,
        rows: Vec<Tensor>,
        stop: &StopToken,
    ) -> Result<Vec<Tensor>, RunError> {
        self.ask(Work::Rows { input: input.to_owned(), output: output.to_owned(), rows }, stop)
    }

    /// Runs named inputs and returns the named outputs whole.
    pub(crate) fn whole(
        &self,
        inputs: Vec<(String, Tensor)>,
        outputs: Vec<String>,
        stop: &StopToken,
    ) -> Result<Vec<Tensor>, RunError> {
        self.ask(Work::Whole { inputs, outputs }, stop)
    }

    fn ask(&self, work: Work, stop: &StopToken) -> Result<Vec<Tensor>, RunError> {
        let (reply, answer) = channel();
        let gone = || RunError::Engine { engine: "runner", message: "the net's thread has ended".to_owned() };
        self.queue.send(Request { work, stop: stop.clone(), reply }).map_err(|_| gone())?;
        answer.recv().map_err(|_| gone())?
    }
}

fn serve(mut model: Box<dyn Model>, requests: &Receiver<Request>, max_batch: usize) {
    let mut next = None;
    while let Some(request) = next.take().or_else(|| requests.recv().ok()) {
        match request.work {
            Work::Whole { inputs, outputs } => {
                let inputs: Vec<(&str, &Tensor)> = inputs.iter().map(|(n, t)| (n.as_str(), t)).collect();
                let outputs: Vec<&str> = outputs.iter().map(String::as_str).collect();
                let answer = guarded(|| model.run(&inputs, &outputs, &request.stop));
                // Whoever asked may have gone; then nobody needs the answer.
                let _ = request.reply.send(answer);
            }
            Work::Rows { input, output, rows } => {
                let first = Asked { input, output, rows, stop: request.stop, reply: request.reply };
                let (group, left) = gather(first, requests, max_batch);
                next = left;
                run_group(model.as_mut(), group, max_batch);
            }
        }
    }
}

struct Asked {
    input: String,
    output: String,
    rows: Vec<Tensor>,
    stop: StopToken,
    reply: Sender<Result<Vec<Tensor>, RunError>>,
}

/// Takes what already waits and fits beside `first`; never waits for more, because on a CPU a fuller
/// batch is not faster per row.
fn gather(first: Asked, requests: &Receiver<Request>, max_batch: usize) -> (Vec<Asked>, Option<Request>) {
    let mut count = first.rows.len();
    let mut group = vec![first];
    while count < max_batch {
        let Ok(request) = requests.try_recv() else { break };
        match request.work {
            Work::Rows { input, output, rows }
                if count + rows.len() <= max_batch
                    && input == group[0].input
                    && output == group[0].output
                    && same_shape(&group[0].rows, &rows) =>
            {
                count += rows.len();
                group.push(Asked { input, output, rows, stop: request.stop, reply: request.reply });
            }
            work => return (group, Some(Request { work, stop: request.stop, reply: request.reply })),
        }
    }
    (group, None)
}

fn same_shape(a: &[Tensor], b: &[Tensor]) -> bool {
    let shapes = |rows: &[Tensor]| rows.first().map(|row| row.shape().to_vec());
    shapes(a) == shapes(b)
}

fn run_group(model: &mut dyn Model, group: Vec<Asked>, max_batch: usize) {
    let (together, _watches) = stop_when_all(group.iter().map(|rows| &rows.stop));
    let rows: Vec<&Tensor> = group.iter().flat_map(|g| &g.rows).collect();
    let answer = run_rows(model, &group[0].input, &group[0].output, &rows, max_batch, &together);
    let mut answers = match answer {
        Ok(answers) => answers.into_iter(),
        Err(error) => {
            // One failed run fails all who shared it, each with the same words.
            let words = in_one_line(&error);
            for rows in group {
                let stopped = rows.stop.is_stopped();
                let error = if stopped { RunError::Stopped } else { engine_error(&words) };
                let _ = rows.reply.send(Err(error));
            }
            return;
        }
    };
    for rows in group {
        let own = answers.by_ref().take(rows.rows.len()).collect();
        let _ = rows.reply.send(Ok(own));
    }
}

fn engine_error(message: &str) -> RunError {
    RunError::Engine { engine: "runner", message: message.to_owned() }
}

/// A run that several share stops only when all of them want it to.
fn stop_when_all<'a>(stops: impl Iterator<Item = &'a StopToken>) -> (StopToken, Vec<Watch>) {
    let together = StopToken::new();
    let stops: Vec<_> = stops.collect();
    let left = Arc::new(AtomicUsize::new(stops.len()));
    let watches = stops
        .into_iter()
        .map(|stop| {
            let (left, together) = (Arc::clone(&left), together.clone());
            stop.on_stop(move || {
                if left.fetch_sub(1, Ordering::SeqCst) == 1 {
                    together.stop();
                }
            })
        })
        .collect();
    (together, watches)
}

fn run_rows(
    model: &mut dyn Model,
    input: &str,
    output: &str,
    rows: &[&Tensor],
    max_batch: usize,
    stop: &StopToken,
) -> Result<Vec<Tensor>, RunError> {
    let mut answers = Vec::with_capacity(rows.len());
    for chunk in rows.chunks(max_batch) {
        let batch = Tensor::stack(chunk)?;
        let mut whole = guarded(|| model.run(&[(input, &batch)], &[output], stop))?;
        let answer = whole.pop().ok_or_else(|| engine_error("the net gave no answer"))?;
        answers.extend(answer.split(chunk.len())?);
    }
    Ok(answers)
}

/// A panic inside an engine fails the request, not the thread that owns the net.
fn guarded<T>(run: impl FnOnce() -> Result<T, RunError>) -> Result<T, RunError> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| Err(engine_error("the engine panicked")))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Doubles its input and remembers the size of every batch.
    struct Doubler(Sender<usize>, Vec<String>);

    impl Model for Doubler {
        fn inputs(&self) -> &[String] {
            &self.1
        }
        fn outputs(&self) -> &[String] {
            &self.1
        }
        fn run(
            &mut self,
            inputs: &[(&str, &Tensor)],
            _: &[&str],
            _: &StopToken,
        ) -> Result<Vec<Tensor>, RunError> {
            let values = inputs[0].1.as_floats()?;
            assert!(values[0] >= 0.0, "asked to panic");
            self.0.send(inputs[0].1.shape()[0]).unwrap();
            Ok(vec![Tensor::floats(inputs[0].1.shape(), values.iter().map(|v| v * 2.0).collect())?])
        }
    }

    fn row(value: f32) -> Tensor {
        Tensor::floats([1, 1], vec![value]).unwrap()
    }

    #[test]
    fn rows_come_back_in_order_and_no_batch_is_too_big() {
        let (sizes, seen) = channel();
        let runner = Runner::start("t", Box::new(Doubler(sizes, vec!["x".into()])), 4).unwrap();
        let rows = (0..10u8).map(|v| row(f32::from(v))).collect();
        let answers = runner.rows("x", "x", rows, &StopToken::new()).unwrap();
        let values: Vec<f32> = answers.iter().map(|a| a.as_floats().unwrap()[0]).collect();
        assert_eq!(values, (0..10u8).map(|v| f32::from(v) * 2.0).collect::<Vec<_>>());
        drop(runner);
        assert_eq!(seen.iter().collect::<Vec<_>>(), [4, 4, 2]);
    }

    #[test]
    fn requests_of_many_threads_get_their_own_answers() {
        let (sizes, _seen) = channel();
        let runner = Runner::start("t", Box::new(Doubler(sizes, vec!["x".into()])), 3).unwrap();
        thread::scope(|scope| {
            for n in 0..8u8 {
                let runner = runner.clone();
                scope.spawn(move || {
                    for m in 0..50u8 {
                        let value = f32::from(n) * 100.0 + f32::from(m);
                        let answer = runner.rows("x", "x", vec![row(value)], &StopToken::new()).unwrap();
                        assert_eq!(answer, [row(value * 2.0)]);
                    }
                });
            }
        });
    }

    #[test]
    fn a_panic_fails_one_request_and_the_next_one_works() {
        let (sizes, _seen) = channel();
        let runner = Runner::start("t", Box::new(Doubler(sizes, vec!["x".into()])), 3).unwrap();
        assert!(runner.rows("x", "x", vec![row(-1.0)], &StopToken::new()).is_err());
        assert!(runner.rows("x", "x", vec![row(1.0)], &StopToken::new()).is_ok());
    }
}
