//! BullMQ queue, live events and shared limits on Redis.
