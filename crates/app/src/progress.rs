//! What a long analysis tells while it runs. Nothing here decides anything.

use dk_domain::{Finding, MediaFacts, ModelName};

pub use dk_domain::Phase;

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
