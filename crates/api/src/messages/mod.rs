//! The JSON of requests and answers, in the names of the outside contract. Shapes and checks only.

mod account;
mod installation;
mod media;
mod monitoring;
mod problem;
mod run;
mod session;
mod words;

pub use account::{
    ApiKeyBody, ApiKeyCreated, ApiKeyList, ApiKeyNew, LogInBody, PasswordChange, ProfilePatch, SignUpBody,
    TokenBody, UserBody, UserList, UserPatch,
};
pub use installation::{AboutBody, AcceptedBody, LimitsBody, SetUpBody};
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
pub use session::{SessionBody, SessionList};

pub(crate) use media::check_description;
pub(crate) use words::{media_type, moment, prediction, run_status};
