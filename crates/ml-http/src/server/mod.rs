//! The ML server: models that are asked over HTTP.

pub(crate) mod analyze;
mod blobs;
pub(crate) mod edge;
mod form;
pub(crate) mod problem;
mod publish;
mod receive;
mod routes;

use std::fmt;
use std::io;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use dk_app::ports::{Ambient, Bus};
use dk_app::{Detector, GatherOptions, StopToken};

use crate::host::Host;
use crate::key::{ApiKey, KeyRing};
pub use blobs::BlobSettings;
use blobs::Blobs;
use publish::Publisher;

/// How often files that nobody needs any more are looked for.
const SWEEP: Duration = Duration::from_mins(1);

/// How a server is set up.
#[derive(Debug, Clone)]
pub struct MlSettings {
    /// Keys that open it; at least one.
    pub api_keys: Vec<ApiKey>,
    /// How requests are gathered.
    pub gather: GatherOptions,
    /// Whether one refused package stops the start.
    pub strict: bool,
    /// Where files that were sent are held.
    pub blobs: BlobSettings,
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// Everybody could use it.
    #[error("no key is set that would open the ML server; hint: set ML_API_KEY")]
    NoKey,
    /// The folder cannot be used.
    #[error("cannot use the folder for files that are sent")]
    Folder(#[source] io::Error),
    /// The system gave no thread.
    #[error("cannot start a thread for analyses")]
    Lanes(#[source] io::Error),
    /// Packages that cannot be used, when every one has to be.
    #[error("{} cannot be used: {}", count(.0.len()), .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Refused(Vec<RefusedModel>),
    /// Loading was stopped.
    #[error("loading the models was stopped")]
    Stopped,
}

fn count(models: usize) -> String {
    if models == 1 { "1 model".to_owned() } else { format!("{models} models") }
}

/// A package that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedModel {
    /// Its name.
    pub name: String,
    /// Why.
    pub why: String,
    /// The way out.
    pub hint: String,
}

impl fmt::Display for RefusedModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} (hint: {})", self.name, self.why, self.hint)
    }
}

/// A server. Clones are the same server.
#[derive(Clone)]
pub struct MlServer(Arc<Shared>);

/// What every request sees.
pub(crate) struct Shared {
    host: Arc<Host>,
    blobs: Arc<Blobs>,
    keys: KeyRing,
    publisher: Option<Publisher>,
    ambient: Arc<dyn Ambient>,
    strict: bool,
}

impl MlServer {
    /// Makes a server that answers at once and is ready after [`MlServer::load`]. Called within a runtime, because
    /// it also sweeps its folder and, where there is a bus, publishes progress there.
    pub async fn open(
        detector: Arc<dyn Detector>,
        ambient: Arc<dyn Ambient>,
        bus: Option<Arc<dyn Bus>>,
        settings: MlSettings,
    ) -> Result<Self, StartError> {
        let MlSettings { api_keys, gather, strict, blobs } = settings;
        if api_keys.is_empty() || api_keys.iter().any(ApiKey::is_empty) {
            return Err(StartError::NoKey);
        }
        let blobs = tokio::task::spawn_blocking(move || Blobs::open(blobs)).await;
        let blobs = blobs.map_err(|_| StartError::Stopped)?.map_err(StartError::Folder)?;
        let shared = Arc::new(Shared {
            host: Host::open(detector, gather).map_err(StartError::Lanes)?,
            blobs,
            keys: KeyRing::new(&api_keys),
            publisher: bus.map(Publisher::start),
            ambient,
            strict,
        });
        tokio::spawn(sweep(Arc::downgrade(&shared)));
        Ok(Self(shared))
    }

    /// Loads every model; until then requests are told to come later. A refused package is an error where the
    /// server is strict, and is left out otherwise.
    pub async fn load(&self, stop: &StopToken) -> Result<(), StartError> {
        let (host, token) = (Arc::clone(&self.0.host), stop.clone());
        let loaded = tokio::task::spawn_blocking(move || host.load(&token)).await;
        if loaded.is_err() || stop.is_stopped() {
            return Err(StartError::Stopped);
        }
        let refused: Vec<RefusedModel> = self
            .0
            .host
            .cards()
            .into_iter()
            .filter_map(|card| {
                let unready = card.state.err()?;
                Some(RefusedModel { name: card.name.to_string(), why: unready.why, hint: unready.hint })
            })
            .collect();
        if self.0.strict && !refused.is_empty() {
            return Err(StartError::Refused(refused));
        }
        for model in refused {
            tracing::warn!(model.name = %model.name, reason = %model.why, hint = %model.hint, "model left out");
        }
        Ok(())
    }

    /// The routes.
    pub fn router(&self) -> axum::Router {
        routes::router(Arc::clone(&self.0))
    }

    /// Ends every analysis as stopped, for the second stage of a shutdown.
    pub fn close(&self) {
        self.0.host.close();
    }
}

/// Removes files that nobody needs, as long as the server lives.
async fn sweep(shared: Weak<Shared>) {
    let mut tick = tokio::time::interval(SWEEP);
    loop {
        tick.tick().await;
        let Some(shared) = shared.upgrade() else { return };
        let blobs = Arc::clone(&shared.blobs);
        drop(shared);
        // A sweep that failed is tried again.
        let _ = tokio::task::spawn_blocking(move || blobs.sweep(Instant::now())).await;
    }
}
