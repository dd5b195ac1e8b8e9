//! `--stability`: judges changed copies of a file, and says how many keep the verdict.

use std::fmt::Write as _;
use std::fs::{self, File};
use std::path::PathBuf;

use dk_app::{Effort, Report, Request, Silent, StopToken};
use dk_domain::{Prediction, Reason};
use dk_infer::LocalDetector;
use dk_media::{Change, Limits, MediaFile, Tools};
use dk_wire::{ChangedCopy, StabilityMessage};

use super::inputs::Input;
use crate::config::Config;
use crate::failure::Failure;
use crate::wiring;

/// Makes copies in a folder of its own, which is gone afterwards.
#[derive(Debug)]
pub(super) struct Copies {
    folder: PathBuf,
    tools: Tools,
    limits: Limits,
}

impl Drop for Copies {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.folder) {
            tracing::warn!(path = %self.folder.display(), %error, "cannot remove changed copies");
        }
    }
}

impl Copies {
    pub(super) fn prepare(config: &Config) -> Result<Self, Failure> {
        let folder = config.home.join("spool").join(format!("copies-{}", std::process::id()));
        fs::create_dir_all(&folder).map_err(|error| {
            let error = anyhow::Error::new(error).context(format!("cannot make {}", folder.display()));
            Failure::not_done(error, "check the space and the rights of the data folder")
        })?;
        Ok(Self { folder, tools: wiring::tools()?, limits: wiring::limits(config) })
    }

    /// Judges every changed copy by the same models. `number` tells files apart that are judged at the same time.
    pub(super) fn judge(
        &self,
        detector: &LocalDetector,
        input: &Input,
        number: usize,
        request: &Request<'_>,
        report: &mut Report,
        stop: &StopToken,
    ) -> StabilityMessage {
        let said = report.verdict.prediction;
        let opened = MediaFile::open(&input.path, &self.tools, &self.limits, &Silent, stop);
        let mut message = StabilityMessage { kept: 0, judged: 0, copies: Vec::new() };
        for change in Change::all(report.facts.kind).iter().take_while(|_| !stop.is_stopped()) {
            let path = self.folder.join(format!("{number}-{}", change.name));
            let judged = opened.as_ref().map_err(ToString::to_string).and_then(|media| {
                let mut file = File::create(&path).map_err(|error| error.to_string())?;
                media.write_changed(change, &mut file, stop).map_err(|error| error.to_string())?;
                let request = Request { path: &path, illustrate: false, effort: Effort::Enough, ..*request };
                dk_app::analyze(detector, &request, &Silent, stop).map_err(|error| error.to_string())
            });
            // It is in the folder that is removed at the end, and need not have been made.
            let _ = fs::remove_file(&path);
            let mut copy = ChangedCopy { what: change.what.to_owned(), ..ChangedCopy::default() };
            match judged {
                Ok(report) => {
                    let prediction = report.verdict.prediction;
                    // A copy that became too small to be looked at speaks neither for nor against the verdict.
                    message.judged +=
                        usize::from(prediction == said || prediction != Prediction::NotApplicable);
                    message.kept += usize::from(prediction == said);
                    copy.prediction = Some(report.verdict.prediction.as_str().to_owned());
                    copy.probability = report.verdict.probability.map(|p| p.get());
                }
                Err(why) => copy.error = Some(why),
            }
            message.copies.push(copy);
        }
        if message.kept < message.judged && said != Prediction::NotApplicable {
            report.verdict.reasons.push(Reason::Unstable);
            report.verdict.reasons.sort_unstable();
        }
        message
    }
}

/// What a person reads of it, each line with its end.
pub(super) fn lines(message: &StabilityMessage) -> String {
    let StabilityMessage { kept, judged, copies } = message;
    let mut text = format!("\n\n  changed copies: {kept} of {judged} keep the verdict\n");
    for copy in copies {
        let says = match (&copy.prediction, &copy.error) {
            (Some(prediction), _) => prediction.as_str(),
            (None, why) => why.as_deref().unwrap_or_default(),
        };
        let probability = copy.probability.map_or(String::new(), |p| format!("{p:.2}"));
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{}", format!("  {:46} {says:15} {probability}", copy.what).trim_end());
    }
    text.truncate(text.trim_end().len());
    text
}
