//! Redis, with real servers, real kills and Node's own clients.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod bus;
mod faults;
mod limiter;
mod node;
mod queue;
mod support;
mod tls;
mod worker;
