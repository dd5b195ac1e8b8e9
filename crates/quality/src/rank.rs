//! What depends on the order of scores alone: AUC, equal error rate, recall at a rate of false alarms, the curve.

use crate::Case;

/// Scores of both classes, in order.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranking {
    real: Vec<f64>,
    synthetic: Vec<f64>,
}

/// One threshold: files at or above it raise an alarm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CurvePoint {
    /// The threshold; infinite where nothing raises an alarm.
    pub threshold: f64,
    /// Share of real files that raise an alarm.
    pub false_alarms: f64,
    /// Share of synthetic files that raise an alarm.
    pub found: f64,
}

impl Ranking {
    /// `None` unless both classes are there.
    pub fn new(cases: &[Case]) -> Option<Self> {
        let of = |synthetic: bool| {
            let mut scores: Vec<f64> =
                cases.iter().filter(|case| case.synthetic == synthetic).map(|case| case.score).collect();
            scores.sort_by(f64::total_cmp);
            scores
        };
        let (real, synthetic) = (of(false), of(true));
        (!real.is_empty() && !synthetic.is_empty()).then_some(Self { real, synthetic })
    }

    /// The chance that a synthetic file scores above a real one; a tie counts half (Mann and Whitney).
    pub fn auc(&self) -> f64 {
        let above: f64 = self
            .synthetic
            .iter()
            .map(|score| {
                let (below, up_to) = (count_below(&self.real, *score), count_up_to(&self.real, *score));
                (below + up_to) as f64 / 2.0
            })
            .sum();
        above / (self.real.len() as f64 * self.synthetic.len() as f64)
    }

    /// The rate at which false alarms and misses are equal, on straight lines between the points of the curve.
    pub fn equal_error_rate(&self) -> f64 {
        let curve = self.curve();
        let gap = |point: &CurvePoint| point.false_alarms - (1.0 - point.found);
        for pair in curve.windows(2) {
            let [before, after] = pair else { continue };
            let (low, high) = (gap(before), gap(after));
            if low <= 0.0 && high >= 0.0 {
                let along = if high > low { -low / (high - low) } else { 0.0 };
                return before.false_alarms + along * (after.false_alarms - before.false_alarms);
            }
        }
        // The curve goes from "no alarm" to "alarm always", so the lines always cross.
        0.5
    }

    /// Share of synthetic files found by the best threshold at which at most `rate` of the real ones raise an alarm.
    pub fn recall_at(&self, rate: f64) -> f64 {
        self.share_from(&self.synthetic, self.threshold_at(rate))
    }

    /// The lowest threshold at which at most `rate` of the real files raise an alarm: the first score of either class
    /// that is high enough, infinite where none is.
    pub fn threshold_at(&self, rate: f64) -> f64 {
        let allowed = (rate * self.real.len() as f64 + 1e-9).floor() as usize;
        let enough = |score: &f64| self.real.len() - count_below(&self.real, *score) <= allowed;
        let first = |scores: &[f64]| scores.iter().copied().find(|score| enough(score));
        match (first(&self.real), first(&self.synthetic)) {
            (Some(a), Some(b)) => a.min(b),
            (Some(only), None) | (None, Some(only)) => only,
            (None, None) => f64::INFINITY,
        }
    }

    /// The receiver operating characteristic, from "no alarm" to "alarm always"; one point per different score.
    pub fn curve(&self) -> Vec<CurvePoint> {
        let mut thresholds: Vec<f64> = self.real.iter().chain(&self.synthetic).copied().collect();
        thresholds.sort_by(|a, b| b.total_cmp(a));
        thresholds.dedup();
        let at = |threshold: f64| CurvePoint {
            threshold,
            false_alarms: self.share_from(&self.real, threshold),
            found: self.share_from(&self.synthetic, threshold),
        };
        std::iter::once(f64::INFINITY).chain(thresholds).map(at).collect()
    }

    #[expect(clippy::unused_self, reason = "a threshold means something for the scores of one ranking only")]
    fn share_from(&self, scores: &[f64], threshold: f64) -> f64 {
        (scores.len() - count_below(scores, threshold)) as f64 / scores.len() as f64
    }
}

fn count_below(sorted: &[f64], score: f64) -> usize {
    sorted.partition_point(|other| *other < score)
}

fn count_up_to(sorted: &[f64], score: f64) -> usize {
    sorted.partition_point(|other| *other <= score)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ranking(real: &[f64], synthetic: &[f64]) -> Ranking {
        Ranking::new(&cases(real, synthetic)).unwrap()
    }

    fn cases(real: &[f64], synthetic: &[f64]) -> Vec<Case> {
        let of = |scores: &[f64], synthetic| {
            scores.iter().map(move |score| Case { score: *score, synthetic }).collect::<Vec<_>>()
        };
        [of(real, false), of(synthetic, true)].concat()
    }

    #[test]
    fn a_tie_counts_half() {
        // Pairs by hand: 0.4 beats 0.1 and ties 0.4; 0.9 beats both.
        assert!((ranking(&[0.1, 0.4], &[0.4, 0.9]).auc() - 3.5 / 4.0).abs() < 1e-12);
        assert!((ranking(&[1.0; 3], &[1.0; 5]).auc() - 0.5).abs() < 1e-12);
    }

    #[test]
    fn the_example_of_the_textbook_comes_out() {
        // scikit-learn's own example: y = 0 0 1 1, scores 0.1 0.4 0.35 0.8, AUC 0.75.
        let ranking = ranking(&[0.1, 0.4], &[0.35, 0.8]);
        assert!((ranking.auc() - 0.75).abs() < 1e-12);
        let curve: Vec<_> = ranking.curve().iter().map(|p| (p.false_alarms, p.found)).collect();
        assert_eq!(curve, [(0.0, 0.0), (0.0, 0.5), (0.5, 0.5), (0.5, 1.0), (1.0, 1.0)]);
        assert!((ranking.equal_error_rate() - 0.5).abs() < 1e-12);
    }

    #[test]
    fn a_recall_never_costs_more_false_alarms_than_allowed() {
        let real: Vec<f64> = (0..100).map(f64::from).collect();
        let synthetic = [98.5, 98.5, 97.5, 10.0];
        let ranking = ranking(&real, &synthetic);
        // One alarm of a hundred is allowed: from 98.5 on there is one, from 97.5 on two.
        assert!((ranking.recall_at(0.01) - 0.5).abs() < 1e-12);
        assert!((ranking.recall_at(0.02) - 0.75).abs() < 1e-12);
        assert!((ranking.recall_at(0.0) - 0.0).abs() < 1e-12);
        assert!((ranking.threshold_at(1.0) - 0.0).abs() < 1e-12);
    }

    #[test]
    fn one_class_alone_is_no_ranking() {
        assert_eq!(Ranking::new(&cases(&[1.0], &[])), None);
        assert_eq!(Ranking::new(&[]), None);
    }

    fn some_scores() -> impl Strategy<Value = Vec<f64>> {
        proptest::collection::vec((-40i32..40).prop_map(|n| f64::from(n) / 8.0), 1..60)
    }

    proptest! {
        #[test]
        fn a_monotone_map_changes_nothing_and_a_reversed_one_everything(
            real in some_scores(), synthetic in some_scores(),
        ) {
            let bent = |scores: &[f64]| scores.iter().map(|s| (s / 3.0).exp() * 7.0 - 2.0).collect::<Vec<_>>();
            let turned = |scores: &[f64]| scores.iter().map(|s| -s).collect::<Vec<_>>();
            let plain = ranking(&real, &synthetic);
            let mapped = ranking(&bent(&real), &bent(&synthetic));
            let reversed = ranking(&turned(&real), &turned(&synthetic));
            prop_assert!((plain.auc() - mapped.auc()).abs() < 1e-12);
            prop_assert!((plain.auc() + reversed.auc() - 1.0).abs() < 1e-12);
            prop_assert!((plain.equal_error_rate() - mapped.equal_error_rate()).abs() < 1e-12);
            for rate in [0.01, 0.05, 0.3] {
                prop_assert!((plain.recall_at(rate) - mapped.recall_at(rate)).abs() < 1e-12);
            }
        }

        #[test]
        fn the_curve_rises_and_its_area_is_the_auc(real in some_scores(), synthetic in some_scores()) {
            let ranking = ranking(&real, &synthetic);
            let curve = ranking.curve();
            let mut area = 0.0;
            for pair in curve.windows(2) {
                prop_assert!(pair[1].false_alarms >= pair[0].false_alarms && pair[1].found >= pair[0].found);
                area += (pair[1].false_alarms - pair[0].false_alarms) * (pair[0].found + pair[1].found) / 2.0;
            }
            prop_assert!((area - ranking.auc()).abs() < 1e-9);
            let eer = ranking.equal_error_rate();
            prop_assert!((0.0..=1.0).contains(&eer));
        }

        #[test]
        fn the_threshold_keeps_its_promise(real in some_scores(), synthetic in some_scores(), rate in 0.0..1.0f64) {
            let threshold = ranking(&real, &synthetic).threshold_at(rate);
            let alarms = real.iter().filter(|score| **score >= threshold).count();
            prop_assert!(alarms as f64 <= rate * real.len() as f64 + 1e-6);
        }
    }
}
