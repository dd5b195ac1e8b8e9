//! The storage against its promises and against what goes wrong: full disks, cut connections, refusals.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on panics")]
#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "a skip prints its reason, a measurement its figure"
)]

mod cloudinary;
mod disk_full;
mod local;
mod memory;
mod proxy;
mod s3;
mod world;
