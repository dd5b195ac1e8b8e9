//! Messages that cross a process border, in the names of the outside contract. Holds their shapes and how
//! they are made from the domain; decides nothing and does no I/O.

mod card;
mod document;
mod event;
mod finding;
mod origin;
mod payload;
mod quality;
mod thin;
mod vote;

pub use card::CardMessage;
pub use document::{
    AudioProperties, ErrorDocument, ErrorMessage, FailureMessage, FileDocument, MediaMessage, SCHEMA,
    VerdictMessage, VideoProperties,
};
pub use event::{EventMessage, moment};
pub use finding::{Failed, Judged};
pub use origin::{
    ActionMessage, CredentialsMessage, IdentityMessage, IngredientMessage, ManifestMessage,
    ProvenanceMessage, TraceMessage,
};
pub use payload::{
    ChunkPrediction, Dimensions, FaceMessage, FramePrediction, HeatmapMessage, Metrics, ModelMessage,
    ResultPayload, Segment, SyncMessage, SyncMomentMessage,
};
pub use quality::{
    BinMessage, CurveMessage, EstimateMessage, JudgeMessage, KindQuality, LeftOut, Measured, Part, Proof,
    QUALITY_SCHEMA, QualityDocument, RateMessage, Rung, Subject, Words,
};
pub use thin::MAX_SERIES;
pub use vote::{MessageError, VoteMessage};

/// Four decimals: finer differences come from rounding inside an engine and mean nothing.
fn round4(value: f64) -> f64 {
    (value * 1e4).round() / 1e4
}
