//! Cuts a stream of sound into the windows that a net is fed, beginning where speech begins.

use crate::helper::FRAME_SAMPLES;
use crate::package::{Pad, SoundRule};

/// A window with less speech than this share is not judged.
const MIN_SPEECH: f64 = 0.4;

/// A window ready for the net, and where it lies.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Window {
    pub start_sample: u64,
    pub end_sample: u64,
    pub samples: Vec<f32>,
}

/// Holds no more sound than one window and what came last.
pub(super) struct Windower {
    rule: SoundRule,
    /// Sound that is not cut yet, in whole frames, and whether each frame is speech.
    samples: Vec<f32>,
    speech: Vec<bool>,
    /// Place of the first held sample.
    start_sample: u64,
    made: usize,
}

impl Windower {
    pub(super) fn new(rule: SoundRule) -> Self {
        Self { rule, samples: Vec::new(), speech: Vec::new(), start_sample: 0, made: 0 }
    }

    /// Takes whole frames and returns the windows that are complete now.
    pub(super) fn push(&mut self, samples: &[f32], speech: &[bool]) -> Vec<Window> {
        self.samples.extend_from_slice(samples);
        self.speech.extend_from_slice(speech);
        let mut windows = Vec::new();
        loop {
            self.skip_to_speech();
            if self.samples.len() < self.rule.samples {
                return windows;
            }
            windows.extend(self.cut(self.rule.samples));
            self.drop_frames(self.rule.hop.div_ceil(FRAME_SAMPLES));
        }
    }

    /// What is left at the end: cut behind its last speech, filled up as the rule says. A short rest after
    /// other windows adds nothing and is left out.
    pub(super) fn finish(&mut self) -> Option<Window> {
        self.skip_to_speech();
        let last = self.speech.iter().rposition(|&s| s)?;
        let length = ((last + 1) * FRAME_SAMPLES).min(self.samples.len());
        if self.made > 0 && length * 2 < self.rule.samples {
            return None;
        }
        self.cut(length)
    }

    fn skip_to_speech(&mut self) {
        let silent = self.speech.iter().position(|&s| s).unwrap_or(self.speech.len());
        self.drop_frames(silent);
    }

    fn drop_frames(&mut self, count: usize) {
        let count = count.min(self.speech.len());
        self.speech.drain(..count);
        let samples = (count * FRAME_SAMPLES).min(self.samples.len());
        self.samples.drain(..samples);
        self.start_sample += samples as u64;
    }

    /// A window of the next `length` samples, if enough of it is speech.
    fn cut(&mut self, length: usize) -> Option<Window> {
        let frames = length.div_ceil(FRAME_SAMPLES).min(self.speech.len());
        let spoken: Vec<usize> = (0..frames).filter(|&f| self.speech[f]).collect();
        if frames == 0 || (spoken.len() as f64) < MIN_SPEECH * frames as f64 {
            return None;
        }
        let part = &self.samples[..length];
        let gain = self.rule.level_rms.map_or(1.0, |level| level / spoken_rms(part, &spoken).max(1e-6));
        let levelled =
            part.iter().map(|s| if self.rule.level_rms.is_some() { (s * gain).clamp(-1.0, 1.0) } else { *s });
        let samples: Vec<f32> = match self.rule.pad {
            Pad::Tile => levelled.collect::<Vec<_>>().into_iter().cycle().take(self.rule.samples).collect(),
            Pad::Zero => levelled.chain(std::iter::repeat(0.0)).take(self.rule.samples).collect(),
        };
        self.made += 1;
        let end_sample = self.start_sample + length as u64;
        Some(Window { start_sample: self.start_sample, end_sample, samples })
    }
}

fn spoken_rms(part: &[f32], spoken: &[usize]) -> f32 {
    let mut sum = 0.0f64;
    let mut count = 0usize;
    for &frame in spoken {
        let from = frame * FRAME_SAMPLES;
        for sample in &part[from..part.len().min(from + FRAME_SAMPLES)] {
            sum += f64::from(*sample).powi(2);
            count += 1;
        }
    }
    if count == 0 { 0.0 } else { (sum / count as f64).sqrt() as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(frames: usize) -> SoundRule {
        let samples = frames * FRAME_SAMPLES;
        SoundRule { samples, hop: samples, pad: Pad::Tile, level_rms: Some(0.05), min_ms: 0 }
    }

    fn sound(pattern: &str, loud: f32) -> (Vec<f32>, Vec<bool>) {
        let speech: Vec<bool> = pattern.chars().map(|c| c == 's').collect();
        (vec![loud; speech.len() * FRAME_SAMPLES], speech)
    }

    #[test]
    fn windows_begin_with_speech_and_are_level() {
        let (samples, speech) = sound("...ssss..ss", 0.5);
        let mut windower = Windower::new(rule(4));
        let windows = windower.push(&samples, &speech);
        assert_eq!(windows.len(), 1);
        assert_eq!(windows[0].start_sample, 3 * FRAME_SAMPLES as u64);
        assert!(windows[0].samples.iter().all(|s| (s - 0.05).abs() < 1e-6));
        let rest = windower.finish().unwrap();
        assert_eq!((rest.start_sample, rest.end_sample), (9 * 512, 11 * 512));
        assert_eq!(rest.samples.len(), 4 * FRAME_SAMPLES);
    }

    #[test]
    fn silence_gives_no_window_and_a_short_rest_is_left_out() {
        let (samples, speech) = sound("........", 0.1);
        let mut windower = Windower::new(rule(4));
        assert!(windower.push(&samples, &speech).is_empty());
        assert!(windower.finish().is_none());
        let (samples, speech) = sound("sssss", 0.1);
        assert_eq!(windower.push(&samples, &speech).len(), 1);
        assert!(windower.finish().is_none());
    }

    #[test]
    fn the_pieces_in_which_sound_arrives_change_nothing() {
        let (samples, speech) = sound("..ss.sssss..s.ssss.s.sssss", 0.2);
        let whole = {
            let mut windower = Windower::new(rule(4));
            let mut windows = windower.push(&samples, &speech);
            windows.extend(windower.finish());
            windows
        };
        let mut windower = Windower::new(rule(4));
        let mut pieces = Vec::new();
        for (frame, s) in samples.chunks(FRAME_SAMPLES).zip(&speech) {
            pieces.extend(windower.push(frame, &[*s]));
        }
        pieces.extend(windower.finish());
        assert_eq!(whole, pieces);
    }
}
