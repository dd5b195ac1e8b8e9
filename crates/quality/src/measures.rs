//! All numbers of one set of files at once, so that one draw of a bootstrap serves them all.

use crate::calibration::{brier, calibration_error, cllr};
use crate::{Case, Ranking};

/// Bins of the calibration error.
const BINS: usize = 10;

/// What is measured. `T` is a number, or a number with its interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Measures<T> {
    /// Chance that a synthetic file scores above a real one.
    pub auc: T,
    /// Rate at which false alarms and misses are equal.
    pub equal_error_rate: T,
    /// Share found where at most 1 % of real files raise an alarm.
    pub recall_at_1: T,
    /// Share found where at most 5 % of real files raise an alarm.
    pub recall_at_5: T,
    /// Mean of the shares of both classes on the right side of probability 0.5.
    pub balanced_accuracy: T,
    /// Expected calibration error, ten bins of equal mass.
    pub calibration_error: T,
    /// Brier score.
    pub brier: T,
    /// Cost of the log-likelihood ratio in bits.
    pub cllr: T,
}

/// `None` unless both classes are there. Scores are calibrated probabilities; for a score that is none, the four that
/// depend on the order alone are still right.
pub fn measures(cases: &[Case]) -> Option<Measures<f64>> {
    let ranking = Ranking::new(cases)?;
    Some(Measures {
        auc: ranking.auc(),
        equal_error_rate: ranking.equal_error_rate(),
        recall_at_1: ranking.recall_at(0.01),
        recall_at_5: ranking.recall_at(0.05),
        balanced_accuracy: balanced_accuracy(cases)?,
        calibration_error: calibration_error(cases, BINS)?,
        brier: brier(cases)?,
        cllr: cllr(cases)?,
    })
}

fn balanced_accuracy(cases: &[Case]) -> Option<f64> {
    let right = |synthetic: bool| {
        let own: Vec<bool> = cases
            .iter()
            .filter(|case| case.synthetic == synthetic)
            .map(|case| (case.score >= 0.5) == synthetic)
            .collect();
        (!own.is_empty()).then(|| own.iter().filter(|right| **right).count() as f64 / own.len() as f64)
    };
    Some(f64::midpoint(right(false)?, right(true)?))
}

impl<T> Measures<T> {
    /// The same measures, each made into something else.
    pub fn map<U>(self, mut each: impl FnMut(T) -> U) -> Measures<U> {
        Measures {
            auc: each(self.auc),
            equal_error_rate: each(self.equal_error_rate),
            recall_at_1: each(self.recall_at_1),
            recall_at_5: each(self.recall_at_5),
            balanced_accuracy: each(self.balanced_accuracy),
            calibration_error: each(self.calibration_error),
            brier: each(self.brier),
            cllr: each(self.cllr),
        }
    }

    /// In the order of the fields.
    pub fn into_array(self) -> [T; 8] {
        [
            self.auc,
            self.equal_error_rate,
            self.recall_at_1,
            self.recall_at_5,
            self.balanced_accuracy,
            self.calibration_error,
            self.brier,
            self.cllr,
        ]
    }
}
