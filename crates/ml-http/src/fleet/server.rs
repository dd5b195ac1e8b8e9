//! One server as the fleet knows it: what was seen last, and what was sent there and has not come back.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, Weak};

use dk_app::ModelCard;
use dk_app::ports::{ServerState, ServerStatus};
use dk_domain::{ModelName, Sha256};
use time::OffsetDateTime;

use super::send::Upload;
use super::settings::Address;

/// A server of the fleet.
pub(super) struct Server {
    pub(super) address: Address,
    seen: RwLock<Seen>,
    /// How many requests about each file are there.
    asked: Mutex<HashMap<Sha256, usize>>,
    uploads: Mutex<HashMap<Sha256, Weak<Upload>>>,
}

/// What was seen at the last look.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) state: ServerState,
    pub(super) response_ms: Option<u32>,
    pub(super) stats: Option<String>,
    pub(super) checked_at: OffsetDateTime,
    /// Cards of models that can be asked now.
    pub(super) cards: Vec<ModelCard>,
    pub(super) lanes: usize,
    /// Files that others had there, by the last look or by an answer since.
    pub(super) foreign_files: usize,
    /// Most bytes of a file that it takes.
    pub(super) max_blob_bytes: Option<u64>,
}

impl Seen {
    /// A server that does not answer.
    pub(super) fn unreachable(checked_at: OffsetDateTime) -> Self {
        Self {
            state: ServerState::Unreachable,
            response_ms: None,
            stats: None,
            checked_at,
            cards: Vec::new(),
            lanes: 1,
            foreign_files: 0,
            max_blob_bytes: None,
        }
    }
}

impl Server {
    pub(super) fn new(address: Address, now: OffsetDateTime) -> Self {
        let seen = RwLock::new(Seen::unreachable(now));
        Self { address, seen, asked: Mutex::default(), uploads: Mutex::default() }
    }

    pub(super) fn name(&self) -> &str {
        &self.address.name
    }

    pub(super) fn seen(&self) -> RwLockReadGuard<'_, Seen> {
        self.seen.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn see(&self, seen: Seen) {
        let mut last = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        if last.state != seen.state {
            tracing::info!(
                server = self.name(),
                before = last.state.as_str(),
                now = seen.state.as_str(),
                "ML server"
            );
        }
        *last = seen;
    }

    /// It took no connection or broke one: nobody asks it before the next good look.
    pub(super) fn lost(&self, now: OffsetDateTime) {
        self.see(Seen::unreachable(now));
    }

    pub(super) fn status(&self) -> ServerStatus {
        let seen = self.seen();
        ServerStatus {
            name: self.name().to_owned(),
            state: seen.state,
            response_ms: seen.response_ms,
            stats: seen.stats.clone(),
            checked_at: seen.checked_at,
        }
    }

    /// Whether it can be asked for exactly this model in this version.
    pub(super) fn has(&self, model: &ModelName, version: &str) -> bool {
        self.seen().cards.iter().any(|card| card.name == *model && card.version == version)
    }

    /// Maps are valid between two statements.
    fn asked(&self) -> MutexGuard<'_, HashMap<Sha256, usize>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Files that we have there now.
    pub(super) fn own_files(&self) -> usize {
        self.asked().len()
    }

    /// Notes a request until what is returned is dropped.
    pub(super) fn enter(self: &Arc<Self>, sha256: Sha256) -> InFlight {
        *self.asked().entry(sha256).or_default() += 1;
        InFlight { server: Arc::clone(self), sha256 }
    }

    /// It said with an answer how many files it has to do with: newer than the last look.
    pub(super) fn told_files(&self, files: usize) {
        let own_files = self.own_files();
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        seen.foreign_files = files.saturating_sub(own_files);
    }

    /// How much it would have to do with this file, for each lane. Files are counted and not requests, because
    /// another model on a file that is there already costs no second decode.
    pub(super) fn burden(&self, sha256: Sha256) -> f64 {
        let (own, is_there) = {
            let asked = self.asked();
            (asked.len(), asked.contains_key(&sha256))
        };
        let seen = self.seen();
        (own + usize::from(!is_there) + seen.foreign_files) as f64 / seen.lanes.max(1) as f64
    }

    /// Whether a request about this file is there.
    pub(super) fn has_file(&self, sha256: Sha256) -> bool {
        self.asked().contains_key(&sha256)
    }

    /// Among servers that have equally much to do, all askers choose the same one for a file, without talking.
    pub(super) fn rank(&self, sha256: Sha256) -> u64 {
        let mut hasher = DefaultHasher::new();
        (sha256, self.name()).hash(&mut hasher);
        hasher.finish()
    }

    /// The upload of a file, shared by all who need it there.
    pub(super) fn upload(&self, sha256: Sha256) -> Arc<Upload> {
        let mut uploads = self.uploads.lock().unwrap_or_else(PoisonError::into_inner);
        uploads.retain(|_, upload| upload.strong_count() > 0);
        if let Some(upload) = uploads.get(&sha256).and_then(Weak::upgrade) {
            return upload;
        }
        let upload = Arc::new(Upload::default());
        uploads.insert(sha256, Arc::downgrade(&upload));
        upload
    }
}

/// A request that is under way.
pub(super) struct InFlight {
    server: Arc<Server>,
    sha256: Sha256,
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut asked = self.server.asked();
        if let Some(count) = asked.get_mut(&self.sha256) {
            *count -= 1;
            if *count == 0 {
                asked.remove(&self.sha256);
            }
        }
    }
}
