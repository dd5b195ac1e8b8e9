//! `drishtiksha analyze …`: the main job.

mod inputs;
mod progress;
mod save;
mod table;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;

use dk_app::{AnalyzeError, Detector, ErrorCode, Illustration, ModelCard, Report, Request, StopToken};
use dk_domain::Prediction;
use dk_infer::LocalDetector;
use dk_wire::{ErrorDocument, ErrorMessage, FailureMessage, FileDocument, SCHEMA};

use crate::args::AnalyzeArgs;
use crate::config::Config;
use crate::failure::Failure;
use crate::style::{Paint, colour_on_stdout, complain, say, visible};
use crate::wiring;
use inputs::{Input, Inputs};
use progress::Display;

/// At least one file is FAKE.
const FOUND: u8 = 1;
/// At least one file could not be read or not be decided.
const UNDECIDED: u8 = 3;

pub(crate) fn run(args: &AnalyzeArgs, config: &Config) -> Result<ExitCode, Failure> {
    let stop = StopToken::new();
    stop_on_interrupt(&stop)?;
    let inputs = Inputs::gather(&args.paths, args.recursive, &config.home, config.max_bytes, &stop)?;
    if let Some(folder) = &args.out {
        save::prepare(folder)?;
    }
    let jobs = usize::from(args.jobs).min(inputs.list.len().max(1));
    let detector = wiring::detector(config, jobs)?;
    let display = Display::new(inputs.list.len(), args.quiet);
    let work = Work { args, detector: &detector, cards: detector.models(), stop: &stop, display: &display };
    let tally = work.all(&inputs, jobs)?;
    display.finish();
    Ok(tally.exit_code(stop.is_stopped()))
}

/// The first Ctrl-C stops the work and lets it clean up; the second one ends the program at once.
fn stop_on_interrupt(stop: &StopToken) -> Result<(), Failure> {
    let stop = stop.clone();
    let asked = AtomicUsize::new(0);
    let handler = move || {
        if asked.fetch_add(1, Ordering::SeqCst) == 0 {
            complain("stopping; press Ctrl-C again to end at once");
            stop.stop();
        } else {
            std::process::abort();
        }
    };
    ctrlc::set_handler(handler)
        .map_err(|error| Failure::not_done(error, "start the program outside of a debugger"))
}

/// What all files share.
struct Work<'a> {
    args: &'a AnalyzeArgs,
    detector: &'a LocalDetector,
    cards: Vec<ModelCard>,
    stop: &'a StopToken,
    display: &'a Display,
}

/// What came of one file.
enum Done {
    Judged {
        report: Box<Report>,
        saved: Option<PathBuf>,
    },
    Failed(ErrorMessage),
    /// A file in a folder that is no medium.
    PassedOver,
}

/// Counts for the exit code and the last line.
#[derive(Debug, Default, Clone, Copy)]
struct Tally {
    judged: usize,
    fake: usize,
    undecided: usize,
    failed: usize,
    passed_over: usize,
}

impl Tally {
    fn exit_code(self, stopped: bool) -> ExitCode {
        if self.fake > 0 {
            ExitCode::from(FOUND)
        } else if stopped || self.undecided > 0 || self.failed > 0 || self.judged == 0 {
            ExitCode::from(UNDECIDED)
        } else {
            ExitCode::SUCCESS
        }
    }

    fn count(&mut self, done: &Done) {
        match done {
            Done::Judged { report, .. } => {
                self.judged += 1;
                match report.verdict.prediction {
                    Prediction::Fake => self.fake += 1,
                    Prediction::Inconclusive | Prediction::NotApplicable => self.undecided += 1,
                    // A model that failed might have found what the others did not.
                    Prediction::Real if !report.failures.is_empty() => self.undecided += 1,
                    Prediction::Real => {}
                }
            }
            Done::Failed(_) => self.failed += 1,
            Done::PassedOver => self.passed_over += 1,
        }
    }
}

impl Work<'_> {
    /// Judges `jobs` files at a time and prints the results in the order in which the files were named.
    fn all(&self, inputs: &Inputs, jobs: usize) -> Result<Tally, Failure> {
        let next = AtomicUsize::new(0);
        let wrong_use = Mutex::new(None);
        let (sender, results) = channel();
        let mut tally = Tally::default();
        thread::scope(|scope| {
            for _ in 0..jobs {
                let (sender, next, wrong_use) = (sender.clone(), &next, &wrong_use);
                scope.spawn(move || {
                    loop {
                        let number = next.fetch_add(1, Ordering::SeqCst);
                        let Some(input) = inputs.list.get(number).filter(|_| !self.stop.is_stopped()) else {
                            return;
                        };
                        // A panic costs its own file, not the others.
                        let done = catch_unwind(AssertUnwindSafe(|| self.one(input)));
                        match done.unwrap_or_else(|_| Ok(Done::Failed(broken()))) {
                            Ok(done) => {
                                // The receiver lives until all senders are gone.
                                let _ = sender.send((number, done));
                            }
                            Err(failure) => {
                                *wrong_use.lock().unwrap_or_else(PoisonError::into_inner) = Some(failure);
                                self.stop.stop();
                                return;
                            }
                        }
                    }
                });
            }
            drop(sender);
            let mut waiting = std::collections::BTreeMap::new();
            let mut printed = 0;
            for (number, done) in results {
                waiting.insert(number, done);
                while let Some(done) = waiting.remove(&printed) {
                    tally.count(&done);
                    self.print(&inputs.list[printed], &done);
                    printed += 1;
                }
            }
            // After a stop a file in between may be missing for good.
            for (number, done) in waiting {
                tally.count(&done);
                self.print(&inputs.list[number], &done);
            }
        });
        if let Some(failure) = wrong_use.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(failure);
        }
        if inputs.list.len() > 1 || tally.passed_over > 0 {
            self.display.summary(&tally_line(tally));
        }
        Ok(tally)
    }

    fn one(&self, input: &Input) -> Result<Done, Failure> {
        if let Some(message) = &input.unreadable {
            let hint = Some("check that you may read it".to_owned());
            return Ok(Done::Failed(ErrorMessage {
                code: ErrorCode::Io.as_str().to_owned(),
                message: message.clone(),
                hint,
            }));
        }
        let bar = self.display.file(&input.name);
        let request =
            Request { path: &input.path, models: &self.args.models, illustrate: self.args.out.is_some() };
        match dk_app::analyze(self.detector, &request, &bar, self.stop) {
            Ok(mut report) => {
                let saved = match &self.args.out {
                    Some(folder) => Some(save::report(folder, input, &report, &self.cards)?),
                    None => None,
                };
                // Pictures that are in the report by now would only wait in memory.
                report.illustration = Illustration::default();
                Ok(Done::Judged { report: Box::new(report), saved })
            }
            Err(AnalyzeError::Detect(error))
                if error.code == ErrorCode::UnsupportedMedia && input.found_in_folder =>
            {
                tracing::info!(file = %visible(&input.name), why = %error, "passed over");
                Ok(Done::PassedOver)
            }
            Err(AnalyzeError::Detect(error)) => {
                let (code, hint) = (error.code.as_str().to_owned(), error.hint.clone());
                let message = format!("{:#}", anyhow::Error::new(error));
                Ok(Done::Failed(ErrorMessage { code, message, hint }))
            }
            Err(AnalyzeError::UnknownModel { name, known }) => Err(self.unknown(name, known)),
            Err(AnalyzeError::UnreadyModel { name, why, hint }) => {
                Err(Failure::not_done(anyhow::anyhow!("model {name} cannot be used: {why}"), hint))
            }
        }
    }

    /// A package that is there and refused is no unknown one.
    fn unknown(&self, name: String, known: String) -> Failure {
        let entries = self.detector.registry().entries();
        let refusal = entries.iter().find_map(|entry| {
            let (folder, _) = entry.place.split_once('/')?;
            entry.package.as_ref().err().filter(|_| folder == name)
        });
        if let Some(why) = refusal {
            let error = anyhow::anyhow!("model {name} is refused: {why}");
            return Failure::not_done(error, "remove the folder or get the package again");
        }
        Failure::wrong_use(AnalyzeError::UnknownModel { name, known }, "see `drishtiksha models list`")
    }

    fn print(&self, input: &Input, done: &Done) {
        self.display.pause(|| match done {
            Done::PassedOver => {}
            Done::Judged { report, saved } => {
                if self.args.json {
                    say(&json(&document(input, report)));
                } else {
                    say(&table::render(
                        &visible(&input.name),
                        report,
                        &self.cards,
                        Paint(colour_on_stdout()),
                    ));
                }
                if let Some(path) = saved {
                    complain(&format!("report: {}", path.display()));
                }
            }
            Done::Failed(error) => {
                if self.args.json {
                    let (file, error) = (input.name.clone(), error.clone());
                    say(&json(&ErrorDocument { schema: SCHEMA.to_owned(), file, error }));
                } else {
                    complain(&format!("error: {}: {}", visible(&input.name), visible(&error.message)));
                    if let Some(hint) = &error.hint {
                        complain(&format!("hint: {hint}"));
                    }
                }
            }
        });
    }
}

/// What is said of a file whose analysis panicked.
fn broken() -> ErrorMessage {
    let message = "the analysis broke off with an internal error".to_owned();
    let hint = Some("the lines above say where; please report them with the file's format".to_owned());
    ErrorMessage { code: ErrorCode::ModelFailed.as_str().to_owned(), message, hint }
}

fn tally_line(tally: Tally) -> String {
    let Tally { judged, fake, undecided, failed, passed_over } = tally;
    let clean = judged - fake - undecided;
    let mut parts =
        vec![format!("{judged} files judged: {fake} FAKE, {clean} without a sign, {undecided} undecided")];
    if failed > 0 {
        parts.push(format!("{failed} could not be read"));
    }
    if passed_over > 0 {
        parts.push(format!("{passed_over} other files passed over"));
    }
    parts.join("; ")
}

/// The whole result of one file as the contract has it.
fn document(input: &Input, report: &Report) -> FileDocument {
    let failures = report
        .failures
        .iter()
        .map(|failure| FailureMessage {
            model: failure.model.to_string(),
            code: failure.code.as_str().to_owned(),
            message: failure.message.clone(),
        })
        .collect();
    FileDocument::new(input.name.clone(), &report.facts, &report.verdict, &report.findings, failures)
}

fn json(document: &impl serde::Serialize) -> String {
    serde_json::to_string(document).unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}"))
}
