//! The ML server and its client over real connections, with a detector that does what the test says.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod analyze;
mod blobs;
mod fleet;
mod fleet_odd;
mod in_process;
mod routes;
mod secrets;
mod support;
