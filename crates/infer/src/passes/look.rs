//! The pass that looks: shows a picture, or the frames of a film, to every planned model.

use std::sync::Arc;

use dk_app::{DetectError, Phase, Progress, Request, StopToken};
use dk_domain::{MediaKind, Outcome, Reason};
use dk_media::{FramePlan, MediaError, MediaFile};

use super::{Looked, Planned, Start, start_all};
use crate::detector::{LocalDetector, from_media};
use crate::fan_out::fan_out;
use crate::helper::{FaceFinder, LandmarkFinder};
use crate::illustrate::thumbnail;
use crate::judge::{Failure, Judge, Reading};
use crate::package::Pipeline;
use crate::pipeline::audio_visual::Shelf;
use crate::pipeline::{
    FaceClassifier, FrameSequence, ImageClassifier, LipReader, face_classifier, frame_sequence,
    image_classifier,
};
use crate::visual::{FoundFace, Seen, Tracker};

/// The longer side at which frames are decoded; larger ones are scaled down. Nets look at far less, and
/// faces stay clear.
const MAX_FRAME_SIDE_PX: u32 = 1920;
/// In a run that only landmarks are looked for in, faces are found in every so many frames: they move little in
/// between, and the landmarks follow.
const FACE_STEP: u32 = 4;

impl LocalDetector {
    /// Shows the picture, or the frames of the video, to every planned model.
    pub(crate) fn look(
        &self,
        file: &MediaFile,
        planned: &[Planned<'_>],
        request: &Request<'_>,
        progress: &dyn Progress,
        stop: &StopToken,
        looked: &mut Looked,
    ) -> Result<(), DetectError> {
        let kind = file.facts.kind;
        let faces = planned.iter().any(|p| needs_faces(&p.package.manifest.pipeline));
        let faces = if faces { self.face_finder(stop) } else { None };
        let landmarks = planned.iter().any(|p| needs_landmarks(&p.package.manifest.pipeline));
        let landmarks = if landmarks { self.landmark_finder(stop) } else { None };
        let shelf = looked.shelf.clone();
        let (judges, who) = start_all(planned, looked, progress, |p| {
            visual_judge(p, kind, request.illustrate, faces.is_some(), landmarks.as_ref(), &shelf)
        });
        if judges.is_empty() {
            return Ok(());
        }
        let mut producer = Producer {
            faces,
            face_failure: None,
            short: false,
            tracker: Tracker::default(),
            every_face: planned
                .iter()
                .any(|p| matches!(p.package.manifest.pipeline, Pipeline::FrameSequence(..))),
            last: None,
            progress,
            stop,
            request,
            looked,
        };
        let judged = fan_out(judges, stop, |see| match kind {
            MediaKind::Image => producer.still(file, see),
            MediaKind::Video | MediaKind::Audio => producer.film(file, &frame_plan(planned), see),
        });
        let (face_failure, short) = (producer.face_failure.take(), producer.short);
        for (planned, mut judged) in who.into_iter().zip(judged.map_err(from_media)?) {
            match &face_failure {
                Some(failure) if needs_faces(&planned.package.manifest.pipeline) => {
                    looked.fail(planned.package, failure);
                }
                _ => {
                    if short {
                        judged.add_reason(Reason::PartOnly);
                    }
                    let name = &planned.package.manifest.name;
                    if judged.outcome.is_ok() && shelf.holds(name) {
                        // What waits for the sound is told when that was heard.
                        looked.spent_secs.insert(name.clone(), judged.took_secs);
                    } else {
                        looked.take(planned, judged, progress);
                    }
                }
            }
        }
        Ok(())
    }
}

fn needs_faces(pipeline: &Pipeline) -> bool {
    matches!(pipeline, Pipeline::FaceClassifier(..) | Pipeline::FrameSequence(..) | Pipeline::AudioVisual(..))
}

fn needs_landmarks(pipeline: &Pipeline) -> bool {
    matches!(pipeline, Pipeline::FrameSequence(..) | Pipeline::AudioVisual(..))
}

/// One plan that serves every model: the densest spread, and windows where one wants them.
fn frame_plan(planned: &[Planned<'_>]) -> FramePlan {
    let mut plan =
        FramePlan { spread: 0, min_spread: 0, windows: 0, window_frames: 0, max_side_px: MAX_FRAME_SIDE_PX };
    for planned in planned {
        let manifest = &planned.package.manifest;
        let run = match &manifest.pipeline {
            Pipeline::FrameSequence(_, _, rule) => Some(rule.frames),
            Pipeline::AudioVisual(_, rule) => Some(rule.frames),
            _ => None,
        };
        if let Some(frames) = run {
            plan.windows = plan.windows.max(manifest.video.windows);
            plan.window_frames = plan.window_frames.max(frames);
        } else {
            plan.spread = plan.spread.max(manifest.video.spread);
            plan.min_spread = plan.min_spread.max(manifest.video.min_spread);
        }
    }
    plan
}

fn visual_judge(
    planned: &Planned<'_>,
    kind: MediaKind,
    illustrate: bool,
    has_faces: bool,
    landmarks: Option<&Arc<LandmarkFinder>>,
    shelf: &Shelf,
) -> Result<Start<Seen>, Failure> {
    let package = planned.package;
    let manifest = &package.manifest;
    let (runner, aggregate) = (planned.net.runner.clone(), manifest.aggregate);
    let missing = || Ok(Start::Known(Outcome::NotApplicable(vec![Reason::HelperMissing])));
    if needs_faces(&manifest.pipeline) && !has_faces {
        return missing();
    }
    let reading = |net| Reading::new(manifest, net, package.head.as_ref(), kind);
    let judge: Box<dyn Judge<Seen>> = match &manifest.pipeline {
        Pipeline::ImageClassifier(net, rule) => Box::new(ImageClassifier {
            runner,
            reading: reading(net)?,
            net: net.clone(),
            rule: *rule,
            aggregate,
            kind,
            illustrate,
            work: image_classifier::Work::default(),
        }),
        Pipeline::FaceClassifier(net, rule, face) => Box::new(FaceClassifier {
            runner,
            reading: reading(net)?,
            net: net.clone(),
            rule: *rule,
            face: *face,
            aggregate,
            kind,
            work: face_classifier::Work::default(),
        }),
        Pipeline::FrameSequence(net, face, rule) => {
            let Some(landmarks) = landmarks else { return missing() };
            Box::new(FrameSequence {
                runner,
                landmarks: Arc::clone(landmarks),
                reading: reading(net)?,
                net: net.clone(),
                face: *face,
                rule: *rule,
                aggregate,
                work: frame_sequence::Work::default(),
            })
        }
        Pipeline::AudioVisual(_, rule) => {
            let Some(landmarks) = landmarks else { return missing() };
            Box::new(LipReader::new(manifest.name.clone(), Arc::clone(landmarks), *rule, shelf.clone()))
        }
        other => return Err(Failure::Broken(format!("{} does not look at pictures", other.as_str()))),
    };
    Ok(Start::Judge(judge))
}

/// Decodes, finds faces once for all, and hands the frames out.
struct Producer<'a, 'r> {
    faces: Option<FaceFinder>,
    /// Why faces are not looked for any more; a fault of a helper, which stops only the models that need it.
    face_failure: Option<Failure>,
    /// Fewer frames came than were planned.
    short: bool,
    tracker: Tracker,
    /// Whether faces are found anew in every frame of a run, because their boxes are measured.
    every_face: bool,
    /// Window, number and faces of the last frame in which faces were found.
    last: Option<(u32, u32, Vec<FoundFace>)>,
    progress: &'a dyn Progress,
    stop: &'a StopToken,
    request: &'a Request<'r>,
    looked: &'a mut Looked,
}

impl Producer<'_, '_> {
    fn still(&mut self, file: &MediaFile, see: &mut dyn FnMut(Seen) -> bool) -> Result<(), MediaError> {
        let picture = file.picture(self.stop)?;
        let seen =
            self.prepare(Seen { picture, index: 0, time_ms: 0, window: None, faces: Vec::new() }, None);
        see(seen);
        self.progress.advanced(Phase::Frames, 1, Some(1));
        Ok(())
    }

    fn film(
        &mut self,
        file: &MediaFile,
        plan: &FramePlan,
        see: &mut dyn FnMut(Seen) -> bool,
    ) -> Result<(), MediaError> {
        let frames = file.frames(plan, self.stop)?;
        let total = frames.planned() as u64;
        let mut came = 0;
        for (done, frame) in (1..).zip(frames) {
            came = done;
            let frame = frame?;
            let time_ms = frame.time_ms;
            let seen = Seen {
                picture: frame.picture,
                index: frame.index,
                time_ms,
                window: frame.window,
                faces: Vec::new(),
            };
            let seen = self.prepare(seen, Some(time_ms));
            let wanted = see(seen);
            self.progress.advanced(Phase::Frames, done, Some(total.max(done)));
            if !wanted {
                return Ok(());
            }
        }
        // A frame or two may be missing in any film; a quarter is missing in one that is cut off.
        self.short = came * 4 < total * 3;
        Ok(())
    }

    /// Faces of a frame shortly before, where a box that is a little late is good enough.
    fn known_faces(&self, seen: &Seen) -> Option<Vec<FoundFace>> {
        let (window, index, faces) = self.last.as_ref().filter(|_| !self.every_face)?;
        let near = Some(*window) == seen.window && seen.index < index + FACE_STEP;
        (near && !faces.is_empty()).then(|| faces.clone())
    }

    fn prepare(&mut self, mut seen: Seen, time_ms: Option<u64>) -> Seen {
        if let Some(known) = self.known_faces(&seen) {
            seen.faces = known;
            return seen;
        }
        match self.faces.as_ref().map(|finder| finder.find(&seen.picture, self.stop)) {
            Some(Ok(faces)) => {
                seen.faces = faces;
                self.tracker.number(&mut seen.faces);
                self.last = seen.window.map(|window| (window, seen.index, seen.faces.clone()));
            }
            Some(Err(failure)) => {
                self.face_failure = Some(failure);
                self.faces = None;
            }
            None => {}
        }
        if self.request.illustrate && seen.window.is_none() {
            self.looked.illustration.thumbnails.extend(thumbnail(&seen.picture, time_ms));
        }
        seen
    }
}
