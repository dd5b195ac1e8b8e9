//! `drishtiksha models add`: a net of one's own becomes a package of the data folder. It is unrated, so it decides nothing,
//! until it has been measured.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::anyhow;
use dk_app::{Detector as _, StopToken};
use dk_infer::package::{Manifest, checksum};

use crate::args::AddArgs;
use crate::config::Config;
use crate::failure::Failure;
use crate::style::{complain, visible};
use crate::wiring;

/// What the command itself says of a package.
const OWN_KEYS: [&str; 3] = ["weight", "quality", "weights"];
const UNMEASURED: &str =
    "Not measured here; `drishtiksha eval --record` writes what it measures into this line.";
const CARD: &str = "Added by hand. What it was trained on and how well it works is not known here.\n";

pub(super) fn run(args: &AddArgs, config: &Config) -> Result<ExitCode, Failure> {
    let said = fs::read_to_string(&args.manifest).map_err(|error| unreadable(&args.manifest, error))?;
    let text = whole(&said, &args.file)?;
    let manifest = Manifest::parse(&text).map_err(|error| wrong(error, &args.manifest))?;
    let place = config.home.join("models").join(manifest.name.as_str()).join(&manifest.version);
    if place.exists() {
        let error = anyhow!("{} {} is there already", manifest.name, manifest.version);
        return Err(Failure::wrong_use(error, "give it another version, or remove its folder"));
    }
    write(&place, &text, &args.file).map_err(|error| {
        let error = anyhow::Error::new(error).context(format!("cannot write {}", place.display()));
        Failure::not_done(error, "check the space and the rights of the data folder")
    })?;
    try_once(&manifest, config).inspect_err(|_| remove(&place))?;
    let (name, version) = (&manifest.name, &manifest.version);
    complain(&format!("{name} {version}: added, unrated: it is shown and decides nothing"));
    complain(&format!("hint: drishtiksha eval DIR --models {name} --record measures it"));
    Ok(ExitCode::SUCCESS)
}

/// The manifest with what the person cannot say: how much may follow from it, and the checksum.
fn whole(said: &str, weights: &Path) -> Result<String, Failure> {
    let table: toml::Table = toml::from_str(said)
        .map_err(|error| Failure::wrong_use(anyhow!("the manifest is no TOML: {error}"), hint()))?;
    if let Some(key) = OWN_KEYS.iter().find(|key| table.contains_key(**key)) {
        let error = anyhow!("the manifest has the key {key}, which is written by this command");
        return Err(Failure::wrong_use(error, "leave it out; a package is unrated until it is measured"));
    }
    let sum = checksum(weights).map_err(|error| unreadable(weights, error))?;
    let bytes = fs::metadata(weights).map_err(|error| unreadable(weights, error))?.len();
    Ok(format!(
        "weight = \"unrated\"\nquality = {UNMEASURED:?}\n{said}\n\n[weights]\nfile = \"weights.onnx\"\nsha256 = \"{sum}\"\nbytes = {bytes}\n"
    ))
}

fn hint() -> String {
    "take the model.toml of a bundled package with the same pipeline as an example (models/ of the checkout)"
        .to_owned()
}

fn unreadable(path: &Path, error: io::Error) -> Failure {
    let error = anyhow::Error::new(error).context(format!("cannot read {}", path.display()));
    Failure::wrong_use(error, "check its name and that you may read it")
}

fn wrong(error: impl std::error::Error + Send + Sync + 'static, path: &Path) -> Failure {
    Failure::wrong_use(
        anyhow::Error::new(error).context(format!("{} is no manifest", path.display())),
        hint(),
    )
}

/// Either the whole folder gets its name or nothing does.
fn write(place: &Path, text: &str, weights: &Path) -> io::Result<()> {
    let part: PathBuf = place.with_file_name(format!(".adding-{}", std::process::id()));
    let written = fs::create_dir_all(&part).and_then(|()| {
        fs::write(part.join("model.toml"), text)?;
        fs::write(part.join("card.md"), CARD)?;
        fs::copy(weights, part.join("weights.onnx"))?;
        fs::rename(&part, place)
    });
    if written.is_err() {
        remove(&part);
    }
    written
}

/// What cannot be removed is no package either; the error before it is the one to report.
fn remove(folder: &Path) {
    let _ = fs::remove_dir_all(folder);
}

/// Loads the net in a limited child and runs it once, so that wrong names and shapes are found now.
fn try_once(manifest: &Manifest, config: &Config) -> Result<(), Failure> {
    let detector = wiring::detector(config, 1)?;
    let found = detector.registry().get(&manifest.name).map(|package| package.manifest.version.clone());
    if found.as_ref() != Some(&manifest.version) {
        let error = anyhow!("{} {} is not the one that would be used", manifest.name, manifest.version);
        return Err(Failure::wrong_use(
            error,
            "another package of this name has a higher version; take another name",
        ));
    }
    let wrong = |why: &str| {
        let error = anyhow!("the net cannot be run as the manifest says: {}", visible(why));
        Failure::wrong_use(error, "check the names of input and output, layout and size")
    };
    let loaded = detector.load(&StopToken::new()).into_iter().find(|(name, ..)| *name == manifest.name);
    if let Some((_, _, Err(unready))) = loaded {
        return Err(wrong(&unready.why));
    }
    let once = detector.bench(&manifest.name, wiring::threads(config, 1), 1, 1);
    once.map(drop).map_err(|error| wrong(&error.to_string()))
}
