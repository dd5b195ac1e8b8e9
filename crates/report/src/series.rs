//! The moments that a model judged, in a form that the timeline and its table share.

use dk_domain::{Evidence, Face, Finding, Opinion, Probability};

use super::View;
use super::faces::answers;
use super::reading::{Reader, Reading};

/// Most moments that are drawn for one model; a screen has not many more columns.
const MAX_MARKS: usize = 600;

/// One model's moments.
pub(super) struct Series<'a> {
    pub(super) finding: &'a Finding,
    pub(super) opinion: &'a Opinion,
    pub(super) marks: Vec<Mark<'a>>,
    /// How many moments there were; more than `marks` where only the highest of neighbours stayed.
    pub(super) judged: usize,
}

/// A frame or a window of sound.
#[derive(Clone)]
pub(super) struct Mark<'a> {
    pub(super) start_ms: u64,
    /// Same as the begin for a frame.
    pub(super) end_ms: u64,
    pub(super) probability: Option<Probability>,
    pub(super) faces: &'a [Face],
}

impl Mark<'_> {
    pub(super) fn middle_ms(&self) -> u64 {
        u64::midpoint(self.start_ms, self.end_ms)
    }
}

impl Series<'_> {
    pub(super) fn reader(&self) -> Reader {
        Reader::new(self.opinion)
    }

    /// What one moment alone would be called.
    pub(super) fn reading(&self, mark: &Mark<'_>) -> Reading {
        self.reader().read(mark.probability)
    }
}

/// Every model that judged moments, in the order of the findings.
pub(super) fn all<'a>(view: &View<'a>) -> Vec<Series<'a>> {
    let series = answers(view).map(|(finding, opinion)| {
        let marks = marks(&opinion.evidence);
        Series { finding, opinion, judged: marks.len() + opinion.left_out, marks: thin(marks) }
    });
    series.filter(|series| !series.marks.is_empty()).collect()
}

fn marks(evidence: &Evidence) -> Vec<Mark<'_>> {
    match evidence {
        Evidence::Image { .. } | Evidence::Sync(_) | Evidence::Origin => Vec::new(),
        Evidence::Video { frames } => frames
            .iter()
            .map(|f| Mark {
                start_ms: f.time_ms,
                end_ms: f.time_ms,
                probability: f.probability,
                faces: &f.faces,
            })
            .collect(),
        Evidence::Audio { windows } => windows
            .iter()
            .map(|w| Mark {
                start_ms: w.start_ms,
                end_ms: w.end_ms,
                probability: Some(w.probability),
                faces: &[],
            })
            .collect(),
    }
}

/// Of each group of neighbours the highest stays, because a peak is what people look for.
fn thin(marks: Vec<Mark<'_>>) -> Vec<Mark<'_>> {
    if marks.len() <= MAX_MARKS {
        return marks;
    }
    let rank = |mark: &Mark<'_>| mark.probability.map_or(-1.0, Probability::get);
    let group = marks.len().div_ceil(MAX_MARKS);
    marks
        .chunks(group)
        .filter_map(|group| group.iter().max_by(|a, b| rank(a).total_cmp(&rank(b))).cloned())
        .collect()
}

/// The step in the middle when all are ordered by length; a few long gaps do not change it.
pub(super) fn usual_step_ms(marks: &[Mark<'_>]) -> u64 {
    let mut steps: Vec<u64> =
        marks.windows(2).map(|pair| pair[1].start_ms.saturating_sub(pair[0].start_ms)).collect();
    steps.sort_unstable();
    steps.get(steps.len() / 2).copied().unwrap_or(0)
}
