//! The line to a server: every request carries the key, and nothing else is sent along.

use reqwest::header::HeaderValue;
use reqwest::{Client, RequestBuilder, Response, redirect};
use std::time::Duration;

use super::settings::{FleetError, FleetSettings};
use super::turn::Turn;
use crate::key::KEY_HEADER;

/// After so long without a byte the system asks whether the other side is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// Makes requests with the key.
#[derive(Clone)]
pub(super) struct Line {
    client: Client,
    key: HeaderValue,
    silence_timeout: Duration,
}

impl Line {
    pub(super) fn new(settings: &FleetSettings) -> Result<Self, FleetError> {
        let mut key = HeaderValue::from_str(settings.api_key.reveal()).map_err(|_| FleetError::NoKey)?;
        if key.is_empty() {
            return Err(FleetError::NoKey);
        }
        key.set_sensitive(true);
        let builder = Client::builder();
        // What was sent and is never acknowledged ends the connection as well.
        #[cfg(target_os = "linux")]
        let builder = builder.tcp_user_timeout(settings.silence_timeout);
        let client = builder
            .connect_timeout(settings.connect_timeout)
            .tcp_keepalive(KEEP_ALIVE)
            .tcp_keepalive_interval(KEEP_ALIVE)
            // Servers are ours: nobody in between gets the key, and nobody sends us elsewhere.
            .no_proxy()
            .redirect(redirect::Policy::none())
            .build()
            .map_err(FleetError::Client)?;
        Ok(Self { client, key, silence_timeout: settings.silence_timeout })
    }

    pub(super) fn get(&self, url: String) -> RequestBuilder {
        self.keyed(self.client.get(url))
    }

    pub(super) fn head(&self, url: String) -> RequestBuilder {
        self.keyed(self.client.head(url))
    }

    pub(super) fn put(&self, url: String) -> RequestBuilder {
        self.keyed(self.client.put(url))
    }

    pub(super) fn post(&self, url: String) -> RequestBuilder {
        self.keyed(self.client.post(url))
    }

    /// Waits for the next sign of life of a server that works on a file.
    pub(super) async fn sign<T>(&self, next: impl Future<Output = reqwest::Result<T>>) -> Result<T, Turn> {
        match tokio::time::timeout(self.silence_timeout, next).await {
            Ok(sign) => sign.map_err(|e| Turn::broken(&e)),
            Err(_) => Err(Turn::Lost("says nothing any more".to_owned())),
        }
    }

    fn keyed(&self, request: RequestBuilder) -> RequestBuilder {
        request.header(KEY_HEADER, self.key.clone())
    }
}

/// A short answer as text; `None` where it broke off or is longer than allowed.
pub(super) async fn text(mut response: Response, max_bytes: usize) -> Option<String> {
    let mut bytes = Vec::new();
    while let Some(piece) = response.chunk().await.ok()? {
        bytes.extend_from_slice(&piece);
        if bytes.len() > max_bytes {
            return None;
        }
    }
    String::from_utf8(bytes).ok()
}
