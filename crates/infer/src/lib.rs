//! Model packages, their pipelines, and the engines that run them. Turns a file into findings; decides
//! nothing about the file as a whole and knows no network and no database.

mod bench;
pub mod bundle;
mod detector;
pub mod engine;
mod fan_out;
pub mod guard;
mod helper;
mod illustrate;
mod judge;
mod nets;
pub mod package;
mod passes;
mod picture_input;
mod pipeline;
pub mod pull;
mod runner;
mod similarity;
mod upright_face;
pub mod validator;
mod verify;
mod visual;

pub use bench::BenchError;
pub use detector::LocalDetector;
pub use nets::Settings;
pub use verify::{CaseResult, VerifyError};
