//! `frame-sequence`: a net that follows the landmarks of one face through consecutive frames.

use std::sync::Arc;

use dk_app::StopToken;
use dk_domain::{Evidence, Face, FrameScore, Outcome, Probability, Reason, Span, Track};

use super::landmark_form::{differences, normalise};
use crate::engine::Tensor;
use crate::helper::{LANDMARK_VALUES, LandmarkFinder};
use crate::judge::{Failure, Judge, Reading};
use crate::package::{Aggregate, FaceRule, Net, SequenceRule, SequenceStep};
use crate::runner::Runner;
use crate::visual::Seen;

pub(crate) struct FrameSequence {
    pub runner: Runner,
    pub landmarks: Arc<LandmarkFinder>,
    pub net: Net,
    pub face: FaceRule,
    pub rule: SequenceRule,
    pub reading: Reading,
    pub aggregate: Aggregate,
    pub work: Work,
}

/// What has been seen so far.
#[derive(Default)]
pub(crate) struct Work {
    /// The run that is being collected: which window and which person.
    current: Option<(u32, u32)>,
    points: Vec<Vec<f32>>,
    frames: Vec<FrameScore>,
    judged: Vec<FrameScore>,
    spans: Vec<Span>,
    scores: Vec<f64>,
    saw_face: bool,
    saw_small: bool,
}

impl Judge<Seen> for FrameSequence {
    fn see(&mut self, seen: &Seen, stop: &StopToken) -> Result<(), Failure> {
        let Some(window) = seen.window else { return Ok(()) };
        let Some(face) = seen.faces.first() else {
            self.work.forget();
            return Ok(());
        };
        self.work.saw_face = true;
        if face.longer_side() < self.face.min_side_px as f32 {
            self.work.saw_small = true;
            self.work.forget();
            return Ok(());
        }
        if self.work.current != Some((window, face.track)) {
            self.work.forget();
            self.work.current = Some((window, face.track));
        }
        self.work.points.push(self.landmarks.find(&seen.picture, face, stop)?);
        let at = face.as_shares(&seen.picture);
        let faces = vec![Face { at, sureness: face.sureness, track: face.track, probability: None }];
        self.work.frames.push(FrameScore {
            index: seen.index,
            time_ms: seen.time_ms,
            probability: None,
            faces,
        });
        if self.work.points.len() == self.rule.frames { self.run(stop) } else { Ok(()) }
    }

    fn conclude(&mut self, _: &StopToken) -> Result<Outcome, Failure> {
        let work = std::mem::take(&mut self.work);
        let Some(score) = self.aggregate.of(&work.scores) else {
            let reason = match (work.saw_face, work.saw_small) {
                (false, _) => Reason::NoFace,
                (true, true) => Reason::FaceTooSmall,
                (true, false) => Reason::TooFewFrames,
            };
            return Ok(Outcome::NotApplicable(vec![reason]));
        };
        self.reading.opinion(score, Evidence::Video { frames: work.judged }, work.spans, 0, Vec::new())
    }
}

impl FrameSequence {
    fn run(&mut self, stop: &StopToken) -> Result<(), Failure> {
        let Some(points) = normalise(&std::mem::take(&mut self.work.points)) else {
            self.work.forget();
            return Ok(());
        };
        let rows = match self.rule.step {
            SequenceStep::Points => points,
            SequenceStep::Differences => differences(&points),
        };
        let shape = vec![1, rows.len(), LANDMARK_VALUES];
        let input = Tensor::F32(shape, rows.concat());
        let answer = self.runner.rows(&self.net.input, &self.net.output, vec![input], stop)?;
        let row =
            answer.into_iter().next().ok_or_else(|| Failure::Broken("the net gave no answer".to_owned()))?;
        let score = self.reading.score(row)?;
        let probability = self.reading.probability(score)?;
        self.work.scores.push(score);
        self.work.take_frames(probability, self.reading.stands_out(probability));
        Ok(())
    }
}

impl Work {
    fn forget(&mut self) {
        self.current = None;
        self.points.clear();
        self.frames.clear();
    }

    fn take_frames(&mut self, probability: Probability, stands_out: bool) {
        let mut frames = std::mem::take(&mut self.frames);
        for frame in &mut frames {
            frame.probability = Some(probability);
            frame.faces.iter_mut().for_each(|face| face.probability = Some(probability));
        }
        if let (true, Some(first), Some(last)) = (stands_out, frames.first(), frames.last()) {
            let (start_ms, end_ms) = (first.time_ms, last.time_ms);
            self.spans.push(Span { start_ms, end_ms, track: Track::Face, probability });
        }
        self.judged.extend(frames);
    }
}
