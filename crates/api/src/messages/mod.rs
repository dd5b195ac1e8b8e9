//! The JSON of requests and answers, in the names of the outside contract. Shapes and checks only.

mod account;
mod media;
mod monitoring;
mod problem;
mod run;
mod words;

pub use account::{
    ApiKeyBody, ApiKeyCreated, ApiKeyList, ApiKeyNew, LogInBody, PasswordChange, ProfilePatch, SignUpBody,
    TokenBody, UserBody, UserList, UserPatch,
};
pub use media::{
    AudioBody, DimensionsBody, LinkBody, MediaBody, MediaDetailBody, MediaList, MediaMetadata, MediaPatch,
    UploadForm, VideoBody,
};
pub use monitoring::{
    FailedJobBody, FailedJobList, HealthBody, ModelBody, ModelList, QueueBody, ReadyBody, ReadyPart,
    ServerBody, ServerHistory, ServerHistoryEntry, ServerList,
};
pub use problem::{FieldProblem, ProblemBody};
pub use run::{AnalysisBody, AnalysisDetailBody, AnalyzeBody, ProgressBody, RunBody, VerdictBody};

pub(crate) use media::check_description;
pub(crate) use words::{media_type, moment, prediction, run_status};
