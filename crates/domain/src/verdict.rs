//! The one rule that turns what several models say into what is said of the file.
//!
//! The words for people, with examples, are in `docs/verdict.md`; this is the rule itself:
//!
//! 1. A model that could not look, and a model that has never been rated, decide nothing.
//! 2. Models of one family look for the same trace. Each opinion is placed on the scale of its own
//!    thresholds; the family says the mean of its members, so a twin changes nothing.
//! 3. Families look for different things, and one altered part makes an altered file: FAKE if one
//!    family says so; else INCONCLUSIVE if one cannot tell; else REAL, that is, no sign found.
//! 4. Nobody left who looked: NOT_APPLICABLE.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Family, Finding, Opinion, Outcome, Prediction, Probability, Reason, Weight};

/// What is said of the whole file.
#[derive(Debug, Clone, PartialEq)]
pub struct Verdict {
    /// The answer.
    pub prediction: Prediction,
    /// Probability of the family that decided; `None` when nobody looked.
    pub probability: Option<Probability>,
    /// The family that decided.
    pub decided_by: Option<Family>,
    /// Why, in order of the list of reasons, each once.
    pub reasons: Vec<Reason>,
}

impl Verdict {
    /// How sure the answer is of itself; see [`Prediction::confidence`].
    pub fn confidence(&self) -> Option<f64> {
        self.prediction.confidence(self.probability?)
    }
}

/// What one family says.
struct FamilyView<'a> {
    family: &'a Family,
    prediction: Prediction,
    probability: Probability,
    disagrees: bool,
}

/// Applies the rule to all findings on one file. `failed` is the number of models that ended with an
/// error; a failure decides nothing and is named.
pub fn conclude(findings: &[Finding], failed: usize) -> Verdict {
    let mut families: BTreeMap<&Family, Vec<&Opinion>> = BTreeMap::new();
    let mut reasons = BTreeSet::new();
    for finding in findings {
        match &finding.outcome {
            Outcome::Answer(_) if finding.weight == Weight::Unrated => {
                reasons.insert(Reason::Unrated);
            }
            Outcome::Answer(opinion) => {
                reasons.extend(opinion.reasons.iter().filter(|reason| **reason == Reason::PartOnly));
                families.entry(&finding.family).or_default().push(opinion);
            }
            Outcome::NotApplicable(why) => reasons.extend(why),
        }
    }
    if failed > 0 {
        reasons.insert(Reason::ModelFailed);
    }
    if findings.is_empty() && failed == 0 {
        reasons.insert(Reason::NoModel);
    }
    let views: Vec<FamilyView<'_>> =
        families.into_iter().map(|(family, opinions)| family_view(family, &opinions)).collect();
    decide(&views, reasons)
}

fn decide(views: &[FamilyView<'_>], mut reasons: BTreeSet<Reason>) -> Verdict {
    let strongest = views.iter().max_by(|a, b| {
        let by_prediction = rank(a.prediction).cmp(&rank(b.prediction));
        by_prediction.then(a.probability.get().total_cmp(&b.probability.get()))
    });
    let Some(view) = strongest else {
        return Verdict {
            prediction: Prediction::NotApplicable,
            probability: None,
            decided_by: None,
            reasons: reasons.into_iter().collect(),
        };
    };
    if view.prediction == Prediction::Inconclusive {
        reasons.insert(if view.disagrees { Reason::ModelsDisagree } else { Reason::BetweenThresholds });
    }
    Verdict {
        prediction: view.prediction,
        probability: Some(view.probability),
        decided_by: Some(view.family.clone()),
        reasons: reasons.into_iter().collect(),
    }
}

/// One altered part makes an altered file, and one open question keeps it open.
fn rank(prediction: Prediction) -> u8 {
    match prediction {
        Prediction::Fake => 3,
        Prediction::Inconclusive => 2,
        Prediction::Real => 1,
        Prediction::NotApplicable => 0,
    }
}

/// The mean of the family's members, each measured from its own thresholds in log-odds.
fn family_view<'a>(family: &'a Family, opinions: &[&Opinion]) -> FamilyView<'a> {
    let mean =
        |of: &dyn Fn(&Opinion) -> f64| opinions.iter().map(|o| of(o)).sum::<f64>() / opinions.len() as f64;
    let above_fake = mean(&|o| o.probability.log_odds() - o.calibration.point.fake_at().log_odds());
    let below_real = mean(&|o| o.calibration.point.real_below().log_odds() - o.probability.log_odds());
    // A single member says exactly what it says alone; rounding in the logarithms must not change that.
    let prediction = match opinions {
        [only] => only.prediction(),
        _ if above_fake >= 0.0 => Prediction::Fake,
        _ if below_real > 0.0 => Prediction::Real,
        _ => Prediction::Inconclusive,
    };
    let said: BTreeSet<u8> = opinions.iter().map(|o| rank(o.prediction())).collect();
    FamilyView {
        family,
        prediction,
        probability: Probability::from_log_odds(mean(&|o| o.probability.log_odds())),
        disagrees: said.contains(&rank(Prediction::Fake)) && said.contains(&rank(Prediction::Real)),
    }
}

#[cfg(test)]
mod tests;
