//! Requests on the real router over ports that live in memory: what the edge itself promises. The same routes over
//! real servers are tested with the binary.

#![expect(clippy::unwrap_used, reason = "tests; helpers of tests are not recognised as such")]

mod admin;
mod browser;
mod client;
mod content;
mod document;
mod errands;
mod health;
mod installation;
mod keys;
mod limits;
mod links;
mod live;
mod matrix;
mod media;
mod passwords;
mod problems;
mod resumable;
mod runs;
mod sessions;
mod sweeps;
mod thumbnails;
mod uploads;
mod web;
mod world;
