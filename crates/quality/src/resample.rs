//! Drawing again: bootstrap intervals, and two halves that share no group. The same seed gives the same draws on every
//! machine.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Case, Estimate, Measures, measures};

/// One file with what it belongs to.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Draw {
    /// The file.
    pub case: Case,
    /// Files of one source, say; each draw has as many of a stratum's groups as there are.
    pub stratum: usize,
    /// Files that are no independent witnesses, such as those of one speaker; drawn together. A group of a stratum's own
    /// number is one within that stratum.
    pub group: usize,
}

/// How often is drawn, and from which seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rounds {
    /// How often.
    pub rounds: usize,
    /// Where the numbers begin.
    pub seed: u64,
}

/// One of two halves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Half {
    /// On which something is chosen.
    Choose,
    /// On which it is proven.
    Prove,
}

/// All measures with their 95 % intervals: within each stratum and class, groups are drawn with replacement; where there
/// is one group only, its files are. `None` unless both classes are there.
pub fn bootstrap(draws: &[Draw], rounds: Rounds) -> Option<Measures<Estimate>> {
    let cases: Vec<Case> = draws.iter().map(|draw| draw.case).collect();
    let value = measures(&cases)?;
    let strata = strata(draws);
    let mut random = Random(rounds.seed);
    let mut drawn: [Vec<f64>; 8] = Default::default();
    for _ in 0..rounds.rounds {
        if let Some(again) = measures(&draw_again(&strata, &mut random)) {
            for (kept, number) in drawn.iter_mut().zip(again.into_array()) {
                kept.push(number);
            }
        }
    }
    let mut drawn = drawn.into_iter();
    Some(value.map(|value| Estimate::from_drawn(value, drawn.next().unwrap_or_default())))
}

/// One measure with its 95 % interval, drawn in the same way; `None` where the files as they are do not give it.
pub fn estimate(
    draws: &[Draw],
    rounds: Rounds,
    measure: impl Fn(&[Case]) -> Option<f64>,
) -> Option<Estimate> {
    let cases: Vec<Case> = draws.iter().map(|draw| draw.case).collect();
    let value = measure(&cases)?;
    let strata = strata(draws);
    let mut random = Random(rounds.seed);
    let drawn = (0..rounds.rounds).filter_map(|_| measure(&draw_again(&strata, &mut random))).collect();
    Some(Estimate::from_drawn(value, drawn))
}

/// Groups of cases, by stratum and class.
fn strata(draws: &[Draw]) -> Vec<Vec<Vec<Case>>> {
    let mut strata: BTreeMap<(usize, bool), BTreeMap<usize, Vec<Case>>> = BTreeMap::new();
    for draw in draws {
        let stratum = strata.entry((draw.stratum, draw.case.synthetic)).or_default();
        stratum.entry(draw.group).or_default().push(draw.case);
    }
    strata.into_values().map(|groups| groups.into_values().collect()).collect()
}

fn draw_again(strata: &[Vec<Vec<Case>>], random: &mut Random) -> Vec<Case> {
    let mut drawn = Vec::new();
    for groups in strata {
        if let [only] = groups.as_slice() {
            drawn.extend((0..only.len()).map(|_| only[random.below(only.len())]));
        } else {
            for _ in 0..groups.len() {
                drawn.extend_from_slice(&groups[random.below(groups.len())]);
            }
        }
    }
    drawn
}

/// Puts every group as a whole into one of two halves, so that each half has about as many groups of each class.
/// Groups count across strata here: what stands under one number stays together.
pub fn halves(draws: &[Draw], seed: u64) -> Vec<Half> {
    let mut classes: BTreeMap<usize, BTreeSet<(usize, bool)>> = BTreeMap::new();
    for draw in draws {
        classes.entry(draw.group).or_default().insert((draw.stratum, draw.case.synthetic));
    }
    let mut alike: BTreeMap<BTreeSet<(usize, bool)>, Vec<usize>> = BTreeMap::new();
    for (group, classes) in classes {
        alike.entry(classes).or_default().push(group);
    }
    let mut random = Random(seed);
    let mut chosen = BTreeSet::new();
    // Which half gets the odd group changes from kind to kind, so that many small kinds do not all land in one.
    let mut turn = 0;
    for mut groups in alike.into_values() {
        random.shuffle(&mut groups);
        for group in groups {
            if turn % 2 == 0 {
                chosen.insert(group);
            }
            turn += 1;
        }
    }
    draws.iter().map(|draw| if chosen.contains(&draw.group) { Half::Choose } else { Half::Prove }).collect()
}

/// SplitMix64: small, and good enough for drawing files.
///
/// Source: G. L. Steele, D. Lea and C. H. Flood, "Fast splittable pseudorandom number generators", 2014.
#[derive(Debug, Clone)]
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 up to, and not including, `n`; the multiplication of a wider number has no bias that matters here.
    fn below(&mut self, n: usize) -> usize {
        ((u128::from(self.next()) * n as u128) >> 64) as usize
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

#[cfg(test)]
mod tests;
