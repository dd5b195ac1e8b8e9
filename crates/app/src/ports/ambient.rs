//! Time, ids and randomness, passed in so that a test can choose them.

use time::OffsetDateTime;
use uuid::Uuid;

/// The world around the program.
pub trait Ambient: Send + Sync {
    /// Now, in UTC, in whole microseconds (what both databases keep).
    fn now(&self) -> OffsetDateTime;
    /// A new UUID of version 7: ids made later sort later.
    fn id(&self) -> Uuid;
    /// 32 unguessable bytes.
    fn secret(&self) -> [u8; 32];
}
