//! `--stability`: judges changed copies of a file, and says how many keep the verdict.

use std::fmt::Write as _;

use dk_app::{Effort, Report, Request, Silent, StopToken};
use dk_domain::{Prediction, Probability, Reason};
use dk_infer::LocalDetector;
use dk_media::Change;
use dk_wire::{ChangedCopy, StabilityMessage};

use super::inputs::Input;
use crate::config::Config;
use crate::copies::Copies;
use crate::failure::Failure;

/// A folder for copies within the data folder.
pub(super) fn prepare(config: &Config) -> Result<Copies, Failure> {
    let folder = config.home.join("spool").join(format!("copies-{}", std::process::id()));
    Copies::in_folder(folder, config, |folder, error| {
        let error = anyhow::Error::new(error).context(format!("cannot make {}", folder.display()));
        Failure::not_done(error, "check the space and the rights of the data folder")
    })
}

/// Judges every changed copy by the same models. `number` tells files apart that are judged at the same time.
pub(super) fn judge(
    copies: &Copies,
    detector: &LocalDetector,
    input: &Input,
    number: usize,
    request: &Request<'_>,
    report: &mut Report,
    stop: &StopToken,
) -> StabilityMessage {
    let said = report.verdict.prediction;
    let opened = copies.open(&input.path, stop);
    let mut message = StabilityMessage { kept: 0, judged: 0, copies: Vec::new() };
    for change in Change::all(report.facts.kind).iter().take_while(|_| !stop.is_stopped()) {
        let judged = opened.as_ref().map_err(Clone::clone).and_then(|media| {
            let made = copies.make(media, &number.to_string(), change, stop)?;
            let request =
                Request { path: made.path(), illustrate: false, effort: Effort::Enough, ..*request };
            dk_app::analyze(detector, &request, &Silent, stop).map_err(|error| error.to_string())
        });
        let mut copy = ChangedCopy { what: change.what.to_owned(), ..ChangedCopy::default() };
        match judged {
            Ok(report) => {
                let prediction = report.verdict.prediction;
                // A copy that became too small to be looked at speaks neither for nor against the verdict.
                message.judged += usize::from(prediction == said || prediction != Prediction::NotApplicable);
                message.kept += usize::from(prediction == said);
                copy.prediction = Some(prediction.as_str().to_owned());
                copy.probability = report.verdict.probability.map(Probability::get);
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
