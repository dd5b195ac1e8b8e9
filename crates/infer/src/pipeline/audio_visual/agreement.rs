//! Where in time a mouth and a voice agree, and what follows from it.
//!
//! After Hershey and Movellan ("Audio Vision", NIPS 1999) and Chandrasekaran et al. ("The natural statistics of
//! audiovisual speech", 2009): what a mouth does and what is heard correlate at the pace of syllables. Correlations are
//! taken for every offset, turned by Fisher's z and averaged; times the root of the seconds they are as large by chance for
//! a short clip as for a long one, so that one set of limits holds.

use super::curves::{Curve, TICK_MS};

/// Offsets that are looked at, in ticks to each side: 1.5 s.
const REACH: usize = 150;
/// The first of them.
const EARLIEST: i64 = -150;
/// Up to here sound and picture count as going together: what broadcasters allow (ITU-R BT.1359), rounded up.
const IN_PLACE_MS: u64 = 200;
/// Less in common at an offset says nothing.
const LEAST_TICKS: u64 = 100;

/// Above this they go together. Of 162 pairs of a mouth and a foreign voice one reached 0.69.
pub(super) const CLEAR: f64 = 0.7;
/// From here on another offset is believed; of those pairs one in fifty reached 0.8 anywhere.
const SHIFTED: f64 = 0.85;
/// So much clearer than in place another offset has to be.
const CLEARER_BY: f64 = 0.25;
/// The least mean agreement of a mouth with its own voice.
const OWN_VOICE: f64 = 0.3;
/// Twice the deviation of chance (0.2), less what is gained by taking the best within 0.2 s (0.1).
const DOUBT: f64 = 0.3;
/// However long they were compared: chance alone reached this in place in one of those pairs in a hundred.
const FOREIGN_MOST: f64 = 0.6;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Says {
    /// They go together as they are.
    InSync,
    /// They go together when one of them is moved.
    Shifted,
    /// They do not go together.
    Foreign,
    /// None of these is clear.
    Unclear,
}

/// The answer for a whole file.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Agreement {
    pub says: Says,
    /// By how much the voice is later, where both agree best.
    pub offset_ms: i32,
    /// How clear the agreement is there.
    pub best: f64,
    /// How clear it is in place.
    pub in_place: f64,
}

impl Agreement {
    /// A raw score: above 0 for sound that is shifted or foreign. Its scale is a convention.
    pub(super) fn score(&self) -> f64 {
        let middle = f64::midpoint(CLEAR, FOREIGN_MOST);
        10.0 * if self.says == Says::Shifted { self.best - middle } else { middle - self.in_place }
    }
}

/// Agreement of all stretches so far, offset by offset.
pub(super) struct Offsets {
    sums: Vec<f64>,
    secs: Vec<f64>,
}

impl Offsets {
    pub(super) fn new() -> Self {
        Self { sums: vec![0.0; 2 * REACH + 1], secs: vec![0.0; 2 * REACH + 1] }
    }

    /// Adds a stretch: what the lips did, how much moved, and the voice, which may reach beyond.
    pub(super) fn add(&mut self, lips: &Curve, motion: &Curve, voice: &Curve) {
        for (slot, offset) in (EARLIEST..=-EARLIEST).enumerate() {
            let both = [lips, motion].map(|curve| correlation(curve, voice, offset));
            let [Some((lips, ticks)), Some((motion, _))] = both else { continue };
            let secs = (ticks * TICK_MS) as f64 / 1000.0;
            self.sums[slot] += secs * f64::midpoint(lips.atanh(), motion.atanh());
            self.secs[slot] += secs;
        }
    }

    pub(super) fn conclude(&self) -> Agreement {
        let clear: Vec<f64> = self
            .sums
            .iter()
            .zip(&self.secs)
            .map(|(sum, secs)| if *secs > 0.0 { sum / secs.sqrt() } else { 0.0 })
            .collect();
        let expected = OWN_VOICE * self.secs[REACH].sqrt() - DOUBT;
        settle(&clear, TICK_MS, Limits { shifted: SHIFTED, foreign: expected.min(FOREIGN_MOST) })
    }
}

/// What differs from way to way of comparing.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// From here on another offset is believed.
    pub shifted: f64,
    /// Below this in place, the voice is another's.
    pub foreign: f64,
}

/// What follows from how clear the agreement is at every offset: as many earlier as later, `step_ms` apart.
pub(super) fn settle(clear: &[f64], step_ms: u64, limits: Limits) -> Agreement {
    let reach = clear.len() / 2;
    let highest = |within_ms: u64| {
        let slots = (0..clear.len()).filter(|slot| slot.abs_diff(reach) as u64 * step_ms <= within_ms);
        slots.max_by(|a, b| clear[*a].total_cmp(&clear[*b])).unwrap_or(reach)
    };
    let (anywhere, near) = (highest(u64::MAX), highest(IN_PLACE_MS));
    let (best, in_place) = (clear[anywhere], clear[near]);
    let says = if in_place >= CLEAR && best - in_place < CLEARER_BY {
        Says::InSync
    } else if best >= limits.shifted && best - in_place >= CLEARER_BY {
        Says::Shifted
    } else if in_place < limits.foreign {
        Says::Foreign
    } else {
        Says::Unclear
    };
    let slot = if says == Says::InSync { near } else { anywhere };
    let ms = |slots: usize| i32::try_from(slots as u64 * step_ms).unwrap_or(i32::MAX);
    Agreement { says, offset_ms: ms(slot) - ms(reach), best, in_place }
}

/// Correlation of a curve with the voice `offset` ticks later, and over how many ticks.
fn correlation(curve: &Curve, voice: &Curve, offset: i64) -> Option<(f64, u64)> {
    let (seen, heard) = (i64::try_from(curve.first).ok()?, i64::try_from(voice.first).ok()? - offset);
    let length = |curve: &Curve| i64::try_from(curve.values.len()).ok();
    let (from, to) = (seen.max(heard), (seen + length(curve)?).min(heard + length(voice)?));
    let ticks = u64::try_from(to - from).ok().filter(|ticks| *ticks >= LEAST_TICKS)?;
    let length = usize::try_from(ticks).ok()?;
    let (skip_x, skip_y) = (usize::try_from(from - seen).ok()?, usize::try_from(from - heard).ok()?);
    let x = curve.values.get(skip_x..skip_x + length)?;
    let y = voice.values.get(skip_y..skip_y + length)?;
    let r = product(x, y) / (product(x, x) * product(y, y) + 1e-12).sqrt();
    Some((r.clamp(-0.99, 0.99), ticks))
}

fn product(x: &[f32], y: &[f32]) -> f64 {
    x.iter().zip(y).map(|(a, b)| f64::from(*a) * f64::from(*b)).sum()
}

#[cfg(test)]
mod tests;
