//! `drishtiksha analyze …`: the main job.

pub(crate) mod inputs;
pub(crate) mod outcome;
pub(crate) mod progress;
pub(crate) mod save;
mod stability;
mod table;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;

use dk_app::{AnalyzeError, Detector, Effort, ErrorCode, Illustration, Request, StopToken};
use dk_infer::LocalDetector;
use dk_wire::{ErrorMessage, FileDocument};

use crate::args::AnalyzeArgs;
use crate::config::Config;
use crate::copies::Copies;
use crate::failure::Failure;
use crate::style::{complain, visible};
use crate::wiring;
use inputs::{Input, Inputs};
use outcome::{Done, InOrder, Judged, Printer, Tally, broken, document};
use progress::Display;

pub(crate) fn run(args: &AnalyzeArgs, config: &Config) -> Result<ExitCode, Failure> {
    let stop = StopToken::new();
    stop_on_interrupt(&stop, "stopping; press Ctrl-C again to end at once")?;
    let inputs = Inputs::gather(&args.paths, args.recursive, &config.home, config.max_bytes, &stop)?;
    if let Some(folder) = &args.out {
        save::prepare(folder)?;
    }
    let jobs = usize::from(args.jobs).min(inputs.list.len().max(1));
    let detector = wiring::detector(config, jobs)?;
    let display = Display::new(inputs.list.len(), args.quiet);
    let cards = detector.models();
    let printer = Printer { json: args.json, cards: &cards, display: &display };
    let copies = if args.stability { Some(stability::prepare(config)?) } else { None };
    let work = Work { args, detector: &detector, printer: &printer, copies: copies.as_ref(), stop: &stop };
    let tally = work.all(&inputs, jobs)?;
    display.finish();
    Ok(tally.exit_code(stop.is_stopped()))
}

/// The first Ctrl-C says `words`, stops the work and lets it clean up; the second one ends the program at once.
pub(crate) fn stop_on_interrupt(stop: &StopToken, words: &'static str) -> Result<(), Failure> {
    let stop = stop.clone();
    let asked = AtomicUsize::new(0);
    let handler = move || {
        if asked.fetch_add(1, Ordering::SeqCst) == 0 {
            complain(words);
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
    printer: &'a Printer<'a>,
    /// Judges changed copies, where that was asked for.
    copies: Option<&'a Copies>,
    stop: &'a StopToken,
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
                        let done = catch_unwind(AssertUnwindSafe(|| self.one(input, number)));
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
            let mut ordered = InOrder::new(|number: usize, done| {
                tally.count(&done);
                self.printer.print(&inputs.list[number].name, &done);
            });
            for (number, done) in results {
                ordered.add(number, done);
            }
            ordered.finish();
        });
        if let Some(failure) = wrong_use.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(failure);
        }
        if let Some(line) = tally.line(inputs.list.len()) {
            self.printer.display.summary(&line);
        }
        Ok(tally)
    }

    fn one(&self, input: &Input, number: usize) -> Result<Done, Failure> {
        if let Some(error) = input.refusal() {
            return Ok(Done::Failed(error));
        }
        let bar = self.printer.display.file(&input.name);
        let request = Request {
            path: &input.path,
            models: &self.args.models,
            illustrate: self.args.out.is_some(),
            effort: if self.args.all_models { Effort::All } else { Effort::Enough },
        };
        match dk_app::analyze(self.detector, &request, &bar, self.stop) {
            Ok(mut report) => {
                let stability = self.copies.map(|copies| {
                    stability::judge(copies, self.detector, input, number, &request, &mut report, self.stop)
                });
                let document = FileDocument { stability, ..document(&input.name, &report) };
                let saved = match &self.args.out {
                    Some(folder) => {
                        let original =
                            dk_report::fits(&report.facts).then(|| std::fs::read(&input.path).ok());
                        let subject = save::Subject { path: &input.path, original: original.flatten() };
                        Some(save::report(folder, &subject, &document, &report, self.printer.cards)?)
                    }
                    None => None,
                };
                // Pictures that are in the report by now would only wait in memory.
                report.illustration = Illustration::default();
                Ok(Done::Judged(Box::new(Judged { report, document, saved })))
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
}
