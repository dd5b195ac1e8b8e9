//! `face-classifier`: a net that looks at faces, in a picture or in the frames of the spread.

use std::collections::BTreeMap;

use dk_app::StopToken;
use dk_domain::{Evidence, Face, FrameScore, MediaKind, Outcome, Reason, Track};
use dk_media::Picture;

use super::{frame_spans, step_ms};
use crate::engine::Tensor;
use crate::judge::{Failure, Judge, Reading};
use crate::package::{Aggregate, FaceAlign, FaceRule, FaceShape, Net, PictureRule};
use crate::picture_input::{crop, tensor};
use crate::runner::Runner;
use crate::upright_face::upright;
use crate::visual::{FoundFace, Seen};

/// A person counts alone when seen in at least this share of the frames that have a face; who passes by
/// once must not decide over a whole film.
const OWN_SHARE: f64 = 0.25;

pub(crate) struct FaceClassifier {
    pub runner: Runner,
    pub net: Net,
    pub rule: PictureRule,
    pub face: FaceRule,
    pub reading: Reading,
    pub aggregate: Aggregate,
    pub kind: MediaKind,
    pub work: Work,
}

/// What has been seen so far.
#[derive(Default)]
pub(crate) struct Work {
    frames: Vec<FrameScore>,
    /// Raw scores by person, each with the number of its frame in `frames`.
    scores: BTreeMap<u32, Vec<f64>>,
    with_face: usize,
    /// Faces that were too small, or whose points fall together.
    small: usize,
    /// Crops that wait for a run, with the places of their faces.
    waiting: Vec<(usize, usize, Tensor)>,
}

impl Judge<Seen> for FaceClassifier {
    fn see(&mut self, seen: &Seen, stop: &StopToken) -> Result<(), Failure> {
        if seen.window.is_some() {
            return Ok(());
        }
        let mut faces = Vec::new();
        for found in &seen.faces {
            let at = found.as_shares(&seen.picture);
            if let Some(cut) = self.cut(&seen.picture, found) {
                let row = tensor(&cut, &self.rule)?;
                self.work.waiting.push((self.work.frames.len(), faces.len(), row));
            } else {
                self.work.small += 1;
            }
            faces.push(Face { at, sureness: found.sureness, track: found.track, probability: None });
        }
        self.work.with_face += usize::from(!faces.is_empty());
        self.work.frames.push(FrameScore {
            index: seen.index,
            time_ms: seen.time_ms,
            probability: None,
            faces,
        });
        if self.work.waiting.len() >= self.runner.max_batch { self.run(stop) } else { Ok(()) }
    }

    fn conclude(&mut self, stop: &StopToken) -> Result<Outcome, Failure> {
        self.run(stop)?;
        let work = std::mem::take(&mut self.work);
        let Some(score) = self.most_suspicious(&work) else {
            let reason = if work.small > 0 { Reason::FaceTooSmall } else { Reason::NoFace };
            return Ok(Outcome::NotApplicable(vec![reason]));
        };
        let spans = frame_spans(&work.frames, Track::Face, &self.reading);
        let gap_ms = step_ms(&work.frames);
        let reasons = if work.small > 0 { vec![Reason::PartOnly] } else { Vec::new() };
        if self.kind == MediaKind::Image {
            let faces = work.frames.into_iter().flat_map(|frame| frame.faces).collect();
            return self.reading.opinion(
                score,
                Evidence::Image { faces, heatmap: None },
                Vec::new(),
                0,
                reasons,
            );
        }
        self.reading.opinion(score, Evidence::Video { frames: work.frames }, spans, gap_ms, reasons)
    }
}

impl FaceClassifier {
    /// What the net is to see of a face; `None` for one that is too small for it.
    fn cut(&self, picture: &Picture, found: &FoundFace) -> Option<Picture> {
        let rule = &self.face;
        if found.longer_side() < rule.min_side_px as f32 {
            return None;
        }
        let (left, top, width, height) = match (rule.align, rule.shape) {
            (FaceAlign::FivePoints, _) => {
                let side_px = self.rule.width_px.max(self.rule.height_px);
                return upright(picture, found.points.as_ref()?, rule.crop, side_px);
            }
            (FaceAlign::None, FaceShape::Box) => found.scaled_box(rule.crop),
            (FaceAlign::None, FaceShape::Square) => {
                let (left, top, side) = found.square(rule.crop);
                (left, top, side, side)
            }
        };
        Some(crop(picture, left, top, width, height))
    }

    fn run(&mut self, stop: &StopToken) -> Result<(), Failure> {
        let waiting = std::mem::take(&mut self.work.waiting);
        if waiting.is_empty() {
            return Ok(());
        }
        let (places, rows): (Vec<_>, Vec<_>) = waiting.into_iter().map(|(f, n, row)| ((f, n), row)).unzip();
        let answers = self.runner.rows(&self.net.input, &self.net.output, rows, stop)?;
        for ((frame, number), row) in places.into_iter().zip(answers) {
            let score = self.reading.score(row)?;
            let probability = self.reading.probability(score)?;
            let Some(frame) = self.work.frames.get_mut(frame) else { continue };
            let Some(face) = frame.faces.get_mut(number) else { continue };
            face.probability = Some(probability);
            frame.probability = Some(
                frame.probability.map_or(probability, |p| if p > probability { p } else { probability }),
            );
            self.work.scores.entry(face.track).or_default().push(score);
        }
        Ok(())
    }

    /// The highest score among the people who are seen often enough; all faces together where nobody is.
    fn most_suspicious(&self, work: &Work) -> Option<f64> {
        let least = (work.with_face as f64 * OWN_SHARE).max(1.0);
        let people = work.scores.values().filter(|scores| scores.len() as f64 >= least);
        let highest = people.filter_map(|scores| self.aggregate.of(scores)).max_by(f64::total_cmp);
        highest.or_else(|| self.aggregate.of(&work.scores.values().flatten().copied().collect::<Vec<_>>()))
    }
}
