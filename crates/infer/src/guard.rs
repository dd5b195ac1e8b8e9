//! The first load of foreign weights happens in a limited child, because a broken file can hang or abort
//! an engine. A file that passed is remembered by its checksum and the engine.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use dk_app::StopToken;
use dk_domain::Sha256;
use dk_media::{Launcher, sandbox};

use crate::engine::{EngineChoice, EngineKind, Engines, Memory, NO_REPORTS, Threads, Weights};

/// Runs first loads in a child of this program.
#[derive(Debug, Clone)]
pub struct Guard {
    /// How this program starts itself to drop its rights.
    pub launcher: Launcher,
    /// The hidden words that make this program call [`load_in_child`].
    pub load_words: Vec<OsString>,
    /// Where passed files are remembered.
    pub marks: PathBuf,
    /// Limits of the child.
    pub limits: sandbox::ChildLimits,
}

/// Why weights are not let in.
#[derive(Debug, thiserror::Error)]
pub enum GuardError {
    /// The child ended with an error or was ended by a limit.
    #[error("a trial load in a limited child failed: {0}")]
    Failed(String),
    /// The child could not be run.
    #[error("a trial load could not be run")]
    Child(#[from] sandbox::ChildError),
}

impl Guard {
    /// Lets weights in that passed before, or that pass now.
    pub(crate) fn admit(
        &self,
        weights: &Weights,
        sha256: Sha256,
        engine: EngineKind,
        library: Option<&Path>,
        stop: &StopToken,
    ) -> Result<(), GuardError> {
        // Bytes inside the program were tried when the program was tested.
        let Weights::File(path) = weights else { return Ok(()) };
        let mark = self.marks.join(format!("{sha256}-{}", engine.as_str()));
        if mark.exists() {
            return Ok(());
        }
        let mut command = sandbox::Command::new(&self.launcher, &self.launcher.program)
            .args(&self.load_words)
            .args([OsString::from(engine.as_str()), path.clone().into_os_string()])
            .args(library.map(Path::as_os_str))
            .limits(self.limits.clone())
            .readable(path);
        if let Some(library) = library {
            command = command.readable(library).env(NO_REPORTS, "1");
        }
        let output = command.run(stop).map_err(|error| match error {
            slow @ sandbox::ChildError::TimedOut { .. } => GuardError::Failed(slow.to_string()),
            other => GuardError::Child(other),
        })?;
        if !output.success {
            return Err(GuardError::Failed(last_words(&output)));
        }
        // Without the mark the next start tries again, which is slower and as safe.
        if fs::create_dir_all(&self.marks).and_then(|()| fs::write(&mark, b"")).is_err() {
            tracing::debug!(mark = %mark.display(), "cannot remember a passed trial load");
        }
        Ok(())
    }
}

fn last_words(output: &sandbox::Output) -> String {
    let line = output.stderr.lines().rev().find(|line| !line.trim().is_empty()).unwrap_or("it said nothing");
    match output.signal {
        Some(signal) => format!("ended by signal {signal} ({line})"),
        None => line.to_owned(),
    }
}

/// What the child does: `engine weights [library]`. Ok means that the weights can be loaded.
pub fn load_in_child(args: &[OsString]) -> Result<(), String> {
    let [engine, weights, rest @ ..] = args else {
        return Err("expected: engine weights [library]".to_owned());
    };
    let kind = [EngineKind::Ort, EngineKind::Rten]
        .into_iter()
        .find(|kind| engine == kind.as_str())
        .ok_or_else(|| "unknown engine".to_owned())?;
    let libraries: Vec<PathBuf> = rest.iter().map(PathBuf::from).collect();
    let engines = Engines::open(EngineChoice::Only(kind), &libraries).map_err(|error| error.to_string())?;
    let engine = engines.pick(&[kind]).ok_or_else(|| "the engine is not open".to_owned())?;
    let threads = Threads { per_run: 1, spin: false };
    engine
        .load(&Weights::File(PathBuf::from(weights)), threads, Memory::GiveBack)
        .map(drop)
        .map_err(|error| error.to_string())
}
