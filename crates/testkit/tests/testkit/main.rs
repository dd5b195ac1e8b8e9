//! The servers that tests rely on do what they promise.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod postgres;
mod redis;
