//! Every package of this repository gives its golden answers on every engine that it allows.

use dk_app::{Detector, StopToken};
use dk_infer::VerifyError;
use dk_infer::engine::EngineChoice;

use crate::setup::{bench, checkout, engines};

#[test]
fn no_package_of_this_repository_is_refused() {
    let bench = bench(EngineChoice::Auto, None);
    for entry in bench.detector.registry().entries() {
        assert!(entry.package.is_ok(), "{}: {}", entry.place, entry.package.as_ref().unwrap_err());
    }
}

#[test]
fn every_ready_package_gives_its_golden_answers_on_every_engine() {
    for (kind, _) in engines() {
        let bench = bench(EngineChoice::Only(kind), None);
        let mut verified = 0;
        for card in bench.detector.models() {
            match bench.detector.verify(&card.name, &checkout(), &StopToken::new()) {
                Ok(cases) => {
                    assert!(
                        cases.iter().all(dk_infer::CaseResult::passed),
                        "{} on {kind:?}: {cases:?}",
                        card.name
                    );
                    verified += 1;
                }
                Err(VerifyError::Unready { name, why, .. }) => eprintln!("skipped {name} on {kind:?}: {why}"),
                Err(error) => panic!("{} on {kind:?}: {error}", card.name),
            }
        }
        assert!(verified >= 3, "at least the helpers are always ready");
    }
}
