//! What every handler can reach.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use dk_app::service::Ports;
use dk_domain::UserId;
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
    /// One permit per page of a report that is being made, because a page holds a whole file.
    pub(crate) pages: Semaphore,
    /// Uploads under way of each person.
    uploading: Mutex<HashMap<UserId, usize>>,
}

/// Pages of reports that are made at the same time; the others wait.
const PAGES_AT_ONCE: usize = 4;

/// One person's upload under way; ends when dropped.
pub(crate) struct Uploading<'a> {
    shared: &'a Shared,
    user: UserId,
}

impl Shared {
    /// Begins an upload of a person; `None` when that person has as many as one may have.
    pub(crate) fn begin_upload(&self, user: UserId) -> Option<Uploading<'_>> {
        let mut uploading = self.uploading.lock().unwrap_or_else(PoisonError::into_inner);
        let count = uploading.entry(user).or_default();
        if *count >= self.config.uploads_of_one {
            return None;
        }
        *count += 1;
        Some(Uploading { shared: self, user })
    }
}

impl Drop for Uploading<'_> {
    fn drop(&mut self) {
        let mut uploading = self.shared.uploading.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = uploading.get_mut(&self.user) {
            *count -= 1;
            if *count == 0 {
                uploading.remove(&self.user);
            }
        }
    }
}

impl App {
    pub(crate) fn new(ports: Ports, config: ApiConfig) -> Self {
        let tokens = Tokens::new(&config);
        let uploads = Arc::new(Semaphore::new(config.uploads_at_once));
        let pages = Semaphore::new(PAGES_AT_ONCE);
        Self(Arc::new(Shared { ports, config, tokens, uploads, pages, uploading: Mutex::default() }))
    }
}

impl std::ops::Deref for App {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}
