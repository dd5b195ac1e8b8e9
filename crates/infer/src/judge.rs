//! What every pipeline is: something that sees items one by one and then has an opinion, or a reason not to.

use dk_app::{ErrorCode, StopToken};
use dk_domain::{
    Calibration, Evidence, MediaKind, OperatingPoint, Opinion, OutOfRange, Outcome, Platt, Probability,
    Reason, Score, Span, Weight, merge_spans,
};

use crate::engine::{RunError, Tensor, TensorError};
use crate::package::{Activation, Head, Manifest, Net};
use crate::picture_input::ResizePictureError;

/// One model's work on one file.
pub(crate) trait Judge<Item>: Send {
    /// Takes the next item in order of time.
    fn see(&mut self, item: &Item, stop: &StopToken) -> Result<(), Failure>;

    /// Comes to an opinion; nothing is seen after that.
    fn conclude(&mut self, stop: &StopToken) -> Result<Outcome, Failure>;
}

/// Why a pipeline ended without an outcome.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    #[error("stopped")]
    Stopped,
    #[error(transparent)]
    Run(RunError),
    #[error("the net's answer has {found} values, and column {index} was to be read")]
    Column { found: usize, index: usize },
    #[error("the linear head has {head} weights and the net's answer {found} values")]
    HeadLength { head: usize, found: usize },
    #[error("the net's answer cannot be used")]
    Answer(#[from] TensorError),
    #[error("the net's score cannot be used")]
    Score(#[from] OutOfRange),
    #[error("a picture could not be prepared")]
    Picture(#[from] ResizePictureError),
    #[error("{0}")]
    Broken(String),
}

impl From<RunError> for Failure {
    fn from(error: RunError) -> Self {
        if matches!(error, RunError::Stopped) { Self::Stopped } else { Self::Run(error) }
    }
}

impl Failure {
    pub(crate) fn code(&self) -> ErrorCode {
        if matches!(self, Self::Stopped) { ErrorCode::Stopped } else { ErrorCode::ModelFailed }
    }
}

/// How one package turns a net's answer into scores, probabilities and an opinion.
#[derive(Debug, Clone)]
pub(crate) struct Reading {
    net: Net,
    head: Option<Head>,
    calibration: Calibration,
    weight: Weight,
}

impl Reading {
    /// For a package without a calibration, which decides nothing, the plain logistic function is shown.
    pub(crate) fn new(
        manifest: &Manifest,
        net: &Net,
        head: Option<&Head>,
        kind: MediaKind,
    ) -> Result<Self, Failure> {
        let plain = || {
            let platt = Platt::new(1.0, 0.0).map_err(|error| Failure::Broken(error.to_string()))?;
            let point =
                OperatingPoint::new(0.05, 0.95).map_err(|error| Failure::Broken(error.to_string()))?;
            Ok::<_, Failure>(Calibration { platt, point })
        };
        let calibration = manifest.calibration_for(kind).map_or_else(plain, Ok)?;
        Ok(Self { net: net.clone(), head: head.cloned(), calibration, weight: manifest.weight })
    }

    /// The raw score in one row of the net's answer; higher means "more likely synthetic".
    pub(crate) fn score(&self, row: Tensor) -> Result<f64, Failure> {
        let values = row.into_finite_floats()?;
        if let Some(head) = &self.head {
            return head_score(head, &values, self.net.head.as_ref().is_some_and(|h| h.normalise));
        }
        let index = self.net.index;
        let value = *values.get(index).ok_or(Failure::Column { found: values.len(), index })?;
        let value = f64::from(value);
        let turned = self.net.speaks_for_real;
        Ok(match self.net.activation {
            Activation::None => signed(value, turned),
            Activation::Logit => {
                let p = value.clamp(1e-6, 1.0 - 1e-6);
                signed((p / (1.0 - p)).ln(), turned)
            }
            Activation::Sigmoid => share(1.0 / (1.0 + (-value).exp()), turned),
            Activation::Softmax => {
                let top = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let sum: f64 = values.iter().map(|v| f64::from(v - top).exp()).sum();
                share((value - f64::from(top)).exp() / sum, turned)
            }
        })
    }

    /// The calibrated probability of a raw score.
    pub(crate) fn probability(&self, score: f64) -> Result<Probability, Failure> {
        Ok(self.calibration.platt.probability(Score::new(score)?))
    }

    /// Whether a span with this probability stands out.
    pub(crate) fn stands_out(&self, probability: Probability) -> bool {
        probability >= self.calibration.point.fake_at()
    }

    /// The opinion on the whole file. Spans of a model that decides nothing are no suspicion. A model that reads a mark
    /// says nothing where it finds none.
    pub(crate) fn opinion(
        &self,
        score: f64,
        evidence: Evidence,
        spans: Vec<Span>,
        gap_ms: u64,
        mut reasons: Vec<Reason>,
    ) -> Result<Outcome, Failure> {
        let probability = self.probability(score)?;
        if self.weight == Weight::Declared {
            if !self.stands_out(probability) {
                return Ok(Outcome::NotApplicable(vec![Reason::NoMark]));
            }
            reasons.push(Reason::MarkFound);
        }
        let spans = if self.weight == Weight::Unrated {
            reasons.push(Reason::Unrated);
            Vec::new()
        } else {
            merge_spans(spans, gap_ms)
        };
        Ok(Outcome::Answer(Box::new(Opinion {
            score: Score::new(score)?,
            probability,
            point: (self.weight != Weight::Unrated).then_some(self.calibration.point),
            evidence,
            spans,
            reasons,
            left_out: 0,
        })))
    }
}

fn signed(value: f64, turned: bool) -> f64 {
    if turned { -value } else { value }
}

fn share(value: f64, turned: bool) -> f64 {
    if turned { 1.0 - value } else { value }
}

fn head_score(head: &Head, values: &[f32], normalise: bool) -> Result<f64, Failure> {
    if head.weights.len() != values.len() {
        return Err(Failure::HeadLength { head: head.weights.len(), found: values.len() });
    }
    let dot: f64 = head.weights.iter().zip(values).map(|(w, v)| f64::from(*w) * f64::from(*v)).sum();
    let length = if normalise {
        values.iter().map(|v| f64::from(*v).powi(2)).sum::<f64>().sqrt().max(1e-12)
    } else {
        1.0
    };
    Ok(dot / length + f64::from(head.bias))
}
