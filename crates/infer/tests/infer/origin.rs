//! What files say of themselves, through the whole detector: credentials are validated in the limited child.

use std::path::PathBuf;

use dk_app::{Detection, Detector, Effort, Request, Silent, StopToken};
use dk_domain::{CredentialState, Finding, Outcome, Prediction, Reason, TraceKind, conclude};
use dk_infer::engine::EngineChoice;

use crate::setup::{Bench, bench, checkout};

fn file(name: &str) -> PathBuf {
    checkout().join("testdata/provenance").join(name)
}

fn detect(bench: &Bench, name: &str, models: &[&str], effort: Effort) -> Detection {
    let models: Vec<_> = models.iter().map(|model| model.parse().unwrap()).collect();
    let request = Request { path: &file(name), models: &models, illustrate: false, effort };
    bench.detector.detect(&request, &Silent, &StopToken::new()).unwrap()
}

fn finding(bench: &Bench, name: &str) -> Finding {
    let detection = detect(bench, name, &["file-origin"], Effort::Enough);
    assert!(detection.failures.is_empty(), "{name}: {:?}", detection.failures);
    let [finding] = <[Finding; 1]>::try_from(detection.findings).unwrap();
    finding
}

#[test]
fn a_note_of_every_kind_declares_ai() {
    let bench = bench(EngineChoice::Auto, None);
    for (name, rule) in [
        ("webui.png", "sd-webui-parameters"),
        ("webui-packed.png", "sd-webui-parameters"),
        ("webui.jpg", "sd-webui-parameters"),
        ("webui.webp", "sd-webui-parameters"),
        ("comfyui.png", "comfyui-prompt"),
        ("comfyui.webp", "comfyui-workflow"),
        ("comfyui.mp4", "comfyui-prompt"),
        ("comfyui-keys.mp4", "comfyui-prompt"),
        ("comfyui.webm", "comfyui-prompt"),
        ("invokeai.png", "invokeai-metadata"),
        ("novelai.png", "novelai-comment"),
        ("fooocus.png", "fooocus-parameters"),
        ("midjourney.png", "midjourney-description"),
        ("flux.jpg", "flux-exif"),
        ("source-type.jpg", "digital-source-type"),
        ("google-credit.jpg", "google-ai-credit"),
        ("aigc.webp", "tc260-aigc"),
        ("suno.mp3", "suno-comment"),
        ("suno.ogg", "suno-comment"),
        ("suno.wav", "suno-comment"),
        ("watermark-stable-diffusion.png", "dwt-dct-watermark"),
        ("watermark-sdxl.png", "dwt-dct-watermark"),
        ("watermark-flux.png", "dwt-dct-watermark"),
        ("watermark-flux.jpg", "dwt-dct-watermark"),
    ] {
        let finding = finding(&bench, name);
        assert_eq!(finding.prediction(), Prediction::Fake, "{name}: {:?}", finding.outcome);
        let origin = finding.origin.unwrap();
        assert_eq!(
            (origin.traces[0].rule.as_str(), origin.traces[0].kind),
            (rule, TraceKind::Declaration),
            "{name}"
        );
    }
}

#[test]
fn what_only_looks_alike_declares_nothing_and_silence_has_a_reason() {
    let bench = bench(EngineChoice::Auto, None);
    for (name, why) in [
        ("caption.jpg", Reason::NoOrigin),
        ("silent.png", Reason::NoOrigin),
        ("edited.jpg", Reason::OriginUndecided),
        ("resized.png", Reason::OriginUndecided),
        ("enhanced.jpg", Reason::OriginUndecided),
        ("credentials-unknown-signer.jpg", Reason::OriginUndecided),
        ("credentials-cropped.jpg", Reason::OriginUndecided),
        ("credentials-tampered.jpg", Reason::CredentialsInvalid),
        ("credentials-moved.jpg", Reason::CredentialsInvalid),
    ] {
        assert_eq!(finding(&bench, name).outcome, Outcome::NotApplicable(vec![why]), "{name}");
    }
}

#[test]
fn credentials_are_told_apart_and_their_chain_is_kept() {
    use CredentialState::{Invalid, Trusted, Valid};
    let bench = bench(EngineChoice::Auto, None);
    for (name, state, says, manifests) in [
        ("credentials-camera.jpg", Trusted, Prediction::Real, 1),
        ("credentials-unknown-signer.jpg", Valid, Prediction::NotApplicable, 1),
        ("credentials-generated.jpg", Valid, Prediction::Fake, 1),
        ("credentials-generated.png", Valid, Prediction::Fake, 1),
        ("credentials-generated.mp4", Valid, Prediction::Fake, 1),
        ("credentials-generated.wav", Valid, Prediction::Fake, 1),
        ("credentials-generated-trusted.jpg", Trusted, Prediction::Fake, 1),
        ("credentials-edited-with-ai.jpg", Trusted, Prediction::Fake, 2),
        ("credentials-cropped.jpg", Trusted, Prediction::NotApplicable, 2),
        ("credentials-with-ai-part.jpg", Trusted, Prediction::Fake, 2),
        ("credentials-tampered.jpg", Invalid, Prediction::NotApplicable, 1),
        ("credentials-moved.jpg", Invalid, Prediction::NotApplicable, 1),
    ] {
        let finding = finding(&bench, name);
        let found = finding.origin.as_ref().and_then(|origin| origin.credentials.clone()).unwrap();
        assert_eq!((found.state, finding.prediction()), (state, says), "{name}: {found:?}");
        assert_eq!(found.manifests.len(), manifests, "{name}");
        assert_eq!(found.problems.is_empty(), state != Invalid, "{name}: {:?}", found.problems);
    }
}

#[test]
fn where_the_file_decides_no_net_runs_unless_it_was_asked_for() {
    let bench = bench(EngineChoice::Auto, None);
    let decided = detect(&bench, "webui.png", &[], Effort::Enough);
    let verdict = conclude(&decided.findings, decided.failures.len());
    assert_eq!(verdict.prediction, Prediction::Fake);
    assert_eq!(verdict.reasons.first(), Some(&Reason::DeclaredAi));
    let skipped =
        |finding: &&Finding| finding.outcome == Outcome::NotApplicable(vec![Reason::DecidedByOrigin]);
    assert_eq!(decided.findings.iter().filter(skipped).count(), decided.findings.len() - 1);
    let all = detect(&bench, "webui.png", &[], Effort::All);
    assert_eq!(all.findings.iter().filter(skipped).count(), 0);
    let silent = detect(&bench, "silent.png", &[], Effort::Enough);
    assert_eq!(silent.findings.iter().filter(skipped).count(), 0);
}

#[test]
fn damaged_credentials_are_survived_and_never_say_anything_else_that_is_trusted() {
    let bench = bench(EngineChoice::Auto, None);
    let good = finding(&bench, "credentials-camera.jpg");
    let whole = std::fs::read(file("credentials-camera.jpg")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let manifest = whole.windows(4).position(|part| part == b"jumb").unwrap();
    for step in 0..24usize {
        let mut damaged = whole.clone();
        // Within the manifest store, which is most of the file; lengths of boxes are among what is hit.
        let at = manifest + 4 + step * 97;
        damaged[at..at + 3].copy_from_slice(&[0xff, 0x7f, step as u8]);
        let path = folder.path().join(format!("{step}.jpg"));
        std::fs::write(&path, &damaged).unwrap();
        let models = ["file-origin".parse().unwrap()];
        let request = Request { path: &path, models: &models, illustrate: false, effort: Effort::All };
        let detection = bench.detector.detect(&request, &Silent, &StopToken::new()).unwrap();
        let origin = detection.findings[0].origin.as_ref();
        let state = origin.and_then(|origin| origin.credentials.as_ref()).map(|found| found.state);
        // Some bytes are room that the signature leaves free; then all that is said must be as it was.
        if state == Some(CredentialState::Trusted) {
            assert_eq!(origin, good.origin.as_ref(), "{at}");
        } else {
            assert_ne!(detection.findings[0].prediction(), Prediction::Real, "{at}");
        }
    }
}
