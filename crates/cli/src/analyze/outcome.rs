//! What came of files: printed in their order, counted, and turned into an exit code. The same for files that
//! were judged here and on a server; knows nothing of how they were judged.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::ExitCode;

use dk_app::{ErrorCode, ModelCard, Report};
use dk_domain::Prediction;
use dk_wire::{ErrorDocument, ErrorMessage, FailureMessage, FileDocument, SCHEMA};

use super::progress::Display;
use super::{stability, table};
use crate::style::{Paint, colour_on_stdout, complain, say, visible};

/// At least one file is FAKE.
const FOUND: u8 = 1;
/// At least one file could not be read or not be decided.
const UNDECIDED: u8 = 3;

/// What came of one file.
pub(crate) enum Done {
    Judged(Box<Judged>),
    Failed(ErrorMessage),
    /// A file in a folder that is no medium.
    PassedOver,
}

/// A file that was judged.
pub(crate) struct Judged {
    pub(crate) report: Report,
    /// The same as the contract has it.
    pub(crate) document: FileDocument,
    /// The page that was written.
    pub(crate) saved: Option<PathBuf>,
}

/// Counts for the exit code and the last line.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Tally {
    judged: usize,
    fake: usize,
    undecided: usize,
    failed: usize,
    passed_over: usize,
}

impl Tally {
    pub(crate) fn exit_code(self, stopped: bool) -> ExitCode {
        if self.fake > 0 {
            ExitCode::from(FOUND)
        } else if stopped || self.undecided > 0 || self.failed > 0 || self.judged == 0 {
            ExitCode::from(UNDECIDED)
        } else {
            ExitCode::SUCCESS
        }
    }

    pub(crate) fn failed(self) -> usize {
        self.failed
    }

    pub(crate) fn passed_over(self) -> usize {
        self.passed_over
    }

    pub(crate) fn count(&mut self, done: &Done) {
        match done {
            Done::Judged(judged) => {
                self.judged += 1;
                match judged.report.verdict.prediction {
                    Prediction::Fake => self.fake += 1,
                    Prediction::Inconclusive | Prediction::NotApplicable => self.undecided += 1,
                    // A model that failed might have found what the others did not.
                    Prediction::Real if !judged.report.failures.is_empty() => self.undecided += 1,
                    Prediction::Real => {}
                }
            }
            Done::Failed(_) => self.failed += 1,
            Done::PassedOver => self.passed_over += 1,
        }
    }

    /// The last line, where there is more to say than of one file.
    pub(crate) fn line(self, files: usize) -> Option<String> {
        let Self { judged, fake, undecided, failed, passed_over } = self;
        if files <= 1 && passed_over == 0 {
            return None;
        }
        let clean = judged - fake - undecided;
        let mut parts = vec![format!(
            "{judged} files judged: {fake} FAKE, {clean} without a sign, {undecided} undecided"
        )];
        if failed > 0 {
            parts.push(format!("{failed} could not be read"));
        }
        if passed_over > 0 {
            parts.push(format!("{passed_over} other files passed over"));
        }
        Some(parts.join("; "))
    }
}

/// Hands results on in the order of their numbers, however they come. After a stop one in between may be missing
/// for good; those behind it are handed on at the end.
pub(crate) struct InOrder<T, F: FnMut(usize, T)> {
    waiting: BTreeMap<usize, T>,
    next: usize,
    take: F,
}

impl<T, F: FnMut(usize, T)> InOrder<T, F> {
    pub(crate) fn new(take: F) -> Self {
        Self { waiting: BTreeMap::new(), next: 0, take }
    }

    pub(crate) fn add(&mut self, number: usize, result: T) {
        self.waiting.insert(number, result);
        while let Some(result) = self.waiting.remove(&self.next) {
            (self.take)(self.next, result);
            self.next += 1;
        }
    }

    pub(crate) fn finish(mut self) {
        for (number, result) in self.waiting {
            (self.take)(number, result);
        }
    }
}

/// Prints what came of files: data on standard output, all else on standard error.
pub(crate) struct Printer<'a> {
    pub(crate) json: bool,
    pub(crate) cards: &'a [ModelCard],
    pub(crate) display: &'a Display,
}

impl Printer<'_> {
    /// `name` is the file as the person named it.
    pub(crate) fn print(&self, name: &str, done: &Done) {
        self.display.pause(|| match done {
            Done::PassedOver => {}
            Done::Judged(judged) => {
                if self.json {
                    say(&json(&judged.document));
                } else {
                    let paint = Paint(colour_on_stdout());
                    let table = table::render(&visible(name), &judged.report, self.cards, paint);
                    let stability = judged.document.stability.as_ref().map(stability::lines);
                    say(&(table + &stability.unwrap_or_default()));
                }
                if let Some(path) = &judged.saved {
                    complain(&format!("report: {}", path.display()));
                }
            }
            Done::Failed(error) => self.failed(name, error),
        });
    }

    fn failed(&self, name: &str, error: &ErrorMessage) {
        if self.json {
            let (file, error) = (name.to_owned(), error.clone());
            say(&json(&ErrorDocument { schema: SCHEMA.to_owned(), file, error }));
            return;
        }
        complain(&format!("error: {}: {}", visible(name), visible(&error.message)));
        if let Some(hint) = &error.hint {
            complain(&format!("hint: {}", visible(hint)));
        }
    }
}

/// What is said of a file whose analysis panicked.
pub(crate) fn broken() -> ErrorMessage {
    let message = "the analysis broke off with an internal error".to_owned();
    let hint = Some("the lines above say where; please report them with the file's format".to_owned());
    ErrorMessage { code: ErrorCode::ModelFailed.as_str().to_owned(), message, hint }
}

/// The whole result of one file as the contract has it.
pub(crate) fn document(name: &str, report: &Report) -> FileDocument {
    let failures = report
        .failures
        .iter()
        .map(|failure| FailureMessage {
            model: failure.model.to_string(),
            code: failure.code.as_str().to_owned(),
            message: failure.message.clone(),
        })
        .collect();
    FileDocument::new(name.to_owned(), &report.facts, &report.verdict, &report.findings, failures)
}

/// One line of JSON.
pub(crate) fn json(document: &impl serde::Serialize) -> String {
    serde_json::to_string(document).unwrap_or_else(|error| format!("{{\"error\":\"{error}\"}}"))
}
