//! Fetches one file of a model hub: resumed after an interruption, tried again while that may help, let in by its
//! checksum alone. Sends a token to the hub itself and to nobody whom the hub names.

use std::path::PathBuf;
use std::time::Duration;

use dk_infer::package::{Download, HubFile, StoreError, WeightsFile};
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::header::{AUTHORIZATION, CONTENT_RANGE, HeaderMap, RANGE, RETRY_AFTER};
use reqwest::{Client, Response, StatusCode};

use crate::config::Hub;

/// Longest wait for a connection, and for the next bytes.
const CONNECT: Duration = Duration::from_secs(15);
const STILL: Duration = Duration::from_mins(1);
/// Attempts that bring no byte, one after the other, before it gives up.
const ATTEMPTS: u32 = 5;
/// First and longest pause before another attempt; a hub that asks for more patience gets up to [`PATIENCE`].
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(10));
const PATIENCE: Duration = Duration::from_mins(5);

/// Why a file could not be fetched.
#[derive(Debug, thiserror::Error)]
pub(super) enum HubError {
    #[error("cannot wait for the network")]
    Runtime(#[source] std::io::Error),
    #[error("cannot prepare requests")]
    Client(#[source] reqwest::Error),
    #[error("{address} is refused ({status})")]
    Refused { address: String, status: StatusCode },
    #[error("{address} is not there (404)")]
    Absent { address: String },
    #[error("{address} answers {status}")]
    Answer { address: String, status: StatusCode },
    #[error("{address} sends more than the {bytes} bytes that the package names")]
    TooLong { address: String, bytes: u64 },
    #[error("{address} asks to wait for {} s", wait.as_secs())]
    Wait { address: String, wait: Duration },
    #[error("{address} stops sending after {bytes} bytes")]
    Short { address: String, bytes: u64 },
    #[error("cannot fetch {address}")]
    Network { address: String, source: reqwest::Error },
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl HubError {
    /// The way out.
    pub(super) fn hint(&self) -> &'static str {
        match self {
            Self::Runtime(_) => "check the limits of this system on open files",
            Self::Client(_) => "check the certificates of this system, or name a file in SSL_CERT_FILE",
            Self::Refused { .. } => {
                "accept the publisher's terms on the hub with an account, and set DRISHTIKSHA_HUB_TOKEN to a token of it"
            }
            Self::Absent { .. } | Self::TooLong { .. } => {
                "the publisher or a mirror no longer has this file; get it elsewhere and use --from"
            }
            Self::Store(StoreError::Checksum { .. }) => {
                "this is another file than the package means; the bytes were removed"
            }
            Self::Store(StoreError::Busy { .. }) => "wait for it",
            Self::Store(StoreError::Io { .. }) => "check the space and the rights of the data folder",
            Self::Answer { .. } | Self::Wait { .. } | Self::Short { .. } | Self::Network { .. } => {
                "check the network and DRISHTIKSHA_HUB, and run the command again: it goes on where it stopped"
            }
        }
    }

    /// Whether another attempt may bring what this one did not.
    fn may_pass(&self) -> bool {
        match self {
            Self::Answer { status, .. } => status.is_server_error() || *status == StatusCode::REQUEST_TIMEOUT,
            Self::Wait { wait, .. } => *wait <= PATIENCE,
            Self::Short { .. } | Self::Network { .. } => true,
            _ => false,
        }
    }
}

/// Fetches the weights into the store of `download`.
pub(super) fn fetch(
    hub: &Hub,
    file: &HubFile,
    weights: &WeightsFile,
    download: Download,
) -> Result<PathBuf, HubError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(HubError::Runtime)?;
    runtime.block_on(Fetch::new(hub, file, weights, download)?.run())
}

struct Fetch<'a> {
    client: Client,
    hub: &'a Hub,
    address: String,
    bytes: u64,
    download: Download,
    bar: ProgressBar,
}

impl<'a> Fetch<'a> {
    fn new(
        hub: &'a Hub,
        file: &HubFile,
        weights: &WeightsFile,
        download: Download,
    ) -> Result<Self, HubError> {
        let client = Client::builder()
            .user_agent(concat!("drishtiksha/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            .read_timeout(STILL)
            // Whoever reads along on the way must not see a token.
            .https_only(hub.is_secure())
            .build()
            .map_err(HubError::Client)?;
        let HubFile { repository, revision, member } = file;
        let address = format!("{}/{repository}/resolve/{revision}/{member}", hub.address());
        let bar = ProgressBar::new(weights.bytes).with_style(
            ProgressStyle::with_template("{wide_bar} {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left")
                .unwrap_or_else(|_| ProgressStyle::default_bar()),
        );
        Ok(Self { client, hub, address, bytes: weights.bytes, download, bar })
    }

    async fn run(mut self) -> Result<PathBuf, HubError> {
        let mut in_vain = 0;
        let mut pause = BACK_OFF.0;
        // What another version of the package left here cannot be part of this file.
        if self.download.bytes() > self.bytes {
            self.download.restart()?;
        }
        while self.download.bytes() < self.bytes {
            let before = self.download.bytes();
            let Err(error) = self.attempt().await else { continue };
            let came = self.download.bytes() > before;
            (in_vain, pause) = if came { (0, BACK_OFF.0) } else { (in_vain + 1, pause) };
            if !error.may_pass() || in_vain == ATTEMPTS {
                return Err(error);
            }
            let wait = if let HubError::Wait { wait, .. } = &error { *wait } else { pause };
            pause = (pause * 2).min(BACK_OFF.1);
            tokio::time::sleep(wait).await;
        }
        self.bar.finish_and_clear();
        Ok(self.download.finish(&self.address)?)
    }

    /// One request; keeps whatever comes.
    async fn attempt(&mut self) -> Result<(), HubError> {
        let network = |address: &str, source| HubError::Network { address: address.to_owned(), source };
        let mut request = self.client.get(&self.address);
        if self.download.bytes() > 0 {
            request = request.header(RANGE, format!("bytes={}-", self.download.bytes()));
        }
        if let Some(token) = self.hub.token() {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        let mut answer = request.send().await.map_err(|source| network(&self.address, source))?;
        self.check(&answer)?;
        self.bar.set_position(self.download.bytes());
        while let Some(bytes) = answer.chunk().await.map_err(|source| network(&self.address, source))? {
            if self.download.bytes() + bytes.len() as u64 > self.bytes {
                let address = self.address.clone();
                self.download.restart()?;
                return Err(HubError::TooLong { address, bytes: self.bytes });
            }
            self.download.write(&bytes)?;
            self.bar.set_position(self.download.bytes());
        }
        if self.download.bytes() < self.bytes {
            return Err(HubError::Short { address: self.address.clone(), bytes: self.download.bytes() });
        }
        Ok(())
    }

    /// Whether the body can be taken, from the place where it begins.
    fn check(&mut self, answer: &Response) -> Result<(), HubError> {
        let (address, status) = (self.address.clone(), answer.status());
        match status {
            StatusCode::OK => Ok(self.download.restart()?),
            StatusCode::PARTIAL_CONTENT if begins_at(answer.headers()) == Some(self.download.bytes()) => {
                Ok(())
            }
            // It was answered from another place, or what is here is no part of the file: all of it again.
            StatusCode::PARTIAL_CONTENT | StatusCode::RANGE_NOT_SATISFIABLE => {
                self.download.restart()?;
                Err(HubError::Short { address, bytes: 0 })
            }
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(HubError::Refused { address, status }),
            StatusCode::NOT_FOUND | StatusCode::GONE => Err(HubError::Absent { address }),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
                let secs =
                    answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
                let wait = secs.map_or(BACK_OFF.1, Duration::from_secs);
                Err(HubError::Wait { address, wait })
            }
            _ => Err(HubError::Answer { address, status }),
        }
    }
}

fn begins_at(headers: &HeaderMap) -> Option<u64> {
    let range = headers.get(CONTENT_RANGE)?.to_str().ok()?;
    range.strip_prefix("bytes ")?.split('-').next()?.parse().ok()
}
