//! How a value of a model is read: by the thresholds of its package, and not at all where it is unrated.

use dk_domain::{OperatingPoint, Opinion, Prediction, Probability};

/// What one moment, face, tile or model stands for. Each has a word, a colour and a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reading {
    Sign,
    Unclear,
    NoSign,
    NotJudged,
    /// There is a number, and nobody has measured whether it means anything.
    Unrated,
}

/// Reads the values of one model.
#[derive(Debug, Clone, Copy)]
pub(super) struct Reader(Option<OperatingPoint>);

impl Reader {
    pub(super) fn new(opinion: &Opinion) -> Self {
        Self(opinion.point)
    }

    /// The thresholds, where they mean something.
    pub(super) fn point(self) -> Option<OperatingPoint> {
        self.0
    }

    pub(super) fn read(self, probability: Option<Probability>) -> Reading {
        match (probability, self.0) {
            (None, _) => Reading::NotJudged,
            (Some(_), None) => Reading::Unrated,
            (Some(probability), Some(point)) => point.prediction(probability).into(),
        }
    }
}

impl From<Prediction> for Reading {
    fn from(prediction: Prediction) -> Self {
        match prediction {
            Prediction::Fake => Self::Sign,
            Prediction::Real => Self::NoSign,
            Prediction::Inconclusive => Self::Unclear,
            Prediction::NotApplicable => Self::NotJudged,
        }
    }
}

impl Reading {
    /// All, in the order of the legend.
    pub(super) const ALL: [Self; 5] =
        [Self::Sign, Self::Unclear, Self::NoSign, Self::Unrated, Self::NotJudged];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Sign => "sign found",
            Self::Unclear => "unclear",
            Self::NoSign => "no sign",
            Self::NotJudged => "not judged",
            Self::Unrated => "unrated",
        }
    }

    /// Class of colour, and name of the shape.
    pub(super) fn class(self) -> &'static str {
        match self {
            Self::Sign => "fake",
            Self::Unclear => "open",
            Self::NoSign => "real",
            Self::NotJudged => "none",
            Self::Unrated => "plain",
        }
    }
}
