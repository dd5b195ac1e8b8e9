//! The real clock, ids and randomness.

use std::sync::atomic::{AtomicU64, Ordering};

use dk_app::ports::Ambient;
use time::OffsetDateTime;
use uuid::Uuid;

/// The world as it is.
#[derive(Debug, Default)]
pub(crate) struct World {
    /// The newest id's time and counter: ids of one process never go back.
    newest: AtomicU64,
}

/// Ids of one millisecond are told apart by this many counts.
const COUNTS: u64 = 1 << 12;

impl Ambient for World {
    #[expect(clippy::disallowed_methods, reason = "this is where the clock comes in")]
    fn now(&self) -> OffsetDateTime {
        let now = OffsetDateTime::now_utc();
        now.replace_nanosecond(now.nanosecond() / 1000 * 1000).unwrap_or(now)
    }

    fn id(&self) -> Uuid {
        let millis = u64::try_from(self.now().unix_timestamp_nanos() / 1_000_000).unwrap_or_default();
        let next = |newest: u64| Some((newest + 1).max(millis * COUNTS));
        let stamp = match self.newest.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next) {
            Ok(newest) | Err(newest) => (newest + 1).max(millis * COUNTS),
        };
        let mut bytes = [0_u8; 16];
        let random = self.secret();
        bytes[8..].copy_from_slice(&random[..8]);
        bytes[..6].copy_from_slice(&(stamp / COUNTS).to_be_bytes()[2..]);
        bytes[6..8].copy_from_slice(&((stamp % COUNTS) as u16).to_be_bytes());
        uuid::Builder::from_bytes(bytes)
            .with_variant(uuid::Variant::RFC4122)
            .with_version(uuid::Version::SortRand)
            .into_uuid()
    }

    fn secret(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        if let Err(error) = getrandom::fill(&mut bytes) {
            // A guessable secret is worse than no service.
            panic!("the system gives no random bytes: {error}");
        }
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_rise_within_a_process_and_are_of_version_seven() {
        let world = World::default();
        let ids: Vec<Uuid> = (0..10_000).map(|_| world.id()).collect();
        assert!(ids.is_sorted_by(|a, b| a < b));
        assert!(ids.iter().all(|id| id.get_version_num() == 7));
        let millis = ids[0].as_u128() >> 80;
        let now = world.now().unix_timestamp_nanos() / 1_000_000;
        assert!((now - i128::try_from(millis).unwrap()).abs() < 60_000);
    }
}
