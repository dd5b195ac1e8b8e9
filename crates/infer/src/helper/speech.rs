//! Tells speech from other sound, 32 ms at a time.

use dk_app::StopToken;

use crate::engine::Tensor;
use crate::judge::Failure;
use crate::runner::Runner;

/// Samples per decision, 32 ms at 16 kHz.
pub(crate) const FRAME_SAMPLES: usize = 512;
const CONTEXT_SAMPLES: usize = 64;
const STATE: usize = 128;
/// Frames per call; longer calls are no faster and hold more memory.
const FRAMES_PER_CALL: usize = 512;
/// The publisher's threshold (silero-vad).
const SPEECH_AT: f32 = 0.5;

/// Keeps the net's memory between two calls, so it belongs to one file.
pub(crate) struct SpeechFinder {
    runner: Runner,
    context: Vec<f32>,
    state: (Vec<f32>, Vec<f32>),
    rest: Vec<f32>,
}

impl SpeechFinder {
    pub(crate) fn new(runner: Runner) -> Self {
        let state = (vec![0.0; STATE], vec![0.0; STATE]);
        Self { runner, context: vec![0.0; CONTEXT_SAMPLES], state, rest: Vec::new() }
    }

    /// Whether each whole frame of the sound so far, not yet told, is speech.
    pub(crate) fn hear(&mut self, samples: &[f32], stop: &StopToken) -> Result<Vec<bool>, Failure> {
        self.rest.extend_from_slice(samples);
        let whole = self.rest.len() / FRAME_SAMPLES * FRAME_SAMPLES;
        let left = self.rest.split_off(whole);
        let frames = std::mem::replace(&mut self.rest, left);
        let mut told = Vec::with_capacity(frames.len() / FRAME_SAMPLES);
        for part in frames.chunks(FRAME_SAMPLES * FRAMES_PER_CALL) {
            told.extend(self.call(part, stop)?);
        }
        Ok(told)
    }

    fn call(&mut self, frames: &[f32], stop: &StopToken) -> Result<Vec<bool>, Failure> {
        let count = frames.len() / FRAME_SAMPLES;
        let mut input = Vec::with_capacity(count * (CONTEXT_SAMPLES + FRAME_SAMPLES));
        for frame in frames.chunks_exact(FRAME_SAMPLES) {
            input.extend_from_slice(&self.context);
            input.extend_from_slice(frame);
            self.context.copy_from_slice(&frame[FRAME_SAMPLES - CONTEXT_SAMPLES..]);
        }
        let state = |values: &[f32]| Tensor::F32(vec![1, 1, STATE], values.to_vec());
        let inputs = vec![
            ("input".to_owned(), Tensor::F32(vec![count, CONTEXT_SAMPLES + FRAME_SAMPLES], input)),
            ("h".to_owned(), state(&self.state.0)),
            ("c".to_owned(), state(&self.state.1)),
        ];
        let outputs = ["speech_probs", "hn", "cn"].map(str::to_owned).to_vec();
        let answer = self.runner.whole(inputs, outputs, stop)?;
        let mut values =
            answer.into_iter().map(Tensor::into_finite_floats).collect::<Result<Vec<_>, _>>()?.into_iter();
        let (Some(speech), Some(h), Some(c)) = (values.next(), values.next(), values.next()) else {
            return Err(Failure::Broken("the speech finder gave too few answers".to_owned()));
        };
        self.state = (h, c);
        Ok(speech.into_iter().map(|p| p >= SPEECH_AT).collect())
    }
}
