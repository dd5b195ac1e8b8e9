//! What every implementation of a port must do, as functions that its tests call. One module per port or group of
//! ports; each function is one promise, starts from an empty implementation and panics when the promise is broken.
//! Knows no implementation.
#![expect(
    clippy::missing_panics_doc,
    reason = "a promise that is broken panics: that is the use of this crate"
)]
#![expect(clippy::unwrap_used, reason = "as above")]

pub mod bus;
pub mod limiter;
pub mod queue;
pub mod storage;
pub mod store;
