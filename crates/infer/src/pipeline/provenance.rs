//! What a file says of its own origin. Runs no net: it reads traces, has credentials validated in a limited child, and
//! looks into a still picture for the open watermark where nothing else has decided.

use std::time::Instant;

use dk_app::StopToken;
use dk_domain::{
    CredentialState, Evidence, Finding, MediaKind, Opinion, Origin, Outcome, Prediction, Reason, Score,
};
use dk_media::{MediaError, MediaFile};
use dk_provenance::{credentials, watermark};

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
    let origin = read(validator, file, stop)?;
    let outcome = conclude(package, file.facts.kind, &origin)?;
    let mut finding = passes::finding(package, BUILT_IN, &outcome, begin.elapsed().as_secs_f64());
    finding.origin = (!origin.is_empty()).then(|| Box::new(origin));
    Ok(finding)
}

/// Whether nothing that a net could say would change the verdict.
pub(crate) fn decides(finding: &Finding) -> bool {
    finding.prediction() == Prediction::Fake
}

fn read(validator: &Validator, file: &MediaFile, stop: &StopToken) -> Result<Origin, Failure> {
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
    if !origin.declares_ai() && is_small_picture(file) {
        match file.picture(stop) {
            Ok(picture) => {
                let (width, height) = (picture.width_px as usize, picture.height_px as usize);
                if let Some(trace) = watermark::find(&picture.rgb, width, height) {
                    dk_provenance::add_trace(&mut origin, trace);
                }
            }
            Err(MediaError::Stopped) => return Err(Failure::Stopped),
            // A picture that cannot be decoded is told of by the models that need it.
            Err(_) => {}
        }
    }
    Ok(origin)
}

fn is_small_picture(file: &MediaFile) -> bool {
    file.facts.kind == MediaKind::Image
        && file.facts.image.as_ref().is_some_and(|image| {
            u64::from(image.width_px) * u64::from(image.height_px) <= watermark::MAX_PIXELS
        })
}

fn conclude(package: &Package, kind: MediaKind, origin: &Origin) -> Result<Outcome, Failure> {
    let score = if origin.declares_ai() {
        DECLARED
    } else if origin.is_signed_capture() {
        CAPTURED
    } else {
        return Ok(Outcome::NotApplicable(silence(origin)));
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

fn silence(origin: &Origin) -> Vec<Reason> {
    let state = origin.credentials.as_ref().map(|credentials| credentials.state);
    let mut why = vec![match state {
        Some(CredentialState::Invalid) => Reason::CredentialsInvalid,
        _ if origin.is_empty() => Reason::NoOrigin,
        _ => Reason::OriginUndecided,
    }];
    if origin.cut {
        why.push(Reason::PartOnly);
    }
    why
}
