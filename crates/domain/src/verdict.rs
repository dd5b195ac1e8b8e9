//! The one rule that turns what several models say into what is said of the file.
//!
//! The words for people, with examples, are in `docs/verdict.md`; this is the rule itself:
//!
//! 1. A model that could not look, and a model that has never been rated, decide nothing.
//! 2. Models of one family look for the same trace. Each opinion is placed on the scale of its own
//!    thresholds; the family says the mean of its members, so a twin changes nothing.
//! 3. Families look for different things, and one altered part makes an altered file: FAKE if one
//!    family says so; else INCONCLUSIVE if one cannot tell; else REAL, that is, no sign found.
//! 4. What the file itself declares goes before all models: a declared AI origin is FAKE, and so is a sound with a
//!    generator's own mark. A recording that a trusted camera signed is REAL where the families cannot tell; where one
//!    says FAKE, that stands and both are said.
//!    A REAL that rests on models alone is said to be unstable where nothing shows that the file is no copy.
//! 5. Nobody left who looked: NOT_APPLICABLE.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Family, Finding, OperatingPoint, Outcome, Prediction, Probability, Reason, Weight};

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

/// What of a finding the rule needs: no evidence, so that it is small enough to be kept beside every result.
#[derive(Debug, Clone, PartialEq)]
pub struct Vote {
    /// What the model looks for.
    pub family: Family,
    /// How much may follow from it.
    pub weight: Weight,
    /// What it says.
    pub says: Says,
}

/// An answer or a reasoned silence.
#[derive(Debug, Clone, PartialEq)]
pub enum Says {
    /// The model looked.
    Answer {
        /// Calibrated probability of the whole file.
        probability: Probability,
        /// Where its predictions change; `None` for a model that was never rated, whose answer decides nothing.
        point: Option<OperatingPoint>,
        /// Remarks.
        reasons: Vec<Reason>,
    },
    /// The model could not look.
    NotApplicable(Vec<Reason>),
}

impl Finding {
    /// What the verdict rule needs of this finding.
    pub fn vote(&self) -> Vote {
        let says = match &self.outcome {
            Outcome::Answer(opinion) => Says::Answer {
                probability: opinion.probability,
                point: opinion.point,
                reasons: opinion.reasons.clone(),
            },
            Outcome::NotApplicable(reasons) => Says::NotApplicable(reasons.clone()),
        };
        Vote { family: self.family.clone(), weight: self.weight, says }
    }
}

/// A rated answer.
struct Rated {
    probability: Probability,
    point: OperatingPoint,
}

impl Rated {
    fn prediction(&self) -> Prediction {
        self.point.prediction(self.probability)
    }
}

/// What one family says.
struct FamilyView<'a> {
    family: &'a Family,
    prediction: Prediction,
    probability: Probability,
    disagrees: bool,
}

/// Applies the rule to all findings on one file; see [`conclude_votes`].
pub fn conclude(findings: &[Finding], failed: usize) -> Verdict {
    let votes: Vec<Vote> = findings.iter().map(Finding::vote).collect();
    conclude_votes(&votes, failed)
}

/// Applies the rule to all votes on one file. `failed` is the number of models that ended with an error; a
/// failure decides nothing and is named.
pub fn conclude_votes(votes: &[Vote], failed: usize) -> Verdict {
    let mut families: BTreeMap<&Family, Vec<Rated>> = BTreeMap::new();
    let mut declared = Vec::new();
    let mut reasons = BTreeSet::new();
    for vote in votes {
        match &vote.says {
            Says::Answer { probability, point: Some(point), reasons: why } => {
                reasons.extend(why.iter().filter(|reason| **reason == Reason::PartOnly));
                let rated = Rated { probability: *probability, point: *point };
                if vote.weight == Weight::Declared {
                    reasons.extend(declaration(&rated, why));
                    declared.push(family_view(&vote.family, &[rated]));
                } else {
                    families.entry(&vote.family).or_default().push(rated);
                }
            }
            Says::Answer { point: None, .. } => {
                reasons.insert(Reason::Unrated);
            }
            Says::NotApplicable(why) => reasons.extend(why),
        }
    }
    if failed > 0 {
        reasons.insert(Reason::ModelFailed);
    }
    if votes.is_empty() && failed == 0 {
        reasons.insert(Reason::NoModel);
    }
    let views: Vec<FamilyView<'_>> =
        families.into_iter().map(|(family, rated)| family_view(family, &rated)).collect();
    decide(strongest(&declared), strongest(&views), reasons)
}

/// How a declaration is named in the verdict.
fn declaration(rated: &Rated, why: &[Reason]) -> Option<Reason> {
    match rated.prediction() {
        Prediction::Fake if why.contains(&Reason::MarkFound) => Some(Reason::MarkFound),
        Prediction::Fake => Some(Reason::DeclaredAi),
        Prediction::Real => Some(Reason::SignedCapture),
        _ => None,
    }
}

/// The view that decides among several.
fn strongest<'a, 'v>(views: &'v [FamilyView<'a>]) -> Option<&'v FamilyView<'a>> {
    views.iter().max_by(|a, b| {
        let by_prediction = rank(a.prediction).cmp(&rank(b.prediction));
        by_prediction.then(a.probability.get().total_cmp(&b.probability.get()))
    })
}

/// What the file declares against what the models saw.
fn decide(
    declared: Option<&FamilyView<'_>>,
    seen: Option<&FamilyView<'_>>,
    mut reasons: BTreeSet<Reason>,
) -> Verdict {
    let view = match declared {
        Some(view) if view.prediction == Prediction::Fake => Some(view),
        Some(view) if view.prediction == Prediction::Real => {
            Some(seen.filter(|seen| seen.prediction == Prediction::Fake).unwrap_or(view))
        }
        // A declaration in between does not come from any package of ours; it may not make a file look cleaner.
        Some(view) => Some(seen.filter(|seen| rank(seen.prediction) > rank(view.prediction)).unwrap_or(view)),
        None => seen,
    };
    let Some(view) = view else {
        reasons.remove(&Reason::MayBeACopy);
        return Verdict {
            prediction: Prediction::NotApplicable,
            probability: None,
            decided_by: None,
            reasons: reasons.into_iter().collect(),
        };
    };
    // Only the absence of signs is in doubt where signs may have been lost.
    if view.prediction != Prediction::Real || reasons.contains(&Reason::SignedCapture) {
        reasons.remove(&Reason::MayBeACopy);
    }
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
fn family_view<'a>(family: &'a Family, opinions: &[Rated]) -> FamilyView<'a> {
    let mean = |of: &dyn Fn(&Rated) -> f64| opinions.iter().map(of).sum::<f64>() / opinions.len() as f64;
    let above_fake = mean(&|o| o.probability.log_odds() - o.point.fake_at().log_odds());
    let below_real = mean(&|o| o.point.real_below().log_odds() - o.probability.log_odds());
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
