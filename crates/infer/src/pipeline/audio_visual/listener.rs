//! Hears the sound of the moments at which mouths were watched, and judges both together.

use dk_app::StopToken;
use dk_domain::{Evidence, Outcome, Reason, SyncEvidence, SyncMoment};

use super::agreement::{Offsets, Says};
use super::curves::Curve;
use super::embeddings::{Distances, Sound, Vectors};
use super::{Run, Watched};
use crate::engine::Tensor;
use crate::helper::FRAME_SAMPLES;
use crate::judge::{Failure, Judge, Reading};
use crate::package::{Compare, Net};
use crate::pipeline::{Heard, RATE_HZ};
use crate::runner::Runner;

/// Sound beyond both ends of a run, so that every offset that is looked at has some.
const BEYOND_MS: u64 = 1600;
/// The net's first value is in the middle of its first 20 ms, and one follows every 10 ms.
const FIRST_MS: f32 = 10.0;
const STEP_MS: f32 = 10.0;
const STEP_SAMPLES: usize = 160;
const SAMPLES_PER_MS: f32 = RATE_HZ as f32 / 1000.0;
/// Shorter sound gives too few values.
const LEAST_SAMPLES: usize = 16_000;
/// Less is not judged.
const LEAST_COMPARED_MS: u64 = 4500;
const LEAST_SPEECH_MS: u64 = 2000;
/// A mouth whose opening changes by less than this share of the nose, and whose inside by less than this share of the
/// light, keeps still. Eyes of the landmark net tremble about half as much.
const STILL: (f32, f32) = (0.01, 0.02);
/// One that changes by more than this moves as in speech.
const MOVING: (f32, f32) = (0.015, 0.03);
/// A drawn moment stands for so many ticks.
const DRAWN_TICKS: usize = 10;

pub(crate) struct LipSync {
    runner: Runner,
    net: Net,
    compare: Compare,
    reading: Reading,
    runs: Vec<(Run, Passage)>,
    /// Time of the first sample on the clock of the medium.
    start_ms: u64,
    heard: u64,
    spoken_ms: u64,
}

/// The sound round one run.
struct Passage {
    from_ms: u64,
    to_ms: u64,
    /// Place of the first sample, counted from the begin of the sound.
    first: Option<u64>,
    samples: Vec<f32>,
}

impl Passage {
    fn round(run: &Run) -> Self {
        let (from_ms, to_ms) = (run.start_ms().saturating_sub(BEYOND_MS), run.end_ms() + BEYOND_MS);
        Self { from_ms, to_ms, first: None, samples: Vec::new() }
    }

    fn is_enough(&self) -> bool {
        self.samples.len() >= LEAST_SAMPLES
    }

    /// Whether there is nothing at all, of which the net would make no numbers.
    fn is_empty(&self) -> bool {
        self.samples.iter().all(|sample| *sample == 0.0)
    }
}

/// What a mouth did during a run.
struct Moves {
    lips: Curve,
    motion: Curve,
    /// Deviation of the opening in units of the nose, and of the contrast in units of the light.
    size: (f32, f32),
}

impl LipSync {
    pub(crate) fn new(
        runner: Runner,
        (net, compare): (Net, Compare),
        reading: Reading,
        watched: Watched,
        start_ms: u64,
    ) -> Self {
        let runs = watched.0.into_iter().map(|run| {
            let passage = Passage::round(&run);
            (run, passage)
        });
        Self { runner, net, compare, reading, runs: runs.collect(), start_ms, heard: 0, spoken_ms: 0 }
    }

    /// Time of a passage's first sample on the clock of the medium, in samples.
    fn first(&self, passage: &Passage) -> u64 {
        self.start_ms * RATE_HZ / 1000 + passage.first.unwrap_or(0)
    }

    /// How far a mouth that speaks like this moves, over a passage; and how far it would be open.
    fn voice(&self, passage: Passage, stop: &StopToken) -> Result<(Curve, Curve), Failure> {
        let begin_ms = self.first(&passage) as f32 / SAMPLES_PER_MS + FIRST_MS;
        let input = Tensor::F32(vec![1, passage.samples.len()], passage.samples);
        let answer = self.runner.rows(&self.net.input, &self.net.output, vec![input], stop)?;
        let row = answer.into_iter().next();
        let row = row.ok_or_else(|| Failure::Broken("the net gave no answer".to_owned()))?;
        let values = row.into_finite_floats()?;
        let (loudness, openness) = values.split_at(values.len() / 2);
        let (loudness, openness) = (steps(begin_ms, loudness), steps(begin_ms, openness));
        let sum = loudness.movements().0.plus(&openness.movements().0);
        Ok((sum.movements().0, openness))
    }
}

impl Judge<Heard> for LipSync {
    fn see(&mut self, heard: &Heard, _: &StopToken) -> Result<(), Failure> {
        for (samples, speech) in heard.samples.chunks_exact(FRAME_SAMPLES).zip(&heard.speech) {
            let time_ms = self.start_ms + self.heard * 1000 / RATE_HZ;
            let frame_ms = FRAME_SAMPLES as u64 * 1000 / RATE_HZ;
            for (run, passage) in &mut self.runs {
                if (passage.from_ms..passage.to_ms).contains(&time_ms) {
                    passage.first.get_or_insert(self.heard);
                    passage.samples.extend_from_slice(samples);
                }
                if *speech && (run.start_ms()..run.end_ms()).contains(&time_ms) {
                    self.spoken_ms += frame_ms;
                }
            }
            self.heard += FRAME_SAMPLES as u64;
        }
        Ok(())
    }

    fn conclude(&mut self, stop: &StopToken) -> Result<Outcome, Failure> {
        let runs: Vec<(Run, Passage, Moves)> = std::mem::take(&mut self.runs)
            .into_iter()
            .filter(|(_, passage)| passage.is_enough())
            .map(|(run, passage)| {
                let moves = moves(&run);
                (run, passage, moves)
            })
            .collect();
        let watched_ms = runs.iter().map(|(run, ..)| run.length_ms()).sum();
        let size = runs
            .iter()
            .fold((0.0f32, 0.0f32), |size, (.., moves)| (size.0.max(moves.size.0), size.1.max(moves.size.1)));
        if let Some(why) = self.why_not(watched_ms, size) {
            return Ok(Outcome::NotApplicable(why));
        }
        let (mut offsets, mut distances) = (Offsets::new(), Distances::default());
        let (mut moments, mut compared_ms) = (Vec::new(), 0);
        for (run, passage, moves) in runs.into_iter().filter(|(_, passage, _)| !passage.is_empty()) {
            compared_ms += run.length_ms();
            let openness = match self.compare {
                Compare::Curves => {
                    let (voice, openness) = self.voice(passage, stop)?;
                    offsets.add(&moves.lips, &moves.motion, &voice);
                    openness
                }
                Compare::Embeddings(rule) => {
                    let sound = Sound { first: self.first(&passage), samples: &passage.samples };
                    let vectors = Vectors::of(&self.runner, &self.net, rule, &run, &sound, stop)?;
                    if let Some(vectors) = vectors {
                        distances.add(&vectors);
                    }
                    loudness(&sound)
                }
            };
            moments.extend(drawn(&run, &openness));
        }
        let found = match self.compare {
            Compare::Curves => offsets.conclude(),
            Compare::Embeddings(_) => distances.conclude(),
        };
        let reason = match found.says {
            Says::InSync => Reason::SoundInSync,
            Says::Shifted => Reason::SoundShifted,
            Says::Foreign => Reason::SoundForeign,
            Says::Unclear => return Ok(Outcome::NotApplicable(vec![Reason::SyncUnclear])),
        };
        let (best, in_place) = (found.best, found.in_place);
        let sync = SyncEvidence {
            offset_ms: found.offset_ms,
            best,
            in_place,
            compared_ms,
            moments: scaled(&moments),
        };
        self.reading.opinion(found.score(), Evidence::Sync(sync), Vec::new(), 0, vec![reason])
    }
}

impl LipSync {
    /// Why nothing can be compared, if so.
    fn why_not(&self, watched_ms: u64, size: (f32, f32)) -> Option<Vec<Reason>> {
        let below = |limit: (f32, f32)| size.0 < limit.0 && size.1 < limit.1;
        if self.spoken_ms < LEAST_SPEECH_MS {
            let silent = self.spoken_ms == 0;
            let mut why = vec![if silent { Reason::NoSpeech } else { Reason::TooLittleSpeech }];
            if silent && size.0 > MOVING.0 && size.1 > MOVING.1 {
                why.push(Reason::MouthSilent);
            }
            return Some(why);
        }
        if watched_ms < LEAST_COMPARED_MS {
            return Some(vec![Reason::TooFewFrames]);
        }
        below(STILL).then(|| vec![Reason::MouthStill])
    }
}

/// Values that follow each other by 10 ms.
fn steps(begin_ms: f32, values: &[f32]) -> Curve {
    let point = |(i, v): (usize, &f32)| (begin_ms + i as f32 * STEP_MS, *v);
    Curve::through(&values.iter().enumerate().map(point).collect::<Vec<_>>())
}

/// What is drawn of a voice where the net does not say how far a mouth would be open.
fn loudness(sound: &Sound<'_>) -> Curve {
    let loud = |part: &[f32]| (part.iter().map(|s| s * s).sum::<f32>() / part.len() as f32).sqrt();
    let values: Vec<f32> = sound.samples.chunks_exact(STEP_SAMPLES).map(loud).collect();
    steps(sound.first as f32 / SAMPLES_PER_MS + STEP_MS / 2.0, &values)
}

fn moves(run: &Run) -> Moves {
    let moments = &run.moments;
    let median = |of: &dyn Fn(&super::Moment) -> f32| {
        let mut values: Vec<f32> = moments.iter().map(of).collect();
        values.sort_by(f32::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or(1.0).max(1e-3)
    };
    let curve = |of: &dyn Fn(&super::Moment) -> f32| {
        let points: Vec<_> = moments.iter().map(|m| (m.time_ms as f32, of(m))).collect();
        Curve::through(&points).movements()
    };
    let (opening, opening_size) = curve(&|m| m.opening);
    let (contrast, contrast_size) = curve(&|m| m.contrast);
    // A change belongs to the middle between its two frames.
    let between = moments
        .windows(2)
        .filter_map(|pair| Some((u64::midpoint(pair[0].time_ms, pair[1].time_ms) as f32, pair[1].motion?)));
    let motion = Curve::through(&between.collect::<Vec<_>>()).movements().0;
    Moves {
        lips: opening.plus(&contrast),
        motion,
        size: (opening_size / median(&|m| m.nose), contrast_size / median(&|m| m.spread)),
    }
}

/// Both curves as they are drawn: opening in units of the nose, and what the net hears.
fn drawn(run: &Run, openness: &Curve) -> Vec<(u64, f32, f32)> {
    let points: Vec<_> =
        run.moments.iter().map(|m| (m.time_ms as f32, m.opening / m.nose.max(1.0))).collect();
    let mouth = Curve::through(&points);
    let voice_at = |time_ms: u64| {
        let tick = (time_ms / super::curves::TICK_MS).checked_sub(openness.first)?;
        openness.values.get(usize::try_from(tick).ok()?).copied()
    };
    mouth.every(DRAWN_TICKS).filter_map(|(time_ms, m)| Some((time_ms, m, voice_at(time_ms)?))).collect()
}

/// Each curve between its extremes.
fn scaled(moments: &[(u64, f32, f32)]) -> Vec<SyncMoment> {
    let range = |of: fn(&(u64, f32, f32)) -> f32| {
        moments.iter().map(of).fold((f32::MAX, f32::MIN), |r, v| (r.0.min(v), r.1.max(v)))
    };
    let (mouth, voice) = (range(|m| m.1), range(|m| m.2));
    let share = |v: f32, r: (f32, f32)| ((v - r.0) / (r.1 - r.0).max(1e-6)).clamp(0.0, 1.0);
    let moment =
        |m: &(u64, f32, f32)| SyncMoment { time_ms: m.0, mouth: share(m.1, mouth), voice: share(m.2, voice) };
    moments.iter().map(moment).collect()
}
