//! Whether probabilities mean what they say: calibration error, Brier score, cost of the log-likelihood ratio.

use crate::Case;

/// The share of synthetic files for which a probability is read as evidence; packages are calibrated so that both
/// classes weigh the same.
pub const EVEN_ODDS: f64 = 0.5;

/// Nearer to 0 and 1 a probability is not believed: one wrong file would cost infinitely much.
const NEAREST: f64 = 1e-6;

/// Files of neighbouring probability.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// How many.
    pub n: usize,
    /// Mean probability.
    pub said: f64,
    /// Share of synthetic files.
    pub synthetic: f64,
}

/// Up to `bins` bins of equal mass, in order of probability. Files of one probability stay together, so that the order
/// of the files does not matter; a bin may therefore be larger than the others.
pub fn reliability(cases: &[Case], bins: usize) -> Vec<Bin> {
    let mut sorted = cases.to_vec();
    sorted.sort_by(|a, b| a.score.total_cmp(&b.score));
    let n = sorted.len();
    let mut made = Vec::new();
    let mut begin = 0;
    for number in 1..=bins {
        let mut end = (number * n).div_ceil(bins.max(1)).clamp(begin, n);
        while end > begin && end < n && sorted[end].score.total_cmp(&sorted[end - 1].score).is_eq() {
            end += 1;
        }
        if end > begin {
            made.push(bin(&sorted[begin..end]));
            begin = end;
        }
    }
    made
}

fn bin(cases: &[Case]) -> Bin {
    let n = cases.len();
    let said = cases.iter().map(|case| case.score).sum::<f64>() / n as f64;
    let synthetic = cases.iter().filter(|case| case.synthetic).count() as f64 / n as f64;
    Bin { n, said, synthetic }
}

/// Expected calibration error over bins of equal mass: how far what is said lies from what is, on the mean.
pub fn calibration_error(cases: &[Case], bins: usize) -> Option<f64> {
    let sum: f64 =
        reliability(cases, bins).iter().map(|bin| bin.n as f64 * (bin.said - bin.synthetic).abs()).sum();
    (!cases.is_empty()).then(|| sum / cases.len() as f64)
}

/// Mean squared distance of the probability from the truth: 0 is perfect, 0.25 is saying one half of everything.
pub fn brier(cases: &[Case]) -> Option<f64> {
    let sum: f64 = cases.iter().map(|case| (case.score - f64::from(u8::from(case.synthetic))).powi(2)).sum();
    (!cases.is_empty()).then(|| sum / cases.len() as f64)
}

/// Cost of the log-likelihood ratio in bits, both classes weighing the same: 0 is perfect, 1 is saying nothing, more is
/// misleading. `None` unless both classes are there.
///
/// Source: N. Brümmer and J. du Preez, "Application-independent evaluation of speaker detection", 2006.
pub fn cllr(cases: &[Case]) -> Option<f64> {
    let cost = |synthetic: bool| {
        let own: Vec<f64> = cases
            .iter()
            .filter(|case| case.synthetic == synthetic)
            .map(|case| {
                let p = case.score.clamp(NEAREST, 1.0 - NEAREST);
                -(if synthetic { p } else { 1.0 - p }).log2()
            })
            .collect();
        (!own.is_empty()).then(|| own.iter().sum::<f64>() / own.len() as f64)
    };
    // With even odds the likelihood ratio is p / (1 - p), and log2(1 + 1 / ratio) is -log2(p).
    Some((cost(false)? + cost(true)?) * EVEN_ODDS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn cases(pairs: &[(f64, bool)]) -> Vec<Case> {
        pairs.iter().map(|&(score, synthetic)| Case { score, synthetic }).collect()
    }

    fn near(found: Option<f64>, wanted: f64) {
        assert!((found.unwrap() - wanted).abs() < 1e-12, "{found:?} is not {wanted}");
    }

    #[test]
    fn who_always_says_one_half_is_worth_nothing_and_does_no_harm() {
        let cases = cases(&[(0.5, true), (0.5, false), (0.5, true), (0.5, false)]);
        near(cllr(&cases), 1.0);
        near(brier(&cases), 0.25);
        near(calibration_error(&cases, 10), 0.0);
    }

    #[test]
    fn the_numbers_of_a_small_example_are_those_by_hand() {
        let cases = cases(&[(0.25, false), (0.75, true), (0.75, false), (0.9, true)]);
        near(brier(&cases), (0.0625 + 0.0625 + 0.5625 + 0.01) / 4.0);
        // Two bins of two; the tie at 0.75 pulls the third into the first bin.
        let bins = reliability(&cases, 2);
        assert_eq!(bins.iter().map(|bin| bin.n).collect::<Vec<_>>(), [3, 1]);
        near(calibration_error(&cases, 2), (3.0 * (1.75f64 / 3.0 - 1.0 / 3.0) + 0.1) / 4.0);
        let real = (-(0.75f64.log2()) - 0.25f64.log2()) / 2.0;
        let synthetic = (-(0.75f64.log2()) - 0.9f64.log2()) / 2.0;
        near(cllr(&cases), f64::midpoint(real, synthetic));
    }

    #[test]
    fn certainty_that_is_wrong_is_dear_and_finite() {
        let wrong = cllr(&cases(&[(1.0, false), (0.0, true)])).unwrap();
        assert!(wrong > 15.0 && wrong.is_finite());
        assert_eq!(cllr(&cases(&[(0.3, true)])), None);
        assert_eq!(calibration_error(&[], 10), None);
    }

    proptest! {
        #[test]
        fn every_file_is_in_one_bin_and_the_order_of_files_changes_nothing(
            raw in proptest::collection::vec((0u32..=20, any::<bool>()), 1..80), bins in 1usize..15,
        ) {
            let cases: Vec<Case> =
                raw.iter().map(|&(p, synthetic)| Case { score: f64::from(p) / 20.0, synthetic }).collect();
            let turned: Vec<Case> = cases.iter().rev().copied().collect();
            let made = reliability(&cases, bins);
            prop_assert_eq!(made.iter().map(|bin| bin.n).sum::<usize>(), cases.len());
            prop_assert!(made.len() <= bins);
            prop_assert!(made.windows(2).all(|pair| pair[0].said < pair[1].said));
            for (a, b) in made.iter().zip(reliability(&turned, bins)) {
                prop_assert!(a.n == b.n && (a.said - b.said).abs() < 1e-12 && (a.synthetic - b.synthetic).abs() < 1e-12);
            }
        }
    }
}
