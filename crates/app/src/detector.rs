//! The port behind which detection happens: in this process, or on a server.

use std::error::Error;
use std::fmt;
use std::path::Path;
use std::time::Duration;

use dk_domain::{Family, Finding, MediaFacts, MediaKind, ModelName, Weight};

use crate::{Progress, StopToken};

pub use dk_domain::ErrorCode;

/// What is asked of a detector.
#[derive(Debug, Clone, Copy)]
pub struct Request<'a> {
    /// The file, readable on this machine.
    pub path: &'a Path,
    /// The models to use; empty means every one that is ready and reads this kind of file.
    pub models: &'a [ModelName],
    /// Whether small pictures for a report, a heat map and a loudness curve are wanted as well.
    pub illustrate: bool,
    /// How much is done where the file itself decides.
    pub effort: Effort,
}

/// Whether models look that cannot change the verdict any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// Where the file declares that AI made it, no net is run, except one that was named.
    Enough,
    /// Every model looks.
    All,
}

/// Something that can judge files.
pub trait Detector: Send + Sync {
    /// Every model package that was found, usable or not, in order of name.
    fn models(&self) -> Vec<ModelCard>;

    /// Loads every model that is usable, so that the first file does not wait; says how long each took, or why it
    /// cannot be used. A detector that loads when needed may leave it at that.
    fn load(&self, _stop: &StopToken) -> Vec<(ModelName, Duration, Result<(), Unready>)> {
        Vec::new()
    }

    /// Judges one file with all the models that were asked for, decoding it once. A model that fails
    /// does not stop the others; an error means that the file itself could not be judged.
    fn detect(
        &self,
        request: &Request<'_>,
        progress: &dyn Progress,
        stop: &StopToken,
    ) -> Result<Detection, DetectError>;
}

/// What came of looking at one file.
#[derive(Debug, Clone)]
pub struct Detection {
    /// What the file is.
    pub facts: MediaFacts,
    /// One finding per model that ended well, in order of name.
    pub findings: Vec<Finding>,
    /// Models that ended with an error.
    pub failures: Vec<ModelFailure>,
    /// For the report; empty unless asked for.
    pub illustration: Illustration,
}

/// Pictures and curves that help a person to see what was judged.
#[derive(Debug, Clone, Default)]
pub struct Illustration {
    /// Small JPEG pictures: the picture itself, or frames of the video with their times.
    pub thumbnails: Vec<Thumbnail>,
    /// Loudest sample (0 to 1) of each of a few hundred equal parts of the sound.
    pub peaks: Vec<f32>,
}

/// A small JPEG.
#[derive(Debug, Clone)]
pub struct Thumbnail {
    /// Its place in the video; `None` for a still picture.
    pub time_ms: Option<u64>,
    /// Width in pixels.
    pub width_px: u32,
    /// Height in pixels.
    pub height_px: u32,
    /// The encoded picture.
    pub jpeg: Vec<u8>,
}

/// A model that ended with an error on this file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModelFailure {
    /// Which one.
    pub model: ModelName,
    /// What kind of error.
    pub code: ErrorCode,
    /// What went wrong, in one line.
    pub message: String,
}

/// What is published of a model package.
#[derive(Debug, Clone, PartialEq)]
pub struct ModelCard {
    /// Name of the package.
    pub name: ModelName,
    /// Version of the package.
    pub version: String,
    /// One line for people.
    pub title: String,
    /// What it looks for, together with its family.
    pub family: Family,
    /// How much may follow from it.
    pub weight: Weight,
    /// What it reads.
    pub kinds: Vec<MediaKind>,
    /// Name of its pipeline.
    pub pipeline: &'static str,
    /// SPDX expression, or a name where there is none.
    pub licence: String,
    /// Where it comes from.
    pub origin: String,
    /// What it cannot do, one sentence each.
    pub limits: Vec<String>,
    /// How well it was measured to work, one sentence with n and an interval.
    pub quality: Quality,
    /// Ready with this engine, or why not.
    pub state: Result<String, Unready>,
    /// True for a detector; helpers such as face detectors give no verdict.
    pub is_detector: bool,
    /// True where it takes so long that it runs only where somebody names it.
    pub on_request: bool,
}

impl ModelCard {
    /// Whether nothing is wrong with it: it can be used, or nobody has fetched its weights.
    pub fn is_fine(&self) -> bool {
        self.state.as_ref().map_or_else(|unready| unready.is_absent, |_| true)
    }
}

/// What is published of measured quality.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Quality {
    /// One sentence with n and an interval.
    pub said: String,
    /// By kind of media, one sentence on how often it was wrong where its thresholds were set.
    pub rates: Vec<(MediaKind, String)>,
}

impl Quality {
    /// A sentence alone.
    pub fn new(said: impl Into<String>) -> Self {
        Self { said: said.into(), rates: Vec::new() }
    }

    /// What concerns a file of this kind.
    pub fn on(&self, kind: MediaKind) -> String {
        self.with(|of| of == kind)
    }

    /// All of it.
    pub fn whole(&self) -> String {
        self.with(|_| true)
    }

    fn with(&self, wanted: impl Fn(MediaKind) -> bool) -> String {
        let rates = self.rates.iter().filter(|(kind, _)| wanted(*kind)).map(|(_, rate)| rate.as_str());
        std::iter::once(self.said.as_str()).chain(rates).collect::<Vec<_>>().join(" ")
    }
}

/// Why a package cannot be used now, and what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unready {
    /// What is wrong.
    pub why: String,
    /// The way out.
    pub hint: String,
    /// True where nothing is wrong with it: its weights were never fetched.
    pub is_absent: bool,
}

/// The file could not be judged.
#[derive(Debug)]
pub struct DetectError {
    /// What kind of error.
    pub code: ErrorCode,
    /// The way out, where there is one.
    pub hint: Option<String>,
    /// What was tried on what, with its cause.
    pub source: Box<dyn Error + Send + Sync>,
}

impl fmt::Display for DetectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.source.fmt(f)
    }
}

impl Error for DetectError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.source.source()
    }
}
