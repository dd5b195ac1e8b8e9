//! The pass that listens: plays the sound to every planned model.

use dk_app::{DetectError, Phase, Progress, Request, StopToken};
use dk_domain::{MediaKind, Outcome, Reason};
use dk_media::MediaFile;

use super::{Looked, Planned, Start, start_all};
use crate::detector::{LocalDetector, from_media};
use crate::fan_out::fan_out;
use crate::helper::{FRAME_SAMPLES, SpeechFinder};
use crate::illustrate::Peaks;
use crate::judge::{Failure, Judge, Reading};
use crate::package::Pipeline;
use crate::pipeline::audio_visual::Shelf;
use crate::pipeline::{AudioWindows, Heard, LipSync};

impl LocalDetector {
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
        let shelf = looked.shelf.clone();
        let (judges, who) = start_all(planned, looked, progress, |p| {
            sound_judge(p, file.facts.kind, start_ms, speech.is_some(), &shelf)
        });
        let mut ear = Ear { speech, rest: Vec::new(), peaks: Peaks::new(file.facts.duration_ms), seconds: 0 };
        let total = file.facts.duration_ms.map(|ms| ms.div_ceil(1000));
        let mut speech_failure = None;
        let judged = fan_out(judges, stop, |hear| {
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
                None => looked.take(planned, judged, progress),
            }
        }
        Ok(())
    }
}

fn sound_judge(
    planned: &Planned<'_>,
    kind: MediaKind,
    start_ms: u64,
    has_speech: bool,
    shelf: &Shelf,
) -> Result<Start<Heard>, Failure> {
    let manifest = &planned.package.manifest;
    if !has_speech {
        return Ok(Start::Known(Outcome::NotApplicable(vec![Reason::HelperMissing])));
    }
    let reading = |net| Reading::new(manifest, net, planned.package.head.as_ref(), kind);
    let runner = planned.net.runner.clone();
    let judge: Box<dyn Judge<Heard>> = match (&manifest.pipeline, shelf.take(&manifest.name)) {
        (Pipeline::AudioWindows(net, rule), _) => {
            let reading = reading(net)?;
            Box::new(AudioWindows::new(runner, net.clone(), *rule, reading, manifest.aggregate, start_ms))
        }
        (Pipeline::AudioVisual(net, rule), Some(watched)) => {
            let how = (net.clone(), rule.compare);
            Box::new(LipSync::new(runner, how, reading(net)?, watched, start_ms))
        }
        (other, _) => return Err(Failure::Broken(format!("{} does not listen", other.as_str()))),
    };
    Ok(Start::Judge(judge))
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
