//! The handlers, by subject. Each reads its request, calls a use-case or a port, and says what came of it.

pub(crate) mod admin;
pub(crate) mod analyses;
pub(crate) mod api_keys;
pub(crate) mod content;
pub(crate) mod health;
pub(crate) mod installation;
pub(crate) mod link;
pub(crate) mod media;
pub(crate) mod models;
pub(crate) mod monitoring;
pub(crate) mod paging;
pub(crate) mod profile;
pub(crate) mod report;
pub(crate) mod runs;
mod said;
pub(crate) mod session;
pub(crate) mod sessions;
pub(crate) mod thumbnail;
pub(crate) mod upload;
pub(crate) mod uploads;
