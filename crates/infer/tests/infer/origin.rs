//! What files say of themselves, through the whole detector: credentials are validated in the limited child.

use std::path::PathBuf;

use dk_app::{Detection, Detector, Effort, Request, Silent, StopToken};
use dk_domain::{
    CredentialState, Finding, OperatingPoint, Outcome, Prediction, Probability, Reason, Says, TraceKind,
    Vote, Weight, conclude, conclude_votes,
};
use dk_infer::engine::EngineChoice;
use dk_media::{Change, Limits, MediaFile, Tools};

use crate::setup::{Bench, authority, bench, bench_that_trusts, checkout, launcher};

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
        ("novelai-stealth.png", "novelai-comment"),
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
        ("credentials-tampered.jpg", Reason::CredentialsInvalid),
        ("credentials-moved.jpg", Reason::CredentialsInvalid),
    ] {
        let silence = vec![why, Reason::MayBeACopy];
        assert_eq!(finding(&bench, name).outcome, Outcome::NotApplicable(silence), "{name}");
    }
    // What was signed is what is here, whoever signed it.
    for name in ["credentials-unknown-signer.jpg", "credentials-cropped.jpg"] {
        let silence = vec![Reason::OriginUndecided];
        assert_eq!(finding(&bench, name).outcome, Outcome::NotApplicable(silence), "{name}");
    }
}

/// A picture with the notes of a camera: maker, model, time of exposure, and these sides.
fn photograph(width_px: u16, height_px: u16) -> Vec<u8> {
    let mut tiff = b"MM\0*\0\0\0\x08".to_vec();
    let directory = |tiff: &mut Vec<u8>, entries: &[(u16, u16, u32, [u8; 4])]| {
        tiff.extend((entries.len() as u16).to_be_bytes());
        for (tag, kind, count, value) in entries {
            tiff.extend(tag.to_be_bytes());
            tiff.extend(kind.to_be_bytes());
            tiff.extend(count.to_be_bytes());
            tiff.extend(value);
        }
        tiff.extend([0; 4]);
    };
    let side = |px: u16| {
        let [high, low] = px.to_be_bytes();
        [high, low, 0, 0]
    };
    let (maker, model) = ((0x010F, 2, 4, *b"Cam\0"), (0x0110, 2, 4, *b"One\0"));
    directory(&mut tiff, &[maker, model, (0x8769, 4, 1, 50_u32.to_be_bytes())]);
    let sides = [(0xA002, 3, 1, side(width_px)), (0xA003, 3, 1, side(height_px))];
    directory(&mut tiff, &[[(0x829A, 5, 1, 92_u32.to_be_bytes())].as_slice(), &sides].concat());
    tiff.extend([0, 0, 0, 1, 0, 0, 0, 60]);
    let mut jpeg = std::fs::read(checkout().join("testdata/samples/rocket.jpg")).unwrap();
    let size = (tiff.len() + 8) as u16;
    let segment = [b"\xff\xe1".as_slice(), &size.to_be_bytes(), b"Exif\0\0", &tiff].concat();
    jpeg.splice(2..2, segment);
    jpeg
}

#[test]
fn a_copy_is_told_from_what_a_camera_wrote() {
    let bench = bench(EngineChoice::Auto, None);
    let folder = tempfile::tempdir().unwrap();
    let silence = |bytes: &[u8]| {
        let path = folder.path().join("picture");
        std::fs::write(&path, bytes).unwrap();
        let models = ["file-origin".parse().unwrap()];
        let request = Request { path: &path, models: &models, illustrate: false, effort: Effort::All };
        match &bench.detector.detect(&request, &Silent, &StopToken::new()).unwrap().findings[0].outcome {
            Outcome::NotApplicable(why) => why.clone(),
            Outcome::Answer(_) => panic!("it declares something"),
        }
    };
    let (width_px, height_px) = (640, 427);
    assert_eq!(silence(&photograph(width_px, height_px)), [Reason::NoOrigin]);
    assert_eq!(silence(&photograph(height_px, width_px)), [Reason::NoOrigin], "turned by its notes");
    let copy = [Reason::NoOrigin, Reason::MayBeACopy];
    assert_eq!(silence(&photograph(width_px * 2, height_px * 2)), copy, "scaled");
}

#[test]
fn no_changed_copy_of_a_file_that_was_fake_is_called_real_without_a_word() {
    let bench = bench(EngineChoice::Auto, None);
    let (tools, limits, stop) = (Tools::find(launcher()), Limits::default(), StopToken::new());
    let folder = tempfile::tempdir().unwrap();
    for name in ["webui.png", "comfyui.mp4", "suno.wav"] {
        let media = MediaFile::open(&file(name), &tools, &limits, &Silent, &stop).unwrap();
        for change in Change::all(media.facts.kind) {
            let path = folder.path().join(change.name);
            let mut copy = std::fs::File::create(&path).unwrap();
            media.write_changed(change, &mut copy, &stop).unwrap();
            let models = ["file-origin".parse().unwrap()];
            let request = Request { path: &path, models: &models, illustrate: false, effort: Effort::All };
            let finding = bench.detector.detect(&request, &Silent, &stop).unwrap().findings.remove(0);
            let clean = Vote { family: "ai-picture".parse().unwrap(), weight: Weight::Weak, says: no_sign() };
            let verdict = conclude_votes(&[finding.vote(), clean], 0);
            let says_so = verdict.reasons.contains(&Reason::MayBeACopy);
            assert!(
                verdict.prediction == Prediction::Fake || says_so,
                "{name}, {}: {verdict:?}",
                change.name
            );
        }
    }
}

/// What a model says that sees nothing.
fn no_sign() -> Says {
    let (probability, point) = (Probability::new(0.01).unwrap(), OperatingPoint::new(0.1, 0.9).unwrap());
    Says::Answer { probability, point: Some(point), reasons: Vec::new() }
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
fn the_bundled_list_is_trusted_alone_with_others_or_not_at_all() {
    use CredentialState::{Trusted, Valid};
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, pem: &[u8]| {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, pem).unwrap();
        path
    };
    let own = std::fs::read(authority()).unwrap();
    // Where a list could not be read, validation itself would fail, and nothing would be valid.
    for (trust, expected) in [
        (vec![], Valid),
        (vec![put("own.pem", &own)], Trusted),
        (vec![put("replaced/C2PA-TRUST-LIST.pem", &own)], Trusted),
        (vec![put("none/C2PA-TRUST-LIST.pem", b""), put("none/C2PA-TSA-TRUST-LIST.pem", b"")], Valid),
    ] {
        let bench = bench_that_trusts(EngineChoice::Auto, None, trust.clone());
        let found = finding(&bench, "credentials-camera.jpg").origin.unwrap().credentials.unwrap();
        assert_eq!((found.state, found.problems), (expected, Vec::new()), "{trust:?}");
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
