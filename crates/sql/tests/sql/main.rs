//! Both databases, asked through the ports.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod postgres;
mod sqlite;
mod support;
