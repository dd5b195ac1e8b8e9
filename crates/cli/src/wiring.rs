//! Builds the detector from the settings: which packages, which engine, how many threads, what limits.

use std::ffi::OsString;
use std::path::PathBuf;

use dk_infer::engine::{Threads, libraries_in};
use dk_infer::guard::Guard;
use dk_infer::package::{Root, Store};
use dk_infer::validator::Validator;
use dk_infer::{LocalDetector, Settings};
use dk_media::sandbox::ChildLimits;
use dk_media::{Launcher, Limits, Tools};

use crate::config::Config;
use crate::failure::Failure;
use crate::{CREDENTIALS_WORD, LOAD_WORD, SANDBOX_WORD, bundled};

/// A trial load may take this much address space: the largest packages are a few GiB, and engines reserve
/// more than they touch.
const LOAD_MEMORY_BYTES: u64 = 16 << 30;
const LOAD_SECS: u64 = 30;

/// Where pulled weights are.
pub(crate) fn store(config: &Config) -> Store {
    Store::new(config.home.join("weights"))
}

/// This program, started again to drop its rights.
pub(crate) fn launcher() -> Result<Launcher, Failure> {
    let program = std::env::current_exe().map_err(|error| {
        let error = anyhow::Error::new(error).context("cannot find the path of this program");
        Failure::not_done(error, "start it by its full path")
    })?;
    Ok(Launcher { program, args: vec![OsString::from(SANDBOX_WORD)] })
}

/// The programs that read media.
pub(crate) fn tools() -> Result<Tools, Failure> {
    launcher().map(Tools::find)
}

/// The detector of this process. `jobs` files are judged at the same time.
pub(crate) fn detector(config: &Config, jobs: usize) -> Result<LocalDetector, Failure> {
    let tools = tools()?;
    let settings = settings(config, jobs)?;
    LocalDetector::open(&settings, tools, limits(config))
        .map_err(|error| Failure::not_done(error, "set DRISHTIKSHA_ENGINE=auto, or see `drishtiksha doctor`"))
}

fn settings(config: &Config, jobs: usize) -> Result<Settings, Failure> {
    let mut roots: Vec<Root> = config.model_folders.iter().cloned().map(Root::Folder).collect();
    roots.push(Root::Folder(config.home.join("models")));
    roots.push(bundled::root());
    let guard = Guard {
        launcher: launcher()?,
        load_words: vec![OsString::from(LOAD_WORD)],
        marks: config.home.join("checked"),
        limits: ChildLimits {
            memory_bytes: LOAD_MEMORY_BYTES,
            cpu_secs: LOAD_SECS,
            wall_secs: LOAD_SECS,
            ..ChildLimits::default()
        },
    };
    Ok(Settings {
        roots,
        store: store(config),
        engine: config.engine,
        libraries: libraries(config),
        threads: threads(config, jobs),
        guard: Some(guard),
        validator: validator(config)?,
    })
}

/// Validates credentials in a child; trusts the certificates in the folder `trust` of the data folder, and those of
/// the setting.
pub(crate) fn validator(config: &Config) -> Result<Validator, Failure> {
    let own = config.home.join("trust");
    Ok(Validator {
        launcher: launcher()?,
        words: vec![OsString::from(CREDENTIALS_WORD)],
        trust: std::iter::once(own).chain(config.trust.iter().cloned()).collect(),
        limits: Validator::limits(),
    })
}

/// All cores for one file; shared out when several files are judged at the same time.
pub(crate) fn threads(config: &Config, jobs: usize) -> Threads {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Threads { per_run: config.threads.unwrap_or((cores / jobs.max(1)).max(1)), spin: config.spin }
}

/// Places of the ONNX Runtime library: the setting alone where there is one, else beside this program and
/// in the data folder.
pub(crate) fn libraries(config: &Config) -> Vec<PathBuf> {
    if let Some(path) = &config.library {
        return vec![path.clone()];
    }
    let beside = std::env::current_exe().ok().and_then(|exe| Some(exe.parent()?.join("lib")));
    let folders = beside.into_iter().chain([config.home.join("lib")]);
    folders.flat_map(|folder| libraries_in(&folder)).collect()
}

/// What is refused before it is decoded.
pub(crate) fn limits(config: &Config) -> Limits {
    Limits {
        max_bytes: config.max_bytes,
        max_pixels: config.max_megapixels.saturating_mul(1_000_000),
        max_duration_ms: config.max_secs.saturating_mul(1000),
        child_memory_bytes: config.decoder_memory_mib.saturating_mul(1 << 20),
        child_wall_secs: config.decoder_secs,
        ..Limits::default()
    }
}
