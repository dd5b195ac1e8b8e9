//! From a raw score to a probability, and from a probability to a prediction.
//!
//! A package carries one calibration per kind of media, fitted on data that its card names.

use crate::{OutOfRange, Prediction, Probability, Score};

/// Platt scaling: `p = 1 / (1 + exp(-(slope * score + intercept)))`.
///
/// Source: J. Platt, "Probabilistic Outputs for Support Vector Machines", 1999.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Platt {
    slope: f64,
    intercept: f64,
}

/// Two thresholds on the probability and the error rates for which they were set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct OperatingPoint {
    fake_at: Probability,
    real_below: Probability,
}

/// How one package's score on one kind of media is read.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Calibration {
    /// Score to probability.
    pub platt: Platt,
    /// Probability to prediction.
    pub point: OperatingPoint,
}

/// Why numbers do not make a calibration.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum CalibrationError {
    /// The slope must rise: a higher score always means "more likely synthetic".
    #[error("the slope is {0}, and must be a finite number above 0")]
    Slope(f64),
    /// The intercept must be a number.
    #[error("the intercept is {0}, and must be a finite number")]
    Intercept(f64),
    /// A threshold outside 0 to 1.
    #[error("a threshold is wrong")]
    Threshold(#[from] OutOfRange),
    /// Thresholds the wrong way round leave no room for "cannot tell".
    #[error("real_below is {real_below} and fake_at {fake_at}: the first must be lower")]
    Order {
        /// Below this probability no sign is said to be found.
        real_below: f64,
        /// From this probability on, signs are said to be found.
        fake_at: f64,
    },
}

impl Platt {
    /// Checks both numbers.
    pub fn new(slope: f64, intercept: f64) -> Result<Self, CalibrationError> {
        if !(slope.is_finite() && slope > 0.0) {
            return Err(CalibrationError::Slope(slope));
        }
        if !intercept.is_finite() {
            return Err(CalibrationError::Intercept(intercept));
        }
        Ok(Self { slope, intercept })
    }

    /// The probability for a raw score.
    pub fn probability(self, score: Score) -> Probability {
        Probability::from_log_odds(self.slope.mul_add(score.get(), self.intercept))
    }
}

impl OperatingPoint {
    /// Checks that both are probabilities and that `real_below < fake_at`.
    pub fn new(real_below: f64, fake_at: f64) -> Result<Self, CalibrationError> {
        if real_below >= fake_at {
            return Err(CalibrationError::Order { real_below, fake_at });
        }
        Ok(Self { fake_at: Probability::new(fake_at)?, real_below: Probability::new(real_below)? })
    }

    /// What a probability means at this point. At `fake_at` itself it is FAKE, at `real_below`
    /// itself it is still INCONCLUSIVE.
    pub fn prediction(self, probability: Probability) -> Prediction {
        if probability >= self.fake_at {
            Prediction::Fake
        } else if probability < self.real_below {
            Prediction::Real
        } else {
            Prediction::Inconclusive
        }
    }

    /// From this probability on it is FAKE.
    pub fn fake_at(self) -> Probability {
        self.fake_at
    }

    /// Below this probability it is REAL, that is, no sign was found.
    pub fn real_below(self) -> Probability {
        self.real_below
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wrong_numbers_are_refused_by_name() {
        assert!(matches!(Platt::new(0.0, 0.0), Err(CalibrationError::Slope(_))));
        assert!(matches!(Platt::new(1.0, f64::NAN), Err(CalibrationError::Intercept(_))));
        assert!(matches!(OperatingPoint::new(0.7, 0.3), Err(CalibrationError::Order { .. })));
        assert!(matches!(OperatingPoint::new(0.7, 1.3), Err(CalibrationError::Threshold(_))));
    }

    #[test]
    fn the_thresholds_themselves_fall_on_the_stated_side() {
        let point = OperatingPoint::new(0.2, 0.9).unwrap();
        let at = |p| point.prediction(Probability::new(p).unwrap());
        assert_eq!(at(0.9), Prediction::Fake);
        assert_eq!(at(0.2), Prediction::Inconclusive);
        assert_eq!(at(0.199), Prediction::Real);
    }

    proptest! {
        #[test]
        fn a_higher_score_never_means_a_lower_probability(
            a in -1e6f64..1e6, b in -1e6f64..1e6, slope in 1e-6f64..1e3, intercept in -1e3f64..1e3,
        ) {
            let platt = Platt::new(slope, intercept).unwrap();
            let (low, high) = (a.min(b), a.max(b));
            prop_assert!(
                platt.probability(Score::new(low).unwrap()) <= platt.probability(Score::new(high).unwrap())
            );
        }
    }
}
