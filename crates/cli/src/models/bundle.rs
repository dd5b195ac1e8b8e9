//! `models export` and `models import`: packages and weights in one file.

use std::path::Path;
use std::process::ExitCode;

use dk_domain::ModelName;
use dk_infer::LocalDetector;
use dk_infer::bundle::{self, BundleError};
use dk_infer::package::Package;

use super::find;
use crate::config::Config;
use crate::failure::Failure;
use crate::style::complain;
use crate::wiring;

pub(super) fn export(
    detector: &LocalDetector,
    file: &Path,
    names: &[ModelName],
) -> Result<ExitCode, Failure> {
    let packages: Vec<&Package> = if names.is_empty() {
        detector.registry().packages().filter(|package| package.weights.is_ok()).collect()
    } else {
        names.iter().map(|name| find(detector, name)).collect::<Result<_, _>>()?
    };
    bundle::export(&packages, file).map_err(failed)?;
    complain(&format!("{} packages with their weights are in {}", packages.len(), file.display()));
    Ok(ExitCode::SUCCESS)
}

pub(super) fn import(detector: &LocalDetector, config: &Config, file: &Path) -> Result<ExitCode, Failure> {
    let (models, store) = (config.home.join("models"), wiring::store(config));
    let imported =
        bundle::import(file, detector.registry(), &models, &store, &config.home).map_err(failed)?;
    for package in imported {
        let state = if package.is_new { "stored, checksum right" } else { "was there" };
        complain(&format!("{} {}: {state}", package.name, package.version));
    }
    Ok(ExitCode::SUCCESS)
}

fn failed(error: BundleError) -> Failure {
    let hint = error.hint();
    Failure::not_done(error, hint)
}
