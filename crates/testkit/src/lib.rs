//! Servers and files that tests start and stop themselves. Everything listens on 127.0.0.1 on a free port, lives in
//! a temporary folder and goes away with the test, or with the program that runs the tests.

mod certificate;
pub mod cloudinary;
pub mod nginx;
pub mod node;
pub mod pgbouncer;
mod port;
pub mod postgres;
pub mod redis;
pub mod s3;
