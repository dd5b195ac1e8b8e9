//! The use-case against a detector made of plain values.

use std::path::Path;

use dk_domain::{MediaKind, Prediction, Reason, Sha256, Weight};

use super::*;
use crate::{Detection, Effort, ErrorCode, ModelCard, Quality, Silent, Unready};

struct Fake {
    cards: Vec<ModelCard>,
    failures: Vec<ModelFailure>,
}

fn card(name: &str, state: Result<String, Unready>, is_detector: bool) -> ModelCard {
    ModelCard {
        name: name.parse().unwrap(),
        version: "1.0.0".into(),
        title: name.into(),
        family: "image".parse().unwrap(),
        weight: Weight::Weak,
        kinds: vec![MediaKind::Image],
        pipeline: "image-classifier",
        licence: "MIT".into(),
        origin: String::new(),
        limits: vec![],
        quality: Quality::default(),
        state,
        is_detector,
        on_request: false,
    }
}

impl Detector for Fake {
    fn models(&self) -> Vec<ModelCard> {
        self.cards.clone()
    }

    fn detect(&self, _: &Request<'_>, _: &dyn Progress, stop: &StopToken) -> Result<Detection, DetectError> {
        if stop.is_stopped() {
            return Err(DetectError { code: ErrorCode::Stopped, hint: None, source: "stopped".into() });
        }
        let facts = MediaFacts {
            kind: MediaKind::Image,
            format: "png".into(),
            bytes: 1,
            sha256: Sha256::from([0; 32]),
            duration_ms: None,
            image: None,
            video: None,
            audio: None,
        };
        Ok(Detection {
            facts,
            findings: vec![],
            failures: self.failures.clone(),
            illustration: Illustration::default(),
        })
    }
}

fn run(fake: &Fake, models: &[&str]) -> Result<Report, AnalyzeError> {
    let models: Vec<ModelName> = models.iter().map(|m| m.parse().unwrap()).collect();
    let request = Request { path: Path::new("x"), models: &models, illustrate: false, effort: Effort::All };
    analyze(fake, &request, &Silent, &StopToken::new())
}

#[test]
fn a_model_that_is_not_there_or_not_ready_is_named_before_any_work() {
    let unready = Unready { why: "weights are not there".into(), hint: "pull them".into(), is_absent: true };
    let fake = Fake {
        cards: vec![
            card("good", Ok("rten".into()), true),
            card("poor", Err(unready), true),
            card("helper", Ok("rten".into()), false),
        ],
        failures: vec![],
    };
    let unknown = run(&fake, &["helper"]).unwrap_err().to_string();
    assert_eq!(unknown, "there is no model \"helper\"; installed are good, poor");
    assert!(matches!(run(&fake, &["poor"]), Err(AnalyzeError::UnreadyModel { .. })));
    assert!(run(&fake, &["good"]).is_ok());
}

#[test]
fn when_every_model_fails_nothing_is_said_of_the_file() {
    let failure =
        ModelFailure { model: "good".parse().unwrap(), code: ErrorCode::ModelFailed, message: "x".into() };
    let report = run(&Fake { cards: vec![], failures: vec![failure] }, &[]).unwrap();
    assert_eq!(report.verdict.prediction, Prediction::NotApplicable);
    assert_eq!(report.verdict.reasons, [Reason::ModelFailed]);
}
