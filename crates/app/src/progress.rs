//! What a long analysis tells while it runs. Nothing here decides anything.

use dk_domain::{Finding, MediaFacts, ModelName};

/// A part of the work that people recognise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Reading and hashing the file, in bytes.
    Reading,
    /// Video frames or pictures that the models have seen.
    Frames,
    /// Seconds of sound that the models have heard.
    Sound,
}

impl Phase {
    /// Every phase there is.
    pub const ALL: [Self; 3] = [Self::Reading, Self::Frames, Self::Sound];

    /// The word in messages and rows.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Reading => "reading",
            Self::Frames => "frames",
            Self::Sound => "sound",
        }
    }
}

impl std::str::FromStr for Phase {
    type Err = dk_domain::UnknownWord;

    fn from_str(word: &str) -> Result<Self, dk_domain::UnknownWord> {
        dk_domain::parse_word(word, &Self::ALL, Self::as_str)
    }
}

/// Receives progress; called from several threads, so it must be quick and must not block.
pub trait Progress: Send + Sync {
    /// The file has been read and understood.
    fn facts(&self, _facts: &MediaFacts) {}
    /// `done` of `total` units of a phase. `total` is `None` while it is not known.
    fn advanced(&self, _phase: Phase, _done: u64, _total: Option<u64>) {}
    /// A model has started on the file.
    fn model_started(&self, _model: &ModelName) {}
    /// A model has come to its finding.
    fn model_finished(&self, _finding: &Finding) {}
}

/// Nobody listens.
#[derive(Debug, Clone, Copy, Default)]
pub struct Silent;

impl Progress for Silent {}
