//! Both databases, asked through the ports.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]

mod diagram;
mod memory;
mod orders;
mod partitions;
mod postgres;
mod queue;
mod queue_faults;
mod replica;
mod schema;
mod sqlite;
mod support;
mod tls;
