//! Progress of files: bars on a terminal, plain lines elsewhere, nothing when not wanted. All on standard
//! error.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};

use dk_app::{Phase, Progress};
use dk_domain::{Finding, MediaFacts, ModelName, Prediction};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::style::{complain, visible};

/// Shows the progress of all files.
pub(crate) struct Display {
    mode: Mode,
}

enum Mode {
    /// A line of all files, and one for each file under way.
    Bars {
        all: MultiProgress,
        files: ProgressBar,
    },
    Lines {
        files: usize,
    },
    Nothing,
}

/// Shows the progress of one file.
pub(crate) struct FileProgress<'a> {
    display: &'a Display,
    name: String,
    bar: Option<ProgressBar>,
    models: AtomicU64,
}

impl Display {
    pub(crate) fn new(files: usize, quiet: bool) -> Self {
        let mode = if quiet {
            Mode::Nothing
        } else if std::io::stderr().is_terminal() {
            let all = MultiProgress::with_draw_target(ProgressDrawTarget::stderr());
            let bar = all.add(ProgressBar::new(files as u64));
            bar.set_style(style("{pos} of {len} files  {elapsed}"));
            Mode::Bars { all, files: bar }
        } else {
            Mode::Lines { files }
        };
        Self { mode }
    }

    pub(crate) fn file(&self, name: &str) -> FileProgress<'_> {
        let name = visible(name);
        let bar = match &self.mode {
            Mode::Bars { all, .. } => {
                let bar = all.add(ProgressBar::new(0));
                bar.set_style(style("{wide_msg} {bar:24} {pos}/{len}"));
                bar.set_message(format!("{name}: opening"));
                Some(bar)
            }
            Mode::Lines { .. } | Mode::Nothing => None,
        };
        FileProgress { display: self, name, bar, models: AtomicU64::new(0) }
    }

    /// Lets something be printed without the bars in its way.
    pub(crate) fn pause(&self, print: impl FnOnce()) {
        match &self.mode {
            Mode::Bars { all, files } => {
                all.suspend(print);
                files.inc(1);
            }
            Mode::Lines { .. } | Mode::Nothing => print(),
        }
    }

    pub(crate) fn summary(&self, line: &str) {
        match &self.mode {
            Mode::Bars { all, .. } => all.suspend(|| complain(line)),
            Mode::Lines { .. } => complain(line),
            Mode::Nothing => {}
        }
    }

    pub(crate) fn finish(&self) {
        if let Mode::Bars { all, .. } = &self.mode {
            // A terminal that cannot be cleared shows the last state, which is no fault.
            let _ = all.clear();
        }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

impl FileProgress<'_> {
    /// `done` of `total` of what is named, on a bar only.
    pub(crate) fn tell(&self, what: &str, done: u64, total: Option<u64>) {
        let Some(bar) = &self.bar else { return };
        bar.set_length(total.unwrap_or(done));
        bar.set_position(done);
        bar.set_message(format!("{}: {what}", self.name));
    }

    /// A step that is worth a line where there are no bars.
    pub(crate) fn step(&self, words: &str) {
        match &self.bar {
            Some(bar) => bar.set_message(format!("{}: {words}", self.name)),
            None => self.line(words),
        }
    }

    /// Something that must be seen, bars or not.
    pub(crate) fn warn(&self, words: &str) {
        match &self.display.mode {
            Mode::Bars { all, .. } => all.suspend(|| complain(&format!("{}: {words}", self.name))),
            Mode::Lines { .. } => self.line(words),
            Mode::Nothing => {}
        }
    }

    /// A model came to its answer.
    pub(crate) fn answered(&self, model: &ModelName, prediction: Prediction, took_secs: f64) {
        self.models.fetch_add(1, Ordering::Relaxed);
        self.line(&format!("{model} {prediction} ({took_secs:.1} s)"));
    }

    /// How many models came to an answer.
    pub(crate) fn models_done(&self) -> u64 {
        self.models.load(Ordering::Relaxed)
    }

    fn line(&self, words: &str) {
        if let Mode::Lines { .. } = self.display.mode {
            complain(&format!("{}: {words}", self.name));
        }
    }
}

/// What a phase counts.
pub(crate) fn unit(phase: Phase) -> &'static str {
    match phase {
        Phase::Reading => "reading, bytes",
        Phase::Frames => "frames",
        Phase::Sound => "seconds of sound",
    }
}

impl Progress for FileProgress<'_> {
    fn facts(&self, facts: &MediaFacts) {
        if let Mode::Lines { files } = &self.display.mode
            && *files == 1
        {
            self.line(&format!("{} of {} bytes read", facts.kind, facts.bytes));
        }
    }

    fn advanced(&self, phase: Phase, done: u64, total: Option<u64>) {
        if self.bar.is_some() {
            self.tell(&format!("{}, {} models done", unit(phase), self.models_done()), done, total);
        }
    }

    fn model_started(&self, model: &ModelName) {
        tracing::debug!(file = %self.name, model.name = %model, "model started");
    }

    fn model_finished(&self, finding: &Finding) {
        self.answered(&finding.model.name, finding.prediction(), finding.took_secs);
    }
}

impl Drop for FileProgress<'_> {
    fn drop(&mut self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}
