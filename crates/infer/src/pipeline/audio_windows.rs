//! `audio-windows`: a net that listens to windows of speech.

use dk_app::StopToken;
use dk_domain::{Evidence, Outcome, Reason, Span, Track, WindowScore};

use super::windows::{Window, Windower};
use crate::engine::Tensor;
use crate::helper::FRAME_SAMPLES;
use crate::judge::{Failure, Judge, Reading};
use crate::package::{Aggregate, Net, SoundRule};
use crate::runner::Runner;

/// Samples per second of everything that is judged.
pub(crate) const RATE_HZ: u64 = 16_000;
/// Shorter gaps between suspicious windows are bridged.
const GAP_MS: u64 = 500;

/// A stretch of sound in whole frames, with what is speech told once for all judges.
#[derive(Debug, Clone)]
pub(crate) struct Heard {
    /// Mono, 16 kHz, a whole number of frames.
    pub samples: Vec<f32>,
    /// One per frame.
    pub speech: Vec<bool>,
}

pub(crate) struct AudioWindows {
    runner: Runner,
    net: Net,
    rule: SoundRule,
    reading: Reading,
    aggregate: Aggregate,
    /// Time of the first sample on the clock of the medium.
    start_ms: u64,
    windower: Windower,
    windows: Vec<WindowScore>,
    scores: Vec<f64>,
    frames: u64,
    spoken: u64,
}

impl AudioWindows {
    pub(crate) fn new(
        runner: Runner,
        net: Net,
        rule: SoundRule,
        reading: Reading,
        aggregate: Aggregate,
        start_ms: u64,
    ) -> Self {
        let windower = Windower::new(rule);
        let (windows, scores) = (Vec::new(), Vec::new());
        Self {
            runner,
            net,
            rule,
            reading,
            aggregate,
            start_ms,
            windower,
            windows,
            scores,
            frames: 0,
            spoken: 0,
        }
    }

    fn run(&mut self, windows: Vec<Window>, stop: &StopToken) -> Result<(), Failure> {
        if windows.is_empty() {
            return Ok(());
        }
        let (places, rows): (Vec<_>, Vec<_>) = windows
            .into_iter()
            .map(|w| ((w.start_sample, w.end_sample), Tensor::F32(vec![1, w.samples.len()], w.samples)))
            .unzip();
        let answers = self.runner.rows(&self.net.input, &self.net.output, rows, stop)?;
        for ((start, end), row) in places.into_iter().zip(answers) {
            let score = self.reading.score(row)?;
            let at = |sample: u64| self.start_ms + sample * 1000 / RATE_HZ;
            let probability = self.reading.probability(score)?;
            self.windows.push(WindowScore { start_ms: at(start), end_ms: at(end), probability });
            self.scores.push(score);
        }
        Ok(())
    }
}

impl Judge<Heard> for AudioWindows {
    fn see(&mut self, heard: &Heard, stop: &StopToken) -> Result<(), Failure> {
        self.frames += heard.speech.len() as u64;
        self.spoken += heard.speech.iter().filter(|&&s| s).count() as u64;
        let windows = self.windower.push(&heard.samples, &heard.speech);
        self.run(windows, stop)
    }

    fn conclude(&mut self, stop: &StopToken) -> Result<Outcome, Failure> {
        let ms = |frames: u64| frames * FRAME_SAMPLES as u64 * 1000 / RATE_HZ;
        let reason = if ms(self.frames) < self.rule.min_ms {
            Some(Reason::AudioTooShort)
        } else if self.spoken == 0 {
            Some(Reason::NoSpeech)
        } else if ms(self.spoken) < self.rule.min_ms {
            Some(Reason::TooLittleSpeech)
        } else {
            None
        };
        if let Some(reason) = reason {
            return Ok(Outcome::NotApplicable(vec![reason]));
        }
        let last = self.windower.finish().into_iter().collect();
        self.run(last, stop)?;
        let Some(score) = self.aggregate.of(&self.scores) else {
            return Ok(Outcome::NotApplicable(vec![Reason::TooLittleSpeech]));
        };
        let windows = std::mem::take(&mut self.windows);
        let spans = windows
            .iter()
            .filter(|window| self.reading.stands_out(window.probability))
            .map(|w| Span {
                start_ms: w.start_ms,
                end_ms: w.end_ms,
                track: Track::Sound,
                probability: w.probability,
            })
            .collect();
        self.reading.opinion(score, Evidence::Audio { windows }, spans, GAP_MS, Vec::new())
    }
}
