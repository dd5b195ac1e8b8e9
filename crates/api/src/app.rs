//! What every handler can reach.

use std::sync::Arc;

use dk_app::service::Ports;
use tokio::sync::Semaphore;

use crate::auth::Tokens;
use crate::config::ApiConfig;

/// Shared by all requests; cheap to clone.
#[derive(Clone)]
pub(crate) struct App(Arc<Shared>);

/// The parts.
pub(crate) struct Shared {
    /// The world outside.
    pub(crate) ports: Ports,
    /// Settings.
    pub(crate) config: ApiConfig,
    /// Makes and reads access tokens.
    pub(crate) tokens: Tokens,
    /// One permit per upload under way.
    pub(crate) uploads: Arc<Semaphore>,
}

impl App {
    pub(crate) fn new(ports: Ports, config: ApiConfig) -> Self {
        let tokens = Tokens::new(&config);
        let uploads = Arc::new(Semaphore::new(config.uploads_at_once));
        Self(Arc::new(Shared { ports, config, tokens, uploads }))
    }
}

impl std::ops::Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
