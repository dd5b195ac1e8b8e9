//! HTTP and Socket.IO edge for people: who asks, what they may ask, how the answer looks. Knows neither a database
//! nor a file: everything it does is a use-case of `dk-app` or a port.

mod app;
mod auth;
mod config;
mod docs;
mod edge;
mod live;
pub mod messages;
mod openapi;
mod problem;
mod router;
mod routes;
mod web;

pub use auth::{Argon2Passwords, SetUpSecret};
pub use config::{Accepted, ApiConfig, SigningKey, SigningKeyError};
pub use edge::{Network, NetworkError};
pub use openapi::openapi_json;
pub use router::router;
