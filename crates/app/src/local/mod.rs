//! Ports that need nothing outside this process, for a service that is one process. What they hold is gone when it
//! ends.

mod bus;
mod limiter;

pub use bus::MemoryBus;
pub use limiter::MemoryLimiter;
