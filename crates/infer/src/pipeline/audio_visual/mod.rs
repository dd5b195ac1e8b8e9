//! `audio-visual`: whether a voice belongs to the mouth that is seen. The frames come first and are only measured; the
//! judgement follows when the sound of the same moments has been heard.

mod agreement;
mod curves;
pub(crate) mod embeddings;
mod listener;
mod mouth;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use dk_app::StopToken;
use dk_domain::{ModelName, Outcome, Reason};
use dk_media::Picture;

use crate::helper::LandmarkFinder;
use crate::judge::{Failure, Judge};
use crate::package::{Compare, LipSyncRule};
use crate::visual::Seen;

pub(crate) use listener::LipSync;
use mouth::Mouth;

/// A face that is gone for longer is a new run.
const LONGEST_GAP_MS: u64 = 200;
/// Shorter runs are no evidence.
const SHORTEST_RUN_MS: u64 = 2500;

/// What the pass that looks leaves for the pass that listens, model by model.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shelf(Arc<Mutex<BTreeMap<ModelName, Watched>>>);

impl Shelf {
    fn put(&self, model: ModelName, watched: Watched) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(model, watched);
    }

    /// What was seen for this model; once.
    pub(crate) fn take(&self, model: &ModelName) -> Option<Watched> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(model)
    }

    /// Whether something waits for the sound.
    pub(crate) fn holds(&self, model: &ModelName) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains_key(model)
    }
}

/// The mouths that were watched long enough.
#[derive(Debug)]
pub(crate) struct Watched(Vec<Run>);

/// One mouth without a gap.
#[derive(Debug, Default)]
struct Run {
    moments: Vec<Moment>,
    /// The face of each moment, where the net wants to see it.
    faces: Vec<Picture>,
}

impl Run {
    fn start_ms(&self) -> u64 {
        self.moments.first().map_or(0, |moment| moment.time_ms)
    }

    fn end_ms(&self) -> u64 {
        self.moments.last().map_or(0, |moment| moment.time_ms)
    }

    fn length_ms(&self) -> u64 {
        self.end_ms().saturating_sub(self.start_ms())
    }
}

/// One frame of a run.
#[derive(Debug, Clone, Copy)]
struct Moment {
    time_ms: u64,
    opening: f32,
    nose: f32,
    contrast: f32,
    spread: f32,
    /// Change since the frame before; `None` for the first.
    motion: Option<f32>,
}

/// Measures the mouth in every frame of a run.
pub(crate) struct LipReader {
    model: ModelName,
    landmarks: Arc<LandmarkFinder>,
    rule: LipSyncRule,
    shelf: Shelf,
    runs: Vec<Run>,
    /// Which window and which person the last run belongs to, and the look before.
    current: Option<(u32, u32, Mouth)>,
    saw_face: bool,
    saw_large: bool,
}

impl LipReader {
    pub(crate) fn new(
        model: ModelName,
        landmarks: Arc<LandmarkFinder>,
        rule: LipSyncRule,
        shelf: Shelf,
    ) -> Self {
        let (runs, current) = (Vec::new(), None);
        Self { model, landmarks, rule, shelf, runs, current, saw_face: false, saw_large: false }
    }

    fn add(&mut self, window: u32, track: u32, time_ms: u64, mouth: Mouth) {
        let end_ms = self.runs.last().map(Run::end_ms);
        let goes_on = end_ms.is_some_and(|end_ms| time_ms <= end_ms + LONGEST_GAP_MS);
        let before = self.current.take().filter(|(w, t, _)| goes_on && (*w, *t) == (window, track));
        if before.is_none() {
            self.runs.push(Run::default());
        }
        let moment = Moment {
            time_ms,
            opening: mouth.opening,
            nose: mouth.nose,
            contrast: mouth.contrast,
            spread: mouth.spread,
            motion: before.map(|(_, _, before)| mouth.moved_since(&before)),
        };
        if let Some(run) = self.runs.last_mut() {
            run.moments.push(moment);
        }
        self.current = Some((window, track, mouth));
    }
}

impl Judge<Seen> for LipReader {
    fn see(&mut self, seen: &Seen, stop: &StopToken) -> Result<(), Failure> {
        let (Some(window), Some(face)) = (seen.window, seen.faces.first()) else { return Ok(()) };
        self.saw_face = true;
        if face.longer_side() < self.rule.min_side_px as f32 {
            return Ok(());
        }
        self.saw_large = true;
        let points = self.landmarks.find(&seen.picture, face, stop)?;
        if let Some(mouth) = Mouth::look(&seen.picture, &points) {
            self.add(window, face.track, seen.time_ms, mouth);
            if let (Compare::Embeddings(rule), Some(run)) = (self.rule.compare, self.runs.last_mut()) {
                run.faces.push(embeddings::cut(&seen.picture, face, rule.side_px)?);
            }
        }
        Ok(())
    }

    /// Known at once where there is no mouth to compare; else the sound decides.
    fn conclude(&mut self, _: &StopToken) -> Result<Outcome, Failure> {
        let mut runs = std::mem::take(&mut self.runs);
        runs.retain(|run| run.length_ms() >= SHORTEST_RUN_MS);
        let reason = match (self.saw_face, self.saw_large) {
            (false, _) => Reason::NoFace,
            (true, false) => Reason::FaceTooSmall,
            (true, true) if runs.is_empty() => Reason::TooFewFrames,
            (true, true) => {
                self.shelf.put(self.model.clone(), Watched(runs));
                Reason::SyncUnclear
            }
        };
        Ok(Outcome::NotApplicable(vec![reason]))
    }
}
