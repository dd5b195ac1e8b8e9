//! The real program, run as a person runs it: in a home of its own, on files that are what they should be
//! and on files that are not. What a part of it does inside is tested beside that part.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test ends where what it needs is not there, and a skip prints its reason"
)]

mod cancel;
mod client;
mod client_faults;
mod client_server;
mod client_stand_in;
mod eval;
mod exit_codes;
mod hostile;
mod hostile_manifests;
mod hostile_pictures;
mod hostile_places;
mod hostile_recordings;
mod hostile_weights;
mod media;
mod models;
mod models_add;
mod models_bundle;
mod models_hub;
mod names;
mod onnx;
mod output;
mod package;
mod parsers;
mod settings;
mod silence;
mod support;
mod walkthrough;
