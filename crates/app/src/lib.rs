//! The use-cases of Drishtiksha and the ports they need. Knows no file format, no database, no JSON:
//! adapters on higher floors bring those.

pub mod account;
mod analyze;
mod chain;
mod detector;
mod gather;
pub mod local;
pub mod memory;
pub mod ports;
mod progress;
pub mod service;
mod stop;

pub use analyze::{AnalyzeError, Report, analyze};
pub use chain::in_one_line;
pub use detector::{
    DetectError, Detection, Detector, Effort, ErrorCode, Illustration, ModelCard, ModelFailure, Quality,
    Request, Thumbnail, Unready,
};
pub use gather::{Ask, Busy, Found, Gather, GatherFigures, GatherOptions, HeldFile, Reply};
pub use progress::{Phase, Progress, Silent};
pub use stop::{StopToken, Watch};
