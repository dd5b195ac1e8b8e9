//! Counts what `file-origin` says of folders of files: how many declare AI, are signed captures, name a program, or are
//! silent, and how near untouched pictures come to the open watermark. Prints n and a 95 % interval.
//!
//! `cargo run -p drishtiksha -p dk-infer --example origin -- [--trust PEM] DIR…`

use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use dk_app::{Detector, Effort, Request, Silent, StopToken};
use dk_domain::{Outcome, Prediction};
use dk_infer::engine::{EngineChoice, Threads};
use dk_infer::package::{Root, Store};
use dk_infer::validator::{Validator, validate_in_child};
use dk_infer::{LocalDetector, Settings};
use dk_media::{Launcher, Limits, MediaFile, Tools, sandbox};
use dk_provenance::watermark;

const SANDBOX: &str = "__sandbox";
const CREDENTIALS: &str = "__credentials";

fn main() -> ExitCode {
    let args: Vec<OsString> = std::env::args_os().skip(1).collect();
    let done = match args.split_first() {
        Some((word, rest)) if word == SANDBOX => return sandbox::main(rest.iter().cloned()),
        Some((word, rest)) if word == CREDENTIALS => validate_in_child(rest).map_err(Into::into),
        _ => measure(&args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    }
}

#[expect(clippy::print_stdout, reason = "printing is all that this program is for")]
fn say(line: &str) {
    println!("{line}");
}

fn measure(args: &[OsString]) -> Result<(), Box<dyn Error>> {
    let (trust, folders) = match args {
        [flag, pem, folders @ ..] if flag == "--trust" => (vec![PathBuf::from(pem)], folders),
        folders => (Vec::new(), folders),
    };
    let launcher = Launcher { program: std::env::current_exe()?, args: vec![SANDBOX.into()] };
    let detector = detector(&launcher, trust)?;
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    let mut nearest: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let (mut judged, mut fake, mut unread, mut pictures) = (0usize, 0usize, 0usize, 0usize);
    for path in folders.iter().flat_map(|folder| files(Path::new(folder))) {
        let models = ["file-origin".parse()?];
        let request = Request { path: &path, models: &models, illustrate: false, effort: Effort::All };
        let Ok(detection) = detector.detect(&request, &Silent, &StopToken::new()) else {
            unread += 1;
            continue;
        };
        for finding in &detection.findings {
            judged += 1;
            let word = match &finding.outcome {
                Outcome::Answer(_) => finding.prediction().to_string(),
                Outcome::NotApplicable(why) => why.first().map_or("", |why| why.code()).to_owned(),
            };
            if finding.prediction() == Prediction::Fake {
                fake += 1;
                let trace = finding.origin.as_ref().and_then(|origin| origin.traces.first());
                say(&format!(
                    "FAKE {}: {}",
                    path.display(),
                    trace.map_or("credentials", |trace| &trace.rule)
                ));
            }
            *counts.entry(word).or_default() += 1;
        }
        pictures += usize::from(look_for_mark(&path, &launcher, &mut nearest));
    }
    let (low, high) = wilson(fake, judged);
    say(&format!("{judged} files judged, {unread} not readable as media"));
    for (word, count) in &counts {
        say(&format!("  {word}: {count}"));
    }
    say(&format!(
        "declared AI: {fake} of {judged}, 95 % interval {:.2} % to {:.2} %",
        low * 100.0,
        high * 100.0
    ));
    say(&format!("watermark, {pictures} pictures looked at:"));
    for (name, (agree, of)) in nearest {
        say(&format!("  {name}: at most {agree} of {of} bits agree"));
    }
    Ok(())
}

fn detector(launcher: &Launcher, trust: Vec<PathBuf>) -> Result<LocalDetector, Box<dyn Error>> {
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let settings = Settings {
        roots: vec![Root::Folder(checkout.join("models"))],
        store: Store::new(checkout.join("no-weights-are-needed")),
        engine: EngineChoice::Auto,
        libraries: Vec::new(),
        threads: Threads { per_run: 1, spin: false },
        guard: None,
        validator: Validator {
            launcher: launcher.clone(),
            words: vec![CREDENTIALS.into()],
            trust,
            limits: Validator::limits(),
        },
    };
    Ok(LocalDetector::open(&settings, Tools::find(launcher.clone()), Limits::default())?)
}

/// Every file of a folder, or the file itself.
fn files(place: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(place) else { return vec![place.to_owned()] };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    paths.iter().flat_map(|path| if path.is_dir() { files(path) } else { vec![path.clone()] }).collect()
}

fn look_for_mark(
    path: &Path,
    launcher: &Launcher,
    nearest: &mut BTreeMap<&'static str, (usize, usize)>,
) -> bool {
    let tools = Tools::find(launcher.clone());
    let stop = StopToken::new();
    let picture = MediaFile::open(path, &tools, &Limits::default(), &Silent, &stop)
        .and_then(|file| file.picture(&stop));
    let Ok(picture) = picture else { return false };
    let found = watermark::agreement(&picture.rgb, picture.width_px as usize, picture.height_px as usize);
    for (name, agree, of) in &found {
        let most = nearest.entry(name).or_insert((0, *of));
        most.0 = most.0.max(*agree);
    }
    !found.is_empty()
}

/// Wilson's interval at 95 %.
fn wilson(hits: usize, of: usize) -> (f64, f64) {
    if of == 0 {
        return (0.0, 1.0);
    }
    let (n, z) = (of as f64, 1.959_964);
    let p = hits as f64 / n;
    let middle = (p + z * z / (2.0 * n)) / (1.0 + z * z / n);
    let half = z / (1.0 + z * z / n) * (p * (1.0 - p) / n + z * z / (4.0 * n * n)).sqrt();
    ((middle - half).max(0.0), (middle + half).min(1.0))
}
