//! Where the tests find packages, weights, media and engines.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use dk_infer::engine::{EngineChoice, EngineKind, Engines, Threads, libraries_in};
use dk_infer::guard::Guard;
use dk_infer::package::{Root, Store, checksum};
use dk_infer::validator::Validator;
use dk_infer::{LocalDetector, Settings};
use dk_media::sandbox::ChildLimits;
use dk_media::{Launcher, Limits, Tools};
use tempfile::TempDir;

pub(crate) const THREADS: Threads = Threads { per_run: 1, spin: false };

/// The checkout, which holds `models/` and `testdata/`.
pub(crate) fn checkout() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// Published weights for tests, beside the checkout.
pub(crate) fn shared_weights() -> Option<PathBuf> {
    Some(checkout().join("../shared/weights")).filter(|folder| folder.is_dir())
}

/// Libraries of ONNX Runtime that the set-up has brought.
pub(crate) fn libraries() -> Vec<PathBuf> {
    std::env::var_os("DRISHTIKSHA_HOME")
        .map(|home| libraries_in(&PathBuf::from(home).join("lib")))
        .unwrap_or_default()
}

/// Every engine that is here; says so when one is not.
pub(crate) fn engines() -> Vec<(EngineKind, Engines)> {
    let mut all = Vec::new();
    for kind in [EngineKind::Rten, EngineKind::Ort] {
        match Engines::open(EngineChoice::Only(kind), &libraries()) {
            Ok(engines) => all.push((kind, engines)),
            Err(why) => eprintln!("skipped on this engine: {why}"),
        }
    }
    all
}

/// Weights that the set-up has pulled, taken over without copying them where the system can.
fn link_pulled(home: &Path) {
    let Some(pulled) = std::env::var_os("DRISHTIKSHA_HOME").map(|home| PathBuf::from(home).join("weights"))
    else {
        return;
    };
    let store = home.join("weights");
    std::fs::create_dir_all(&store).unwrap();
    for entry in std::fs::read_dir(pulled).into_iter().flatten() {
        let from = entry.unwrap().path();
        let name = from.file_name().unwrap().to_string_lossy().into_owned();
        let to = store.join(&name);
        // YuNet's weights, which would change the faces.
        let yunet = name.starts_with("104ee26c71d5c270");
        if !yunet && name.len() == 64 && !to.exists() && std::fs::hard_link(&from, &to).is_err() {
            std::fs::copy(&from, &to).unwrap();
        }
    }
}

pub(crate) fn launcher() -> Launcher {
    Launcher {
        program: PathBuf::from(env!("CARGO_BIN_EXE_dk-infer-child")),
        args: vec![OsString::from("__sandbox")],
    }
}

/// The authority of the test files.
pub(crate) fn authority() -> PathBuf {
    checkout().join("testdata/provenance/authority.pem")
}

fn validator(trust: Vec<PathBuf>) -> Validator {
    Validator {
        launcher: launcher(),
        words: vec![OsString::from("__credentials")],
        trust,
        limits: Validator::limits(),
    }
}

/// Writes an unrated package of a net of `tests/nets`. `more` begins with the pipeline and the kinds of media; sections follow.
pub(crate) fn package(root: &Path, name: &str, net: &str, more: &str) {
    let folder = root.join(name).join("1.0.0");
    std::fs::create_dir_all(&folder).unwrap();
    let weights = folder.join("weights.onnx");
    std::fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/nets").join(net), &weights).unwrap();
    let (bytes, sha256) = (weights.metadata().unwrap().len(), checksum(&weights).unwrap());
    let manifest = format!(
        r#"name = "{name}"
version = "1.0.0"
title = "Made for tests"
family = "test"
weight = "unrated"
licence = "CC0-1.0"
origin = "tests/nets"
quality = "Not measured, it is made to answer on purpose."
limits = []
{more}
[weights]
file = "weights.onnx"
sha256 = "{sha256}"
bytes = {bytes}
"#
    );
    std::fs::write(folder.join("model.toml"), manifest).unwrap();
    std::fs::write(folder.join("card.md"), "# Made for tests").unwrap();
}

/// A detector with a data folder of its own.
pub(crate) struct Bench {
    pub(crate) detector: LocalDetector,
    _home: TempDir,
}

/// The packages of the checkout, with those published weights that are at hand. YuNet is left out, so that
/// faces are the same on every machine.
pub(crate) fn bench(choice: EngineChoice, extra: Option<PathBuf>) -> Bench {
    bench_that_trusts(choice, extra, vec![authority()])
}

/// The same, trusting other certificates besides the bundled lists.
pub(crate) fn bench_that_trusts(choice: EngineChoice, extra: Option<PathBuf>, trust: Vec<PathBuf>) -> Bench {
    let home = tempfile::tempdir().unwrap();
    let store = Store::new(home.path().join("weights"));
    if let Some(folder) = shared_weights() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.extension().is_some_and(|extension| extension == "onnx") && !name.starts_with("yunet") {
                let file = std::fs::File::open(&path).unwrap();
                store.put(&name, file, checksum(&path).unwrap()).unwrap();
            }
        }
    }
    link_pulled(home.path());
    let mut roots: Vec<Root> = extra.into_iter().map(Root::Folder).collect();
    roots.push(Root::Folder(checkout().join("models")));
    let guard = Guard {
        launcher: launcher(),
        load_words: vec![OsString::from("__load")],
        marks: home.path().join("checked"),
        limits: ChildLimits { memory_bytes: 16 << 30, cpu_secs: 10, wall_secs: 60, ..ChildLimits::default() },
    };
    let settings = Settings {
        roots,
        store,
        engine: choice,
        libraries: libraries(),
        threads: THREADS,
        guard: Some(guard),
        validator: validator(trust),
    };
    let detector = LocalDetector::open(&settings, Tools::find(launcher()), Limits::default()).unwrap();
    Bench { detector, _home: home }
}
