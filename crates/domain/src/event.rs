//! What happens to a medium while it is judged, for those who watch.

use time::OffsetDateTime;

use crate::{ErrorCode, MediaId, ModelName, Prediction, Probability, RunId, RunStatus, UserId};

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
    type Err = crate::UnknownWord;

    fn from_str(word: &str) -> Result<Self, crate::UnknownWord> {
        crate::parse_word(word, &Self::ALL, Self::as_str)
    }
}

/// How far one analysis is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProgressMark {
    /// What is counted.
    pub phase: Phase,
    /// Units done.
    pub done: u64,
    /// Units in all, where that is known.
    pub total: Option<u64>,
}

/// Something that happened to somebody's medium.
#[derive(Debug, Clone, PartialEq)]
pub struct Event {
    /// Whose medium.
    pub user_id: UserId,
    /// Position in the owner's list of events, from 1 without a gap; `None` for progress, which is not kept.
    pub number: Option<u64>,
    /// Which medium.
    pub media_id: MediaId,
    /// Which run.
    pub run_id: RunId,
    /// When.
    pub at: OffsetDateTime,
    /// What.
    pub kind: EventKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq)]
pub enum EventKind {
    /// A file was accepted, or another run asked for.
    Accepted,
    /// A model began.
    Started {
        /// Which.
        model: ModelName,
    },
    /// A model goes on.
    Progress {
        /// Which.
        model: ModelName,
        /// How far.
        mark: ProgressMark,
    },
    /// A model answered.
    Completed {
        /// Which.
        model: ModelName,
        /// What it says.
        prediction: Prediction,
        /// Calibrated P(synthetic), where it looked.
        probability: Option<Probability>,
    },
    /// An attempt of a model failed.
    Failed {
        /// Which.
        model: ModelName,
        /// Kind of error.
        code: ErrorCode,
        /// One line.
        message: String,
        /// Whether another attempt follows.
        will_retry: bool,
    },
    /// The run ended.
    Ended {
        /// How.
        status: RunStatus,
        /// What is said of the file.
        verdict: Option<Prediction>,
        /// Analyses that answered.
        answered: u32,
    },
}
