//! What a file says of its own origin. Runs no net: it reads traces, has credentials validated in a limited child, and
//! looks into the pixels of a still picture for hidden settings and the open watermark where nothing else has decided.

use std::time::Instant;

use dk_app::StopToken;
use dk_domain::{
    CredentialState, Evidence, Finding, MediaFacts, MediaKind, Opinion, Origin, Outcome, Prediction, Reason,
    Score,
};
use dk_media::{MediaError, MediaFile};
use dk_provenance::{CameraNotes, credentials, stealth, watermark};

use crate::judge::Failure;
use crate::nets::BUILT_IN;
use crate::package::Package;
use crate::passes;
use crate::validator::Validator;

/// Log-odds that the calibration turns into 0.999. A declaration is no measurement; the number is a convention.
const DECLARED: f64 = 6.906_754_778_648_554;
/// Log-odds of 0.02.
const CAPTURED: f64 = -3.891_820_298_110_627;

/// The finding of one package of this pipeline.
pub(crate) fn look(
    package: &Package,
    validator: &Validator,
    file: &MediaFile,
    stop: &StopToken,
) -> Result<Finding, Failure> {
    let begin = Instant::now();
    let (origin, camera) = read(validator, file, stop)?;
    let is_first_hand = camera.is_some_and(|camera| fits(camera, &origin, &file.facts));
    let outcome = conclude(package, file.facts.kind, &origin, is_first_hand)?;
    let mut finding = passes::finding(package, BUILT_IN, &outcome, begin.elapsed().as_secs_f64());
    finding.origin = (!origin.is_empty()).then(|| Box::new(origin));
    Ok(finding)
}

/// Whether nothing that a net could say would change the verdict.
pub(crate) fn decides(finding: &Finding) -> bool {
    finding.prediction() == Prediction::Fake
}

/// Whether a camera's notes fit the file, and no program for editing or conversion has left its name.
fn fits(camera: CameraNotes, origin: &Origin, facts: &MediaFacts) -> bool {
    let sides = facts.image.as_ref().map(|image| (image.width_px, image.height_px));
    let as_recorded = match (sides, camera.sides_px) {
        (Some((width, height)), Some(noted)) => noted == (width, height) || noted == (height, width),
        (Some(_), None) => false,
        (None, _) => facts.kind == MediaKind::Video,
    };
    as_recorded && origin.traces.is_empty()
}

fn read(
    validator: &Validator,
    file: &MediaFile,
    stop: &StopToken,
) -> Result<(Origin, Option<CameraNotes>), Failure> {
    let mut bytes = file.reopen().map_err(|error| Failure::Broken(error.to_string()))?;
    let inspection = dk_provenance::inspect(&mut bytes);
    let mut origin = inspection.origin;
    if inspection.has_credentials {
        let found = validator.validate(file, stop);
        origin.cut |= found.manifests.len() >= credentials::MAX_MANIFESTS;
        origin.credentials = Some(found);
    }
    if stop.is_stopped() {
        return Err(Failure::Stopped);
    }
    if !origin.declares_ai() && file.facts.kind == MediaKind::Image {
        match file.opacity(stop) {
            Ok(Some(found)) => {
                let (width, height) = (found.width_px as usize, found.height_px as usize);
                dk_provenance::add_traces(&mut origin, stealth::find(&found.values, width, height));
            }
            Err(MediaError::Stopped) => return Err(Failure::Stopped),
            // As below.
            Ok(None) | Err(_) => {}
        }
    }
    if !origin.declares_ai() && is_small_picture(file) {
        match file.picture(stop) {
            Ok(picture) => {
                let (width, height) = (picture.width_px as usize, picture.height_px as usize);
                dk_provenance::add_traces(&mut origin, watermark::find(&picture.rgb, width, height));
            }
            Err(MediaError::Stopped) => return Err(Failure::Stopped),
            // A picture that cannot be decoded is told of by the models that need it.
            Err(_) => {}
        }
    }
    Ok((origin, inspection.camera))
}

fn is_small_picture(file: &MediaFile) -> bool {
    file.facts.kind == MediaKind::Image
        && file.facts.image.as_ref().is_some_and(|image| {
            u64::from(image.width_px) * u64::from(image.height_px) <= watermark::MAX_PIXELS
        })
}

fn conclude(
    package: &Package,
    kind: MediaKind,
    origin: &Origin,
    is_first_hand: bool,
) -> Result<Outcome, Failure> {
    let score = if origin.declares_ai() {
        DECLARED
    } else if origin.is_signed_capture() {
        CAPTURED
    } else {
        return Ok(Outcome::NotApplicable(silence(origin, is_first_hand)));
    };
    let missing = || Failure::Broken(format!("{} has no calibration for {kind}", package.manifest.name));
    let calibration = package.manifest.calibration_for(kind).ok_or_else(missing)?;
    let score = Score::new(score)?;
    Ok(Outcome::Answer(Box::new(Opinion {
        score,
        probability: calibration.platt.probability(score),
        point: Some(calibration.point),
        evidence: Evidence::Origin,
        spans: Vec::new(),
        reasons: Vec::new(),
        left_out: 0,
    })))
}

/// Credentials that hold are bound to the content, so such a file is what was signed; else only a camera's notes speak
/// against a copy.
fn silence(origin: &Origin, is_first_hand: bool) -> Vec<Reason> {
    let state = origin.credentials.as_ref().map(|credentials| credentials.state);
    let mut why = vec![match state {
        Some(CredentialState::Invalid) => Reason::CredentialsInvalid,
        _ if origin.is_silent() => Reason::NoOrigin,
        _ => Reason::OriginUndecided,
    }];
    let is_signed = matches!(state, Some(CredentialState::Valid | CredentialState::Trusted));
    if !is_signed && !is_first_hand {
        why.push(Reason::MayBeACopy);
    }
    if origin.cut {
        why.push(Reason::PartOnly);
    }
    why
}
