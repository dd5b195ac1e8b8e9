//! Compares what is seen and what is heard by a net that makes a vector of each: where both belong together they lie near each other.
//!
//! After Chung and Zisserman ("Out of time: automated lip sync in the wild", ACCV 2016 workshops). Distances are taken for every
//! offset of the sound and averaged over time. How far the smallest mean lies below their median is the authors' confidence.

use dk_app::StopToken;
use dk_media::Picture;

use super::Run;
use super::agreement::{Agreement, CLEAR, Limits, settle};
use crate::engine::Tensor;
use crate::judge::Failure;
use crate::package::{EmbeddingRule, Filter, Net};
use crate::picture_input::{ResizePictureError, crop, resize};
use crate::pipeline::RATE_HZ;
use crate::runner::Runner;
use crate::visual::FoundFace;

/// The input of such a net beside the sound, `[n, 3, 5, side, side]`: five frames of a face, red first, 0 to 255; and its output.
pub(crate) const FACES: &str = "faces";
pub(crate) const FACE_EMBEDDING: &str = "face_embedding";
/// Frames in one row, and their distance: such nets are taught at 25 frames a second.
const FRAMES: usize = 5;
const FRAME_MS: u64 = 40;
/// Offsets that are looked at, in frames to each side: 0.6 s, as the authors do.
const REACH: usize = 15;
const OFFSETS: usize = 2 * REACH + 1;
/// Fewer rows at an offset say nothing: 2 s.
const LEAST_ROWS: u32 = 50;
/// A confidence above which a voice and a mouth are taken to belong together: collections of talking heads are sieved with it
/// (LatentSync, 2024). No rate was measured with it here.
const CONFIDENT: f64 = 3.0;
/// Below half of it they are taken not to; ours, and not measured either.
const FOREIGN: f64 = CLEAR / 2.0;
/// What is cut out, in units of the longer side of the face box, and how much lower its middle lies (`run_pipeline.py` of
/// joonson/syncnet_python, whose authors also smooth the boxes over 13 frames).
const SIZE: f32 = 1.4;
const LOWER: f32 = 0.2;

/// The face as such nets are taught to see it.
pub(super) fn cut(picture: &Picture, face: &FoundFace, side_px: u32) -> Result<Picture, ResizePictureError> {
    let lower = FoundFace { y: face.y + LOWER * face.longer_side(), ..*face };
    let (left, top, side) = lower.square(SIZE);
    resize(&crop(picture, left, top, side, side), side_px, side_px, Filter::Bilinear)
}

/// Sound with the time of its first sample on the clock of the medium, in samples.
pub(super) struct Sound<'a> {
    pub first: u64,
    pub samples: &'a [f32],
}

impl Sound<'_> {
    /// `length` samples round a moment; `None` where the sound does not reach.
    fn round(&self, time_ms: u64, length: usize) -> Option<&[f32]> {
        let from = (time_ms * RATE_HZ / 1000).checked_sub(self.first)?;
        let from = usize::try_from(from).ok()?.checked_sub(length / 2)?;
        self.samples.get(from..from + length)
    }
}

/// The vectors of one run, every 40 ms.
pub(super) struct Vectors {
    faces: Vec<Vec<f32>>,
    /// The first is that of 15 frames before the first of `faces`.
    voices: Vec<Option<Vec<f32>>>,
}

impl Vectors {
    /// `None` for a run that is shorter than a row.
    pub(super) fn of(
        runner: &Runner,
        net: &Net,
        rule: EmbeddingRule,
        run: &Run,
        sound: &Sound<'_>,
        stop: &StopToken,
    ) -> Result<Option<Self>, Failure> {
        let steady = steady(run);
        let rows: Vec<&[usize]> = steady.windows(FRAMES).collect();
        let middle_ms = run.start_ms() + FRAMES as u64 * FRAME_MS / 2;
        let heard: Vec<Option<&[f32]>> = (0..(rows.len() + 2 * REACH) as u64)
            .map(|at| {
                let time_ms = (middle_ms + at * FRAME_MS).checked_sub(REACH as u64 * FRAME_MS)?;
                sound.round(time_ms, rule.samples)
            })
            .collect();
        let there: Vec<&[f32]> = heard.iter().flatten().copied().collect();
        if rows.is_empty() || there.is_empty() {
            return Ok(None);
        }
        let (mut faces, mut voices) = (Vec::new(), Vec::new());
        for (at, rows) in rows.chunks(runner.max_batch).enumerate() {
            // A net of two inputs wants both every time: all sound goes with the first faces, one window with the others.
            let sounds = if at == 0 { &there[..] } else { &there[..1] };
            let sound = Tensor::floats([sounds.len(), rule.samples], sounds.concat())?;
            let [seen, heard] = ask(runner, net, batch(run, rows, rule.side_px), sound, stop)?;
            faces.extend(vectors(seen, rows.len())?);
            if at == 0 {
                voices = vectors(heard, sounds.len())?;
            }
        }
        let mut voices = voices.into_iter();
        let voices = heard.iter().map(|sound| sound.and_then(|_| voices.next())).collect();
        Ok(Some(Self { faces, voices }))
    }
}

/// Both vectors of one row of a golden input, which holds a face's five frames and behind them the sound.
pub(crate) fn of_one_row(
    runner: &Runner,
    net: &Net,
    rule: EmbeddingRule,
    row: Tensor,
    stop: &StopToken,
) -> Result<Vec<f32>, Failure> {
    let side = rule.side_px as usize;
    let mut values = row.into_finite_floats()?;
    let sound = values.split_off(values.len().min(3 * FRAMES * side * side));
    let faces = Tensor::floats([1, 3, FRAMES, side, side], values)?;
    let answer = ask(runner, net, faces, Tensor::floats([1, rule.samples], sound)?, stop)?;
    let values = answer.map(Tensor::into_finite_floats).into_iter().collect::<Result<Vec<_>, _>>()?;
    Ok(values.concat())
}

fn ask(
    runner: &Runner,
    net: &Net,
    faces: Tensor,
    sound: Tensor,
    stop: &StopToken,
) -> Result<[Tensor; 2], Failure> {
    let inputs = vec![(FACES.to_owned(), faces), (net.input.clone(), sound)];
    let outputs = vec![FACE_EMBEDDING.to_owned(), net.output.clone()];
    let answer = runner.whole(inputs, outputs, stop)?;
    answer.try_into().map_err(|_| Failure::Broken("the net gave the wrong number of answers".to_owned()))
}

fn vectors(answer: Tensor, rows: usize) -> Result<Vec<Vec<f32>>, Failure> {
    let rows = answer.split(rows)?.into_iter();
    Ok(rows.map(Tensor::into_finite_floats).collect::<Result<_, _>>()?)
}

/// The frames of a run that are nearest to every 40 ms, whatever its own pace.
fn steady(run: &Run) -> Vec<usize> {
    let mut at = 0;
    let away = |at: usize, time_ms: u64| run.moments.get(at).map(|moment| moment.time_ms.abs_diff(time_ms));
    (run.start_ms()..=run.end_ms())
        .step_by(FRAME_MS as usize)
        .map(|time_ms| {
            while away(at + 1, time_ms).is_some_and(|next| Some(next) <= away(at, time_ms)) {
                at += 1;
            }
            at
        })
        .collect()
}

/// `[n, 3, 5, side, side]` of rows of five frames.
fn batch(run: &Run, rows: &[&[usize]], side_px: u32) -> Tensor {
    let side = side_px as usize;
    let mut values = Vec::with_capacity(rows.len() * 3 * FRAMES * side * side);
    for frames in rows {
        for channel in 0..3 {
            for frame in *frames {
                values.extend(run.faces[*frame].rgb.iter().skip(channel).step_by(3).map(|v| f32::from(*v)));
            }
        }
    }
    Tensor::F32(vec![rows.len(), 3, FRAMES, side, side], values)
}

/// Mean distances of all runs so far, offset by offset.
#[derive(Default)]
pub(super) struct Distances {
    sums: [f64; OFFSETS],
    rows: [u32; OFFSETS],
}

impl Distances {
    pub(super) fn add(&mut self, vectors: &Vectors) {
        for (face, voices) in vectors.faces.iter().zip(vectors.voices.windows(OFFSETS)) {
            for (slot, voice) in voices.iter().enumerate() {
                let Some(voice) = voice else { continue };
                let square: f64 = face.iter().zip(voice).map(|(a, b)| f64::from(a - b).powi(2)).sum();
                self.sums[slot] += square.sqrt();
                self.rows[slot] += 1;
            }
        }
    }

    pub(super) fn conclude(&self) -> Agreement {
        let mean = |slot: usize| {
            let rows = self.rows[slot];
            (rows >= LEAST_ROWS).then(|| self.sums[slot] / f64::from(rows))
        };
        let mut sorted: Vec<f64> = (0..OFFSETS).filter_map(mean).collect();
        sorted.sort_by(f64::total_cmp);
        let median = sorted.get(sorted.len() / 2).copied().unwrap_or(0.0);
        // In the unit of the curves, so that one sentence tells of both: what is clear is clear.
        let clear = |slot| mean(slot).map_or(0.0, |mean| (median - mean) * CLEAR / CONFIDENT);
        let clear: Vec<f64> = (0..OFFSETS).map(clear).collect();
        // Where no offset was looked at nothing is known.
        let foreign = if sorted.len() < OFFSETS { f64::NEG_INFINITY } else { FOREIGN };
        settle(&clear, FRAME_MS, Limits { shifted: CLEAR, foreign })
    }
}

#[cfg(test)]
mod tests;
