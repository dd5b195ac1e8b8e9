//! What the tests share.

mod detector;
mod server;
mod storage;

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dk_app::ports::{Ambient, Assignment};
use dk_domain::{MediaId, RunId, Sha256, UserId};
use sha2::Digest;
use time::OffsetDateTime;
use uuid::Uuid;

pub(crate) use detector::{Fake, absent, card};
pub(crate) use server::{KEY, OTHER_KEY, Options, Running, json, settings};
pub(crate) use storage::MemoryStorage;

/// How long a test waits for what must come.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);

/// Waits for what must come.
pub(crate) async fn soon<T>(what: &str, work: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, work).await.unwrap_or_else(|_| panic!("{what} did not come"))
}

/// Asks again and again until it is so.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    soon(what, async {
        while !is_so().await {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

/// Always the same moment, and ids one after the other.
#[derive(Default)]
pub(crate) struct TestAmbient(AtomicU64);

impl Ambient for TestAmbient {
    fn now(&self) -> OffsetDateTime {
        OffsetDateTime::UNIX_EPOCH
    }

    fn id(&self) -> Uuid {
        Uuid::from_u64_pair(7, self.0.fetch_add(1, Ordering::SeqCst))
    }

    fn secret(&self) -> [u8; 32] {
        [0; 32]
    }
}

/// The checksum of these bytes.
pub(crate) fn sha_of(bytes: &[u8]) -> Sha256 {
    Sha256::from(<[u8; 32]>::from(sha2::Sha256::digest(bytes)))
}

/// One model's part of a run on this file.
pub(crate) fn assignment(file: &[u8], model: &str) -> Assignment {
    let id = |number| Uuid::from_u64_pair(1, number);
    Assignment {
        user_id: UserId::from(id(1)),
        media_id: MediaId::from(id(2)),
        run_id: RunId::from(id(3)),
        model: model.parse().unwrap(),
        key: sha_of(file).to_string(),
        sha256: sha_of(file),
        bytes: file.len() as u64,
    }
}
