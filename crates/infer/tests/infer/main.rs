//! The room as its users see it: real packages, real nets, real media, on every engine that is here.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test says why it skips, and fails by a panic"
)]

mod engines;
mod goldens;
mod lip_sync;
mod manifests;
mod origin;
mod pipelines;
mod setup;
mod trial;
mod upright;
