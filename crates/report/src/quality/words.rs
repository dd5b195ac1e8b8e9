//! How rates and numbers are written, on the page and in Markdown alike.

use dk_wire::{EstimateMessage, QualityDocument, RateMessage, Subject, Words};

use crate::put;

/// `3 of 96 (1.1–8.8 %)`; a dash where there are no files.
pub(super) fn rate(rate: Option<RateMessage>) -> String {
    rate.map_or_else(dash, |rate| {
        let (low, high) = (percent(rate.low), percent(rate.high));
        format!("{} of {} ({low}–{high}\u{a0}%)", rate.hits, rate.n)
    })
}

/// Per cent with a decimal below ten.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent < 10.0 { format!("{percent:.1}") } else { format!("{percent:.0}") }
}

/// `0.93 (0.88–0.97)`.
pub(super) fn estimate(estimate: Option<EstimateMessage>) -> String {
    estimate.map_or_else(dash, |estimate| {
        format!("{:.2} ({:.2}–{:.2})", estimate.value, estimate.low, estimate.high)
    })
}

pub(super) fn dash() -> String {
    "–".to_owned()
}

/// Files without an answer, of both classes.
pub(super) fn open(words: &Words) -> String {
    rate(words.cannot_tell)
}

pub(super) fn kind(kind: &str) -> &'static str {
    match kind {
        "image" => "Pictures",
        "video" => "Videos",
        _ => "Sounds",
    }
}

/// What the subject is, with how much its words count.
pub(super) fn name(subject: &Subject) -> String {
    if subject.rated { subject.name.clone() } else { format!("{} (unrated, decides nothing)", subject.name) }
}

/// What was measured, in one paragraph.
pub(super) fn about(document: &QualityDocument) -> String {
    let judged: usize = document.kinds.iter().map(|kind| kind.real + kind.synthetic).sum();
    let mut about = format!("{judged} of {} listed files were judged", document.listed);
    if document.repeated > 0 {
        put!(about, "; {} were listed again with the same bytes and count once", document.repeated);
    }
    match document.left_out.len() {
        0 => about += "; none was left out",
        n => put!(about, "; {n} could not be judged and are in no other number"),
    }
    put!(
        about,
        ". Drishtiksha {}, seed {}, {} draws of each bootstrap interval.",
        document.program,
        document.seed,
        document.rounds
    );
    about
}

/// How the numbers are to be read.
pub(super) const READING: [&str; 7] = [
    "Brackets are 95 % intervals: of shares by Wilson's method, of all other numbers by drawing the files of each source \
     again. They say how sure a number is for files like these, from these sources, and nothing about other sources.",
    "“Real called FAKE” is the false accusation; “made by AI, called REAL” is what slipped through without a word. A model \
     that cannot tell is never counted as right.",
    "AUC is the chance that a synthetic file scores above a real one, over the files for which there is a number; 0.5 is \
     guessing. EER is the rate at which false alarms and misses are equal.",
    "Calibration error, Brier score and Cllr say whether a probability means what it says: 0 is perfect; a Brier score of \
     0.25 and a Cllr of 1 are those of somebody who says nothing. They depend on the share of synthetic files in the set.",
    "Of a source, the AUC is that within the source, where both classes are in it; of a generator, that against all real \
     files of the kind. With fewer than five files of a class it is left out.",
    "With a small set a perfect score has an interval of no width. That is a flaw of the method, not certainty.",
    "The threshold of the last table was chosen on one half of the files and proven on the other; no group is in both.",
];
