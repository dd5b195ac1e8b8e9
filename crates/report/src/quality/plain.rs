//! What the numbers come to, in sentences that follow from them by fixed rules. Says what is bad as plainly as what is good.

use dk_wire::{KindQuality, Part, QualityDocument, Rung, Subject};

use super::words::{kind, rate};

/// Of fewer files nothing is said in words.
const FEWEST: usize = 3;
/// The cost of saying nothing; more misleads.
const MISLEADS: f64 = 1.0;

/// Sentences, kind by kind.
pub(super) fn sentences(document: &QualityDocument) -> Vec<String> {
    document.kinds.iter().flat_map(|part| of_kind(document, part)).collect()
}

fn of_kind(document: &QualityDocument, part: &KindQuality) -> Vec<String> {
    let Some(verdict) = part.subjects.first() else { return Vec::new() };
    let name = kind(&part.kind);
    let mut said = vec![summary(name, verdict)];
    said.extend(list(name, "real files called FAKE by mistake are from", &accused(verdict)));
    said.extend(list(name, "of these generators fewer than half were found:", &missed(verdict)));
    said.extend(list(name, "no better than guessing on these files:", &guessing(part)));
    said.extend(list(name, "probabilities that mislead on these files (Cllr above 1):", &misleading(part)));
    let target = document.false_alarm_target * 100.0;
    let broken =
        format!("a threshold chosen for at most {target:.0} % false alarms did not hold on the other half:");
    said.extend(list(name, &broken, &unproven(part, document.false_alarm_target)));
    said.extend(list(
        name,
        "after a change, files that were called FAKE are called REAL:",
        &lost(&verdict.ladder),
    ));
    said.extend(list(
        name,
        "after a change, real files are newly called FAKE:",
        &newly_accused(&verdict.ladder),
    ));
    said
}

fn summary(name: &str, verdict: &Subject) -> String {
    let (real, synthetic) = (&verdict.real, &verdict.synthetic);
    let mut said = vec![format!("{name}:")];
    if real.n > 0 {
        let (fake, open) = (rate(real.called_fake), rate(real.cannot_tell));
        said.push(format!(
            "of the real files the verdict called {fake} FAKE by mistake and gave no answer to {open}."
        ));
    } else {
        said.push("there were no real files.".to_owned());
    }
    if synthetic.n > 0 {
        let (fake, missed) = (rate(synthetic.called_fake), rate(synthetic.called_real));
        let open = rate(synthetic.cannot_tell);
        said.push(format!(
            "Of those made by AI it found {fake}, called {missed} REAL and gave no answer to {open}."
        ));
    } else {
        said.push("There were none made by AI.".to_owned());
    }
    said.join(" ")
}

fn list(name: &str, words: &str, items: &[String]) -> Option<String> {
    (!items.is_empty()).then(|| format!("{name}: {words} {}.", items.join(", ")))
}

fn accused(verdict: &Subject) -> Vec<String> {
    let some = verdict.sources.iter().filter(|part| part.real.fake > 0);
    some.map(|part| format!("{} ({})", part.name, rate(part.real.called_fake))).collect()
}

fn missed(verdict: &Subject) -> Vec<String> {
    let few = |part: &&Part| part.synthetic.n >= FEWEST && part.synthetic.fake * 2 < part.synthetic.n;
    let parts = verdict.generators.iter().filter(few);
    parts.map(|part| format!("{} ({} of {})", part.name, part.synthetic.fake, part.synthetic.n)).collect()
}

/// The interval of the area under the curve reaches that of guessing.
fn guessing(part: &KindQuality) -> Vec<String> {
    let of = |subject: &Subject| {
        let auc = subject.measured.as_ref()?.auc;
        (auc.low <= 0.5)
            .then(|| format!("{} (AUC {:.2}, {:.2}–{:.2})", subject.name, auc.value, auc.low, auc.high))
    };
    part.subjects.iter().filter_map(of).collect()
}

fn misleading(part: &KindQuality) -> Vec<String> {
    let of = |subject: &Subject| {
        let cllr = subject.measured.as_ref()?.cllr?;
        (cllr.value > MISLEADS).then(|| format!("{} ({:.2})", subject.name, cllr.value))
    };
    part.subjects.iter().filter_map(of).collect()
}

/// Even the lower end of the interval lies above what was chosen.
fn unproven(part: &KindQuality, target: f64) -> Vec<String> {
    let of = |subject: &Subject| {
        let alarms = subject.measured.as_ref()?.proof.as_ref()?.false_alarms;
        (alarms.low > target).then(|| format!("{} ({})", subject.name, rate(Some(alarms))))
    };
    part.subjects.iter().filter_map(of).collect()
}

fn lost(ladder: &[Rung]) -> Vec<String> {
    let rungs = ladder.iter().filter_map(|rung| Some((rung, rung.fake_to_real?)));
    let some = rungs.filter(|(_, lost)| lost.hits > 0);
    some.map(|(rung, lost)| format!("{} ({} of {})", rung.what, lost.hits, lost.n)).collect()
}

fn newly_accused(ladder: &[Rung]) -> Vec<String> {
    let rungs = ladder.iter().filter_map(|rung| Some((rung, rung.real_to_fake?)));
    let some = rungs.filter(|(_, new)| new.hits > 0);
    some.map(|(rung, new)| format!("{} ({} of {})", rung.what, new.hits, new.n)).collect()
}
