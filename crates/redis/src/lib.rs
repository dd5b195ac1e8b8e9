//! The job queue, live news between processes and shared limits, on Redis. The queue is BullMQ's own, so Node's tools
//! can look into it. Knows nothing about media, rows or HTTP; nothing that must not be lost is kept only here.

mod bus;
mod limiter;
mod queue;
mod server;
mod signal;

pub use bus::RedisBus;
pub use limiter::RedisLimiter;
pub use queue::{QueueOptions, RedisQueue};
pub use server::{AddressError, Facts, Redis, Setup};
