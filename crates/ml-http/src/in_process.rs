//! Judges files in this process, for everything that runs without an ML server.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use async_trait::async_trait;
use dk_app::ports::{
    Ambient, Analyst, Answer, AskError, Assignment, LocalFile, Offer, ServerState, ServerStatus, Storage,
    Watcher,
};
use dk_app::{Detector, GatherOptions, HeldFile, ModelCard, StopToken};
use dk_domain::ErrorCode;
use dk_wire::ResultPayload;
use tokio::sync::OnceCell;

use crate::answer::answer;
use crate::host::{Host, Question};
use crate::stopping::unless_stopped;

/// The name of this process among servers.
const NAME: &str = "in-process";

/// A file that several requests look at; fetched once.
type SharedFile = OnceCell<Arc<LocalFile>>;

/// The analyst of this process.
pub struct InProcess {
    host: Arc<Host>,
    storage: Arc<dyn Storage>,
    ambient: Arc<dyn Ambient>,
    files: Mutex<HashMap<String, Weak<SharedFile>>>,
    ask_timeout: Duration,
}

impl InProcess {
    /// Starts the lanes. Models are loaded by [`InProcess::load`], or when they are first needed. No analysis takes
    /// longer than `ask_timeout`, as with [`crate::FleetSettings::ask_timeout`].
    pub fn open(
        detector: Arc<dyn Detector>,
        options: GatherOptions,
        storage: Arc<dyn Storage>,
        ambient: Arc<dyn Ambient>,
        ask_timeout: Duration,
    ) -> io::Result<Self> {
        let host = Host::open(detector, options)?;
        Ok(Self { host, storage, ambient, files: Mutex::default(), ask_timeout })
    }

    /// Loads every model; blocks, so it is called on a thread of its own.
    pub fn load(&self, stop: &StopToken) {
        self.host.load(stop);
    }

    /// Ends all work as stopped.
    pub fn close(&self) {
        self.host.close();
    }

    /// The place where those who need this file at the same time find it.
    fn shared(&self, key: &str) -> Arc<SharedFile> {
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        files.retain(|_, file| file.strong_count() > 0);
        if let Some(file) = files.get(key).and_then(Weak::upgrade) {
            return file;
        }
        let file = Arc::new(SharedFile::new());
        files.insert(key.to_owned(), Arc::downgrade(&file));
        file
    }

    async fn fetch(&self, key: &str) -> Result<Arc<LocalFile>, AskError> {
        match self.storage.local(key).await {
            Ok(Some(file)) => Ok(Arc::new(file)),
            Ok(None) => Err(says(ErrorCode::FileMissing, "the stored file is gone")),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a file could not be fetched");
                Err(says(ErrorCode::Io, "the stored file could not be read"))
            }
        }
    }

    async fn judge(&self, what: &Assignment, watcher: Watcher) -> Result<Answer, AskError> {
        if !self.host.offers(&what.model) {
            return Err(says(ErrorCode::ModelUnavailable, &format!("{} cannot be used now", what.model)));
        }
        // Held until the answer, so that a request for the same file meanwhile finds it.
        let shared = self.shared(&what.key);
        let file = Arc::clone(shared.get_or_try_init(|| self.fetch(&what.key)).await?);
        let file: Arc<dyn HeldFile> = file;
        let question = Question { sha256: what.sha256, file, model: what.model.clone(), watcher };
        let busy = |_| says(ErrorCode::ServerUnavailable, "too many analyses are waiting");
        let pending = self.host.submit(question).map_err(busy)?;
        let (facts, finding) = pending.await?;
        let payload = ResultPayload::new(&finding, &facts);
        let wrong = |error: String| {
            tracing::error!(model.name = %what.model, error, "a finding makes no payload");
            says(ErrorCode::ModelFailed, "the model's answer cannot be used")
        };
        let text = serde_json::to_string(&payload).map_err(|e| wrong(e.to_string()))?;
        answer(&payload, text).map_err(|e| wrong(e.to_string()))
    }
}

fn says(code: ErrorCode, message: &str) -> AskError {
    AskError { code, message: message.to_owned() }
}

#[async_trait]
impl Analyst for InProcess {
    async fn offers(&self) -> Vec<Offer> {
        let usable = self.host.cards().into_iter().filter(|card| card.is_detector && card.state.is_ok());
        usable.map(|card| Offer { card, servers: vec![NAME.to_owned()] }).collect()
    }

    async fn ask(&self, what: &Assignment, watcher: Watcher, stop: StopToken) -> Result<Answer, AskError> {
        // What is dropped here stops its look.
        let judged = tokio::time::timeout(self.ask_timeout, self.judge(what, watcher));
        let late = |_| says(ErrorCode::TimedOut, "the analysis took too long");
        unless_stopped(&stop, async { judged.await.unwrap_or_else(|over| Err(late(over))) }).await
    }

    async fn servers(&self) -> Vec<ServerStatus> {
        let stats = self.host.stats(None);
        let fine = stats.ready && self.host.cards().iter().all(ModelCard::is_fine);
        vec![ServerStatus {
            name: NAME.to_owned(),
            state: if fine { ServerState::Healthy } else { ServerState::Degraded },
            response_ms: Some(0),
            stats: serde_json::to_string(&stats).ok(),
            checked_at: self.ambient.now(),
        }]
    }

    fn publishes_progress(&self) -> bool {
        false
    }
}
