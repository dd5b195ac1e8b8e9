//! What surrounds every request: its id, its frame, its limits, and the client's address. Knows no route.

mod address;
mod body;
mod extract;
mod frame;
mod headers;
mod quota;
mod time_limit;

pub use address::{Network, NetworkError};

pub(crate) use address::ClientAddress;
pub(crate) use body::{Backlog, linger};
pub(crate) use extract::{Id, Json, MaybeJson, Params};
pub(crate) use frame::{frame, panicked};
pub(crate) use headers::{compression, cors};
pub(crate) use quota::{count_address, count_user, take};
pub(crate) use time_limit::time_limit;
