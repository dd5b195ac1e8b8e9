//! Passwords: argon2id for new ones; bcrypt hashes of older installations are understood and marked as outdated.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use argon2::password_hash::phc::PasswordHash as Phc;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use async_trait::async_trait;
use dk_app::ports::{PasswordError, PasswordHash, Passwords};
use tokio::sync::Semaphore;

/// Memory in KiB, passes and lanes: the second choice of the OWASP password storage cheat sheet.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// What a hash of an older installation may ask for. With it, all hashes of one moment fit into 512 MiB.
const MAX_MEMORY_KIB: u32 = 64 * 1024;
/// So many may wait for each one that is hashed: about as long as a person waits.
const WAITING: usize = 64;
/// When a queue of that length is over.
const RETRY_AFTER: Duration = Duration::from_secs(3);

/// Hashes on the threads for blocking work, a few at a time: each takes memory and all of a core, and whoever sends
/// many passwords must not take every core. Who comes when the queue is long is told to come again.
pub struct Argon2Passwords {
    permits: Arc<Semaphore>,
    places: Arc<Semaphore>,
}

/// Compared with when there is no account, so that the answer takes as long. The hash of a random text with the
/// parameters above.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$phs8OIUK84npuwyOfJt6KA$jZOX5oTQRgC45gNys44ra2Sb7f3ol4UA/uqLIDIVpAM";

impl Default for Argon2Passwords {
    /// As many hashes at the same time as there are cores, but one, and at most eight.
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let at_once = cores.saturating_sub(1).clamp(1, 8);
        Self::new(at_once, at_once * WAITING)
    }
}

impl Argon2Passwords {
    /// At most `at_once` hashes at the same time, while at most `waiting` wait for their turn.
    pub fn new(at_once: usize, waiting: usize) -> Self {
        let at_once = at_once.max(1);
        Self {
            permits: Arc::new(Semaphore::new(at_once)),
            places: Arc::new(Semaphore::new(at_once + waiting)),
        }
    }

    async fn run<T: Send + 'static>(
        &self,
        tried: &'static str,
        work: impl FnOnce() -> Result<T, PasswordError> + Send + 'static,
    ) -> Result<T, PasswordError> {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let place = place.map_err(|_| PasswordError::Busy { retry_after: RETRY_AFTER })?;
        let permit = Arc::clone(&self.permits).acquire_owned().await;
        let permit = permit.map_err(|source| failed(tried, source))?;
        let done = tokio::task::spawn_blocking(move || {
            // Held by the work itself: a client that goes away does not make room while its hash still runs.
            let _held = (permit, place);
            work()
        });
        done.await.map_err(|source| failed(tried, source))?
    }
}

#[async_trait]
impl Passwords for Argon2Passwords {
    async fn hash(&self, password: &str) -> Result<PasswordHash, PasswordError> {
        let password = password.to_owned();
        self.run("hash", move || hash(&password)).await
    }

    async fn check(&self, password: &str, stored: Option<&PasswordHash>) -> Result<bool, PasswordError> {
        let exists = stored.is_some();
        let stored = stored.cloned().unwrap_or_else(|| PasswordHash(NOBODY.to_owned()));
        let password = password.to_owned();
        let right = self.run("check", move || check(&password, &stored)).await?;
        Ok(right && exists)
    }

    fn is_outdated(&self, stored: &PasswordHash) -> bool {
        !stored.0.starts_with(&format!("$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}$"))
    }
}

fn argon2() -> Result<Argon2<'static>, PasswordError> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|source| failed("hash", source))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

fn hash(password: &str) -> Result<PasswordHash, PasswordError> {
    let phc = argon2()?.hash_password(password.as_bytes()).map_err(|source| failed("hash", source))?;
    Ok(PasswordHash(phc.to_string()))
}

fn check(password: &str, stored: &PasswordHash) -> Result<bool, PasswordError> {
    if stored.0.starts_with("$2") {
        // A zero byte ends a bcrypt password, so no account has one with more behind it.
        if password.contains('\0') {
            return Ok(false);
        }
        return bcrypt::verify(password, &stored.0).map_err(|source| failed("check", source));
    }
    let phc = Phc::new(&stored.0).map_err(|source| failed("check", source))?;
    let memory_kib = Params::try_from(&phc).map_err(|source| failed("check", source))?.m_cost();
    if memory_kib > MAX_MEMORY_KIB {
        return Err(failed("check", TooMuchMemory(memory_kib)));
    }
    match argon2()?.verify_password(password.as_bytes(), &phc) {
        Ok(()) => Ok(true),
        Err(argon2::password_hash::Error::PasswordInvalid) => Ok(false),
        Err(source) => Err(failed("check", source)),
    }
}

fn failed(tried: &'static str, source: impl Error + Send + Sync + 'static) -> PasswordError {
    PasswordError::Failed { tried, source: Box::new(source) }
}

/// A stored hash that would take the memory of many others.
#[derive(Debug, thiserror::Error)]
#[error("the stored hash asks for {0} KiB of memory, and {MAX_MEMORY_KIB} KiB are allowed")]
struct TooMuchMemory(u32);
