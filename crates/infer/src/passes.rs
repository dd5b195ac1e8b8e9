//! The two passes over a file: one that looks and one that listens. Each decodes once, however many models
//! follow it.

use std::sync::Arc;

use dk_app::{DetectError, Illustration, ModelFailure, Phase, Progress, Request, StopToken};
use dk_domain::{Finding, MediaKind, ModelId, Outcome, Reason};
use dk_media::{FramePlan, MediaFile};

use crate::detector::{LocalDetector, from_media};
use crate::fan_out::{Judged, fan_out};
use crate::helper::{FRAME_SAMPLES, FaceFinder, LandmarkFinder, SpeechFinder};
use crate::illustrate::{Peaks, thumbnail};
use crate::judge::{Failure, Judge, Reading};
use crate::nets::Net;
use crate::package::{Package, Pipeline};
use crate::pipeline::{AudioWindows, FaceClassifier, FrameSequence, Heard, ImageClassifier};
use crate::visual::{Seen, Tracker};

/// The longer side at which frames are decoded; larger ones are scaled down. Nets look at far less, and
/// faces stay clear.
const MAX_FRAME_SIDE_PX: u32 = 1920;

/// A package with its loaded net.
pub(crate) struct Planned<'a> {
    pub(crate) package: &'a Package,
    pub(crate) net: Net,
}

/// What the passes have gathered.
#[derive(Default)]
pub(crate) struct Looked {
    pub(crate) findings: Vec<Finding>,
    pub(crate) failures: Vec<ModelFailure>,
    pub(crate) illustration: Illustration,
}

impl Looked {
    fn take(&mut self, planned: &Planned<'_>, judged: Judged) {
        match judged.outcome {
            Ok(outcome) => {
                self.findings.push(finding(planned.package, &planned.net.engine, &outcome, judged.took_secs));
            }
            Err(failure) => self.fail(planned.package, &failure),
        }
    }

    fn fail(&mut self, package: &Package, failure: &Failure) {
        self.failures.push(ModelFailure {
            model: package.manifest.name.clone(),
            code: failure.code(),
            message: failure.in_one_line(),
        });
    }
}

pub(crate) fn finding(package: &Package, engine: &str, outcome: &Outcome, took_secs: f64) -> Finding {
    let manifest = &package.manifest;
    Finding {
        model: ModelId {
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            sha256: manifest.weights.sha256,
            engine: engine.to_owned(),
        },
        family: manifest.family.clone(),
        weight: manifest.weight,
        outcome: outcome.clone(),
        took_secs,
    }
}

/// A judge, or the outcome that is clear before anything was seen.
enum Start<Item> {
    Judge(Box<dyn Judge<Item>>),
    Known(Outcome),
}

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
        let landmarks =
            planned.iter().any(|p| matches!(p.package.manifest.pipeline, Pipeline::FrameSequence(..)));
        let landmarks = if landmarks { self.landmark_finder(stop) } else { None };
        let (judges, who) = start_all(planned, looked, |p| {
            visual_judge(p, kind, request.illustrate, faces.is_some(), landmarks.as_ref())
        });
        if judges.is_empty() {
            return Ok(());
        }
        let mut producer = Producer { faces, tracker: Tracker::default(), progress, stop, request, looked };
        let mut face_failure = None;
        let judged = fan_out(judges, stop, &report(&who, progress), |see| {
            let result = match kind {
                MediaKind::Image => producer.still(file, see),
                MediaKind::Video | MediaKind::Audio => producer.film(file, &frame_plan(planned), see),
            };
            match result {
                Err(Produce::Media(error)) => Err(from_media(error)),
                Err(Produce::Faces(failure)) => {
                    face_failure = Some(failure);
                    Ok(())
                }
                Ok(()) => Ok(()),
            }
        })?;
        for (planned, judged) in who.into_iter().zip(judged) {
            match &face_failure {
                Some(failure) if needs_faces(&planned.package.manifest.pipeline) => {
                    looked.fail(planned.package, failure)
                }
                _ => looked.take(planned, judged),
            }
        }
        Ok(())
    }

    /// Plays the sound to every planned model.
    pub(crate) fn listen(
        &self,
        file: &MediaFile,
        planned: &[Planned<'_>],
        request: &Request<'_>,
        progress: &dyn Progress,
        stop: &StopToken,
        looked: &mut Looked,
    ) -> Result<(), DetectError> {
        let sound = file.sound(stop).map_err(from_media)?;
        let start_ms = sound.start_ms();
        let speech = if planned.is_empty() { None } else { self.speech_finder(stop) };
        let (judges, who) =
            start_all(planned, looked, |p| sound_judge(p, file.facts.kind, start_ms, speech.is_some()));
        let mut ear = Ear { speech, rest: Vec::new(), peaks: Peaks::new(file.facts.duration_ms), seconds: 0 };
        let total = file.facts.duration_ms.map(|ms| ms.div_ceil(1000));
        let mut speech_failure = None;
        let judged = fan_out(judges, stop, &report(&who, progress), |hear| {
            for chunk in sound {
                let chunk = chunk.map_err(from_media)?;
                ear.seconds += 1;
                progress.advanced(Phase::Sound, ear.seconds, total.map(|t| t.max(ear.seconds)));
                let listening = match ear.take(&chunk, stop) {
                    Ok(heard) => hear(heard) || (request.illustrate && !stop.is_stopped()),
                    Err(failure) => {
                        speech_failure = Some(failure);
                        false
                    }
                };
                if !listening {
                    break;
                }
            }
            Ok::<_, DetectError>(())
        })?;
        if request.illustrate {
            looked.illustration.peaks = ear.peaks.finish();
        }
        for (planned, judged) in who.into_iter().zip(judged) {
            match &speech_failure {
                Some(failure) => looked.fail(planned.package, failure),
                None => looked.take(planned, judged),
            }
        }
        Ok(())
    }

    fn face_finder(&self, stop: &StopToken) -> Option<FaceFinder> {
        let package = self.nets.helper(|pipeline| match pipeline {
            Pipeline::FaceDetector(rule) => Some(rule.preference),
            _ => None,
        })?;
        let Pipeline::FaceDetector(rule) = package.manifest.pipeline else { return None };
        self.helper_net(package, stop).map(|net| FaceFinder::new(net.runner, rule))
    }

    fn landmark_finder(&self, stop: &StopToken) -> Option<Arc<LandmarkFinder>> {
        let package =
            self.nets.helper(|pipeline| matches!(pipeline, Pipeline::FaceLandmarks).then_some(0))?;
        self.helper_net(package, stop).map(|net| Arc::new(LandmarkFinder::new(net.runner)))
    }

    fn speech_finder(&self, stop: &StopToken) -> Option<SpeechFinder> {
        let package =
            self.nets.helper(|pipeline| matches!(pipeline, Pipeline::VoiceActivity).then_some(0))?;
        self.helper_net(package, stop).map(|net| SpeechFinder::new(net.runner))
    }

    fn helper_net(&self, package: &Package, stop: &StopToken) -> Option<Net> {
        match self.nets.get(package, stop) {
            Ok(net) => Some(net),
            Err(unready) => {
                tracing::warn!(model.name = %package.manifest.name, why = %unready.why, "a helper cannot be used");
                None
            }
        }
    }
}

/// Splits the planned models into those that judge and those whose outcome is known at once.
fn start_all<'a, 'p, Item>(
    planned: &'p [Planned<'a>],
    looked: &mut Looked,
    start: impl Fn(&Planned<'_>) -> Result<Start<Item>, Failure>,
) -> (Vec<Box<dyn Judge<Item>>>, Vec<&'p Planned<'a>>) {
    let (mut judges, mut who) = (Vec::new(), Vec::new());
    for planned in planned {
        match start(planned) {
            Ok(Start::Judge(judge)) => {
                judges.push(judge);
                who.push(planned);
            }
            Ok(Start::Known(outcome)) => {
                looked.take(planned, Judged { outcome: Ok(outcome), took_secs: 0.0 })
            }
            Err(failure) => looked.fail(planned.package, &failure),
        }
    }
    (judges, who)
}

/// Tells the listener of each model that has come to its finding.
fn report<'a>(who: &'a [&Planned<'_>], progress: &'a dyn Progress) -> impl Fn(usize, &Judged) + Sync + 'a {
    move |number, judged| {
        if let (Some(planned), Ok(outcome)) = (who.get(number), &judged.outcome) {
            progress.model_finished(&finding(
                planned.package,
                &planned.net.engine,
                outcome,
                judged.took_secs,
            ));
        }
    }
}

fn needs_faces(pipeline: &Pipeline) -> bool {
    matches!(pipeline, Pipeline::FaceClassifier(..) | Pipeline::FrameSequence(..))
}

/// One plan that serves every model: the densest spread, and windows where one wants them.
fn frame_plan(planned: &[Planned<'_>]) -> FramePlan {
    let mut plan =
        FramePlan { spread: 0, min_spread: 0, windows: 0, window_frames: 0, max_side_px: MAX_FRAME_SIDE_PX };
    for planned in planned {
        let manifest = &planned.package.manifest;
        match &manifest.pipeline {
            Pipeline::FrameSequence(_, _, rule) => {
                plan.windows = plan.windows.max(manifest.video.windows);
                plan.window_frames = plan.window_frames.max(rule.frames);
            }
            _ => {
                plan.spread = plan.spread.max(manifest.video.spread);
                plan.min_spread = plan.min_spread.max(manifest.video.min_spread);
            }
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
            work: Default::default(),
        }),
        Pipeline::FaceClassifier(net, rule, face) => Box::new(FaceClassifier {
            runner,
            reading: reading(net)?,
            net: net.clone(),
            rule: *rule,
            face: *face,
            aggregate,
            kind,
            work: Default::default(),
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
                work: Default::default(),
            })
        }
        other => return Err(Failure::Broken(format!("{} does not look at pictures", other.as_str()))),
    };
    Ok(Start::Judge(judge))
}

fn sound_judge(
    planned: &Planned<'_>,
    kind: MediaKind,
    start_ms: u64,
    has_speech: bool,
) -> Result<Start<Heard>, Failure> {
    let manifest = &planned.package.manifest;
    let Pipeline::AudioWindows(net, rule) = &manifest.pipeline else {
        return Err(Failure::Broken(format!("{} does not listen", manifest.pipeline.as_str())));
    };
    if !has_speech {
        return Ok(Start::Known(Outcome::NotApplicable(vec![Reason::HelperMissing])));
    }
    let reading = Reading::new(manifest, net, planned.package.head.as_ref(), kind)?;
    let runner = planned.net.runner.clone();
    let judge = AudioWindows::new(runner, net.clone(), *rule, reading, manifest.aggregate, start_ms);
    Ok(Start::Judge(Box::new(judge)))
}

/// Why a pass ended early.
enum Produce {
    Media(dk_media::MediaError),
    /// The face finder failed: a fault of a helper, not of the file.
    Faces(Failure),
}

/// Decodes, finds faces once for all, and hands the frames out.
struct Producer<'a, 'r> {
    faces: Option<FaceFinder>,
    tracker: Tracker,
    progress: &'a dyn Progress,
    stop: &'a StopToken,
    request: &'a Request<'r>,
    looked: &'a mut Looked,
}

impl Producer<'_, '_> {
    fn still(&mut self, file: &MediaFile, see: &mut dyn FnMut(Seen) -> bool) -> Result<(), Produce> {
        let picture = file.picture(self.stop).map_err(Produce::Media)?;
        let seen =
            self.prepare(Seen { picture, index: 0, time_ms: 0, window: None, faces: Vec::new() }, None)?;
        see(seen);
        self.progress.advanced(Phase::Frames, 1, Some(1));
        Ok(())
    }

    fn film(
        &mut self,
        file: &MediaFile,
        plan: &FramePlan,
        see: &mut dyn FnMut(Seen) -> bool,
    ) -> Result<(), Produce> {
        let frames = file.frames(plan, self.stop).map_err(Produce::Media)?;
        let total = frames.planned() as u64;
        for (done, frame) in (1..).zip(frames) {
            let frame = frame.map_err(Produce::Media)?;
            let time_ms = frame.time_ms;
            let seen = Seen {
                picture: frame.picture,
                index: frame.index,
                time_ms,
                window: frame.window,
                faces: Vec::new(),
            };
            let seen = self.prepare(seen, Some(time_ms))?;
            let wanted = see(seen);
            self.progress.advanced(Phase::Frames, done, Some(total.max(done)));
            if !wanted {
                break;
            }
        }
        Ok(())
    }

    fn prepare(&mut self, mut seen: Seen, time_ms: Option<u64>) -> Result<Seen, Produce> {
        if let Some(finder) = &self.faces {
            seen.faces = finder.find(&seen.picture, self.stop).map_err(Produce::Faces)?;
            self.tracker.number(&mut seen.faces);
        }
        if self.request.illustrate && seen.window.is_none() {
            self.looked.illustration.thumbnails.extend(thumbnail(&seen.picture, time_ms));
        }
        Ok(seen)
    }
}

/// Cuts sound into whole frames and tells speech once for all.
struct Ear {
    speech: Option<SpeechFinder>,
    rest: Vec<f32>,
    peaks: Peaks,
    seconds: u64,
}

impl Ear {
    fn take(&mut self, chunk: &[f32], stop: &StopToken) -> Result<Heard, Failure> {
        self.peaks.add(chunk);
        let Some(finder) = &mut self.speech else {
            return Ok(Heard { samples: Vec::new(), speech: Vec::new() });
        };
        let speech = finder.hear(chunk, stop)?;
        self.rest.extend_from_slice(chunk);
        let left = self.rest.split_off(speech.len() * FRAME_SAMPLES);
        Ok(Heard { samples: std::mem::replace(&mut self.rest, left), speech })
    }
}
