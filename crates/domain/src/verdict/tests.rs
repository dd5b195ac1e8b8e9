//! The rule by examples (the same as in `docs/verdict.md`) and by properties.

use super::*;
use crate::Opinion;
use crate::{Evidence, ModelId, OperatingPoint, Score, Sha256};
use proptest::prelude::*;

const FAKE_AT: f64 = 0.9;
const REAL_BELOW: f64 = 0.2;

fn finding(family: &str, weight: Weight, outcome: Outcome) -> Finding {
    Finding {
        model: ModelId {
            name: "some-model".parse().unwrap(),
            version: "1.0.0".into(),
            sha256: Sha256::from([0; 32]),
            engine: "none".into(),
        },
        family: family.parse().unwrap(),
        weight,
        outcome,
        origin: None,
        took_secs: 0.0,
    }
}

fn says_at(family: &str, weight: Weight, p: f64, real_below: f64, fake_at: f64) -> Finding {
    let opinion = Opinion {
        score: Score::new(0.0).unwrap(),
        probability: Probability::new(p).unwrap(),
        point: (weight != Weight::Unrated).then(|| OperatingPoint::new(real_below, fake_at).unwrap()),
        evidence: Evidence::Audio { windows: vec![] },
        spans: vec![],
        reasons: vec![],
        left_out: 0,
    };
    finding(family, weight, Outcome::Answer(Box::new(opinion)))
}

fn says(family: &str, p: f64) -> Finding {
    says_at(family, Weight::Weak, p, REAL_BELOW, FAKE_AT)
}

fn cannot(family: &str, why: Reason) -> Finding {
    finding(family, Weight::Weak, Outcome::NotApplicable(vec![why]))
}

const DECLARED_AI: f64 = 0.999;
const CAPTURED: f64 = 0.02;

fn declares(p: f64) -> Finding {
    says_at("origin", Weight::Declared, p, REAL_BELOW, FAKE_AT)
}

fn silent_file() -> Finding {
    finding("origin", Weight::Declared, Outcome::NotApplicable(vec![Reason::NoOrigin]))
}

/// A net that reads a generator's mark.
fn marked() -> Finding {
    let mut finding = says_at("mark", Weight::Declared, DECLARED_AI, 0.0, FAKE_AT);
    let Outcome::Answer(opinion) = &mut finding.outcome else { panic!("no answer") };
    opinion.reasons.push(Reason::MarkFound);
    finding
}

fn unmarked() -> Finding {
    finding("mark", Weight::Declared, Outcome::NotApplicable(vec![Reason::NoMark]))
}

#[test]
fn the_examples_of_the_documentation_hold() {
    use Prediction::{Fake, Inconclusive, NotApplicable, Real};
    let table: Vec<(&str, Vec<Finding>, Prediction)> = vec![
        ("one model, signs", vec![says("image", 0.95)], Fake),
        ("one model, no sign", vec![says("image", 0.05)], Real),
        ("one model, between", vec![says("image", 0.5)], Inconclusive),
        ("clean picture, fake voice", vec![says("image", 0.05), says("speech", 0.97)], Fake),
        ("clean picture, open voice", vec![says("image", 0.05), says("speech", 0.5)], Inconclusive),
        ("no face, clean picture", vec![cannot("face", Reason::NoFace), says("image", 0.05)], Real),
        ("nobody could look", vec![cannot("face", Reason::NoFace)], NotApplicable),
        ("only an unrated model", vec![says_at("face", Weight::Unrated, 0.99, 0.2, 0.9)], NotApplicable),
        (
            "unrated beside rated",
            vec![says_at("face", Weight::Unrated, 0.99, 0.2, 0.9), says("image", 0.05)],
            Real,
        ),
        ("twins disagree", vec![says("image", 0.99), says("image", 0.05)], Inconclusive),
        ("declared AI, clean picture", vec![declares(DECLARED_AI), says("image", 0.05)], Fake),
        ("declared AI alone", vec![declares(DECLARED_AI)], Fake),
        ("signed capture alone", vec![declares(CAPTURED)], Real),
        ("signed capture, open picture", vec![declares(CAPTURED), says("image", 0.5)], Real),
        ("signed capture, fake picture", vec![declares(CAPTURED), says("image", 0.95)], Fake),
        ("silent file, clean picture", vec![silent_file(), says("image", 0.05)], Real),
        ("silent file alone", vec![silent_file()], NotApplicable),
        ("marked voice, open voice model", vec![marked(), says("speech", 0.5)], Fake),
        ("no mark, clean picture", vec![unmarked(), says("image", 0.05)], Real),
        ("no mark alone", vec![unmarked()], NotApplicable),
        ("no model at all", vec![], NotApplicable),
    ];
    for (name, findings, expected) in table {
        assert_eq!(conclude(&findings, 0).prediction, expected, "{name}");
    }
}

#[test]
fn a_disagreement_a_failure_and_an_empty_house_are_named() {
    assert!(
        conclude(&[says("image", 0.99), says("image", 0.05)], 0).reasons.contains(&Reason::ModelsDisagree)
    );
    assert_eq!(conclude(&[], 1).reasons, [Reason::ModelFailed]);
    assert_eq!(conclude(&[], 0).reasons, [Reason::NoModel]);
}

#[test]
fn a_declared_origin_is_named_whoever_else_spoke() {
    let declared = conclude(&[declares(DECLARED_AI), says("image", 0.9999)], 0);
    assert_eq!(declared.decided_by.unwrap().as_str(), "origin");
    assert_eq!(declared.reasons, [Reason::DeclaredAi]);
    let both = conclude(&[declares(CAPTURED), says("image", 0.95)], 0);
    assert_eq!(both.decided_by.unwrap().as_str(), "image");
    assert_eq!(both.reasons, [Reason::SignedCapture]);
    let silent = conclude(&[silent_file(), says("image", 0.05)], 0);
    assert_eq!(silent.reasons, [Reason::NoOrigin]);
}

#[test]
fn a_mark_is_named_as_a_mark_and_a_declaration_as_one() {
    let mark = conclude(&[marked(), says("speech", 0.5), cannot("face", Reason::NoFace)], 0);
    assert_eq!(mark.decided_by.unwrap().as_str(), "mark");
    assert_eq!(mark.reasons, [Reason::NoFace, Reason::MarkFound]);
    let both = conclude(&[marked(), declares(DECLARED_AI)], 0);
    assert_eq!(both.reasons, [Reason::DeclaredAi, Reason::MarkFound]);
    let signed = conclude(&[marked(), declares(CAPTURED)], 0);
    assert_eq!(signed.prediction, Prediction::Fake);
    assert_eq!(signed.reasons, [Reason::MarkFound, Reason::SignedCapture], "both are said");
}

#[test]
fn that_a_copy_may_have_lost_signs_is_said_where_none_was_found_and_nowhere_else() {
    let copy = || {
        let why = vec![Reason::NoOrigin, Reason::MayBeACopy];
        finding("origin", Weight::Declared, Outcome::NotApplicable(why))
    };
    let said = |findings: &[Finding]| conclude(findings, 0).reasons.contains(&Reason::MayBeACopy);
    assert!(said(&[copy(), says("image", 0.05)]));
    for p in [0.5, 0.95] {
        assert!(!said(&[copy(), says("image", p)]), "{p}");
    }
    assert!(
        !said(&[copy()])
            && !said(&[copy(), declares(CAPTURED)])
            && !said(&[silent_file(), says("image", 0.05)])
    );
}

#[test]
fn a_cautious_and_a_bold_model_of_one_family_meet_on_their_own_thresholds() {
    // Both stand exactly on their own threshold, so the family stands on its threshold too.
    let bold = says_at("image", Weight::Weak, 0.6, 0.1, 0.6);
    let cautious = says_at("image", Weight::Weak, 0.99, 0.1, 0.99);
    assert_eq!(conclude(&[bold, cautious], 0).prediction, Prediction::Fake);
}

fn any_finding() -> impl Strategy<Value = Finding> {
    let family = prop::sample::select(vec!["image", "speech", "face"]);
    let answer = (family.clone(), 0.0f64..=1.0).prop_map(|(f, p)| says(f, p));
    let unrated =
        (family.clone(), 0.0f64..=1.0).prop_map(|(f, p)| says_at(f, Weight::Unrated, p, REAL_BELOW, FAKE_AT));
    let silent = family.prop_map(|f| cannot(f, Reason::NoFace));
    let declared = prop::sample::select(vec![DECLARED_AI, CAPTURED]).prop_map(declares);
    prop_oneof![8 => answer, 2 => unrated, 2 => silent, 1 => declared, 1 => Just(silent_file())]
}

proptest! {
    #[test]
    fn the_order_of_models_changes_nothing(
        (sorted, shuffled) in prop::collection::vec(any_finding(), 0..8)
            .prop_flat_map(|v| (Just(v.clone()), Just(v).prop_shuffle())),
    ) {
        let (a, b) = (conclude(&sorted, 0), conclude(&shuffled, 0));
        prop_assert_eq!(a.prediction, b.prediction);
        prop_assert_eq!(a.reasons, b.reasons);
    }

    #[test]
    fn an_abstention_or_an_unrated_score_never_changes_the_prediction(
        findings in prop::collection::vec(any_finding(), 0..6), p in 0.0f64..=1.0,
    ) {
        let before = conclude(&findings, 0).prediction;
        for extra in [cannot("speech", Reason::NoSpeech), says_at("face", Weight::Unrated, p, 0.2, 0.9)] {
            let mut more = findings.clone();
            more.push(extra);
            prop_assert_eq!(conclude(&more, 0).prediction, before);
        }
        prop_assert_eq!(conclude(&findings, 3).prediction, before);
    }

    #[test]
    fn a_twin_of_every_model_changes_nothing(findings in prop::collection::vec(any_finding(), 0..6)) {
        let twice: Vec<_> = findings.iter().flat_map(|f| [f.clone(), f.clone()]).collect();
        prop_assert_eq!(conclude(&findings, 0).prediction, conclude(&twice, 0).prediction);
    }

    #[test]
    fn a_declared_ai_origin_is_fake_whatever_the_models_say(
        findings in prop::collection::vec(any_finding(), 0..6),
    ) {
        let mut more = findings;
        more.push(declares(DECLARED_AI));
        prop_assert_eq!(conclude(&more, 0).prediction, Prediction::Fake);
    }

    #[test]
    fn a_signed_capture_never_lifts_what_a_model_calls_fake(
        findings in prop::collection::vec(any_finding(), 0..6),
    ) {
        let before = conclude(&findings, 0).prediction;
        let mut more = findings;
        more.push(declares(CAPTURED));
        prop_assert_eq!(conclude(&more, 0).prediction == Prediction::Fake, before == Prediction::Fake);
    }

    #[test]
    fn more_suspicion_never_makes_a_file_look_cleaner(
        findings in prop::collection::vec(any_finding(), 1..6), which in 0usize..6, by in 0.0f64..1.0,
    ) {
        let which = which % findings.len();
        let mut raised = findings.clone();
        if let Outcome::Answer(opinion) = &mut raised[which].outcome {
            let p = opinion.probability.get();
            opinion.probability = Probability::new((p + by * (1.0 - p)).min(1.0)).unwrap();
        }
        prop_assert!(rank(conclude(&raised, 0).prediction) >= rank(conclude(&findings, 0).prediction)
            || findings.iter().all(|f| f.weight == Weight::Unrated));
    }

    #[test]
    fn real_is_said_only_when_every_family_that_looked_says_so_or_a_camera_signed_and_none_says_fake(
        findings in prop::collection::vec(any_finding(), 0..6),
    ) {
        if conclude(&findings, 0).prediction == Prediction::Real {
            let signed = findings.iter()
                .any(|f| f.weight == Weight::Declared && f.prediction() == Prediction::Real);
            let rated: Vec<_> = findings.iter().filter(|f| f.weight != Weight::Unrated)
                .filter(|f| matches!(f.outcome, Outcome::Answer(_))).cloned().collect();
            prop_assert!(!rated.is_empty());
            for family in ["image", "speech", "face"] {
                let own: Vec<_> = rated.iter().filter(|f| f.family.as_str() == family).cloned().collect();
                let said = conclude(&own, 0).prediction;
                let open = signed && said == Prediction::Inconclusive;
                prop_assert!(own.is_empty() || open || said == Prediction::Real);
            }
        }
    }
}
