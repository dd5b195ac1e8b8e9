//! Raw scores, calibrated probabilities, and the four things that can be said of a file.

use std::fmt;

/// What a net says: any finite number, higher means "more likely synthetic". Not a probability.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Score(f64);

/// Calibrated probability that the medium was made or altered by AI, 0 to 1, never NaN.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Probability(f64);

/// A number that is not what its type promises.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("{value} is not {expected}")]
pub struct OutOfRange {
    /// The number that was given.
    pub value: f64,
    /// What was expected.
    pub expected: &'static str,
}

impl Score {
    /// Takes any finite number.
    pub fn new(value: f64) -> Result<Self, OutOfRange> {
        if value.is_finite() {
            Ok(Self(value))
        } else {
            Err(OutOfRange { value, expected: "a finite score" })
        }
    }

    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl Probability {
    /// Takes a number from 0 to 1.
    pub fn new(value: f64) -> Result<Self, OutOfRange> {
        if (0.0..=1.0).contains(&value) {
            Ok(Self(value))
        } else {
            Err(OutOfRange { value, expected: "a probability between 0 and 1" })
        }
    }

    /// The logistic function of a log-odds, which is how a calibrated score becomes a probability.
    /// A log-odds that is not a number says nothing, so it becomes one half.
    pub fn from_log_odds(log_odds: f64) -> Self {
        if log_odds.is_nan() {
            return Self(0.5);
        }
        Self(1.0 / (1.0 + (-log_odds).exp()))
    }

    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }

    /// `ln(p / (1 - p))`, kept within ±20 so that one over-confident model cannot drown all others.
    pub fn log_odds(self) -> f64 {
        (self.0 / (1.0 - self.0)).ln().clamp(-20.0, 20.0)
    }
}

/// What is said of a file or by one model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Prediction {
    /// Signs of synthesis or alteration above the threshold set for the stated false-positive rate.
    Fake,
    /// No sign found. Never a proof that the medium is authentic.
    Real,
    /// Looked at, and the evidence is not enough to say either.
    Inconclusive,
    /// Could not be looked at; the reasons say why.
    NotApplicable,
}

impl Prediction {
    /// Every value there is.
    pub const ALL: [Self; 4] = [Self::Fake, Self::Real, Self::Inconclusive, Self::NotApplicable];

    /// The name in messages, kept as the outside contract has it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Fake => "FAKE",
            Self::Real => "REAL",
            Self::Inconclusive => "INCONCLUSIVE",
            Self::NotApplicable => "NOT_APPLICABLE",
        }
    }

    /// How sure the prediction is of itself, given P(synthetic): `p` for FAKE, `1 - p` for REAL. What
    /// cannot tell has none.
    pub fn confidence(self, probability: Probability) -> Option<f64> {
        match self {
            Self::Fake => Some(probability.get()),
            Self::Real => Some(1.0 - probability.get()),
            Self::Inconclusive | Self::NotApplicable => None,
        }
    }

    /// What it means, in words that promise no more than is known.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Fake => "signs of AI generation or alteration found",
            Self::Real => "no sign found (this does not prove that it is authentic)",
            Self::Inconclusive => "cannot tell: the evidence is not strong enough either way",
            Self::NotApplicable => "not evaluated: no model that may decide could look at it",
        }
    }
}

impl std::str::FromStr for Prediction {
    type Err = crate::UnknownWord;

    fn from_str(word: &str) -> Result<Self, crate::UnknownWord> {
        crate::parse_word(word, &Self::ALL, Self::as_str)
    }
}

impl fmt::Display for Prediction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_is_not_a_number_becomes_a_score_or_a_probability() {
        assert!(Score::new(f64::NAN).is_err());
        assert!(Score::new(f64::INFINITY).is_err());
        for bad in [f64::NAN, -0.1, 1.1] {
            assert!(Probability::new(bad).is_err());
        }
        assert_eq!(Probability::from_log_odds(f64::NAN).get().to_bits(), 0.5f64.to_bits());
        assert!(Probability::new(1.0).unwrap().log_odds().is_finite());
        assert!(Probability::new(0.0).unwrap().log_odds().is_finite());
    }
}
