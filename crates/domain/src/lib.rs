//! The nouns and rules of Drishtiksha: what a medium is, what a model may say of it, what follows from
//! several models together. Pure: no I/O, no clock, no randomness, no outside format.

mod calibration;
mod error_code;
mod event;
mod facts;
mod family;
mod finding;
mod ids;
mod names;
mod origin;
mod probability;
mod reason;
mod run;
mod time;
mod user;
mod verdict;
mod waiting;
mod words;

pub use calibration::{Calibration, CalibrationError, OperatingPoint, Platt};
pub use error_code::ErrorCode;
pub use event::{Event, EventKind, Phase, ProgressMark};
pub use facts::{AudioFacts, Exif, ImageFacts, MediaFacts, MediaKind, VideoFacts};
pub use family::{Family, Weight};
pub use finding::{
    Evidence, Face, FaceBox, Finding, FrameScore, Heatmap, ModelId, Opinion, Outcome, Span, SyncEvidence,
    SyncMoment, Track, WindowScore, merge_spans,
};
pub use ids::{AnalysisId, ApiKeyId, IdError, MediaId, RunId, SessionId, UploadId, UserId};
pub use names::{ModelName, NameError, Sha256, Sha256Error};
pub use origin::{
    CredentialState, Credentials, Identity, Ingredient, Manifest, ManifestAction, Note, NoteKind, Origin,
    SourceType, Trace, TraceKind,
};
pub use probability::{OutOfRange, Prediction, Probability, Score};
pub use reason::Reason;
pub use run::{AnalysisStatus, RunStatus, Urgency, place_in_queue};
pub use time::timecode;
pub use user::{Email, EmailError, Role, Scope};
pub use verdict::{Says, Verdict, Vote, conclude, conclude_votes};
pub use waiting::{UnknownWaiting, Waiting};
pub use words::{UnknownWord, parse_word};
