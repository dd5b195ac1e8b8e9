//! The room as its users see it: real packages, real nets, real media, on every engine that is here.

mod engines;
mod goldens;
mod manifests;
mod pipelines;
mod setup;
mod trial;
