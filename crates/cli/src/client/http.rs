//! Requests to a server: sent with the key, answered in JSON or with a problem, tried again while that may help.
//! Knows no command.

use std::time::Duration;

use dk_app::StopToken;
use reqwest::header::{AUTHORIZATION, HeaderMap, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, Method, RequestBuilder, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;
use tokio::time::Instant;

use super::address::Address;
use super::fault::{Fault, Refusal};
use super::kept::Key;
use super::messages::Problem;
use crate::failure::Failure;

/// Longest wait for a connection.
const CONNECT: Duration = Duration::from_secs(15);
/// Longest wait for a small answer.
const ANSWER: Duration = Duration::from_secs(30);
/// Longest wait for the bytes of a file.
const DOWNLOAD: Duration = Duration::from_mins(10);
/// Most bytes of a JSON answer; a report has at most 256 KiB per model.
const MAX_ANSWER_BYTES: usize = 64 << 20;
/// Between two questions to one server, whoever asks: far below what a server allows one person.
const PACE: Duration = Duration::from_millis(200);
/// First and longest pause before another attempt.
const BACK_OFF: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(8));

/// A server and who we are there.
pub(super) struct Server {
    client: Client,
    address: Address,
    key: Option<Key>,
    next_turn: Mutex<Instant>,
}

impl Server {
    pub(super) fn new(address: Address, key: Option<Key>) -> Result<Self, Failure> {
        let mut builder = Client::builder()
            .user_agent(concat!("drishtiksha/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT)
            // A redirect would send the key and a file that cannot be sent twice somewhere else.
            .redirect(Policy::none());
        if address.is_loopback() {
            builder = builder.no_proxy();
        }
        let client = builder.build().map_err(|error| {
            let error = anyhow::Error::new(error).context("cannot prepare requests");
            Failure::not_done(error, "check the certificates of this system, or name a file in SSL_CERT_FILE")
        })?;
        Ok(Self { client, address, key, next_turn: Mutex::new(Instant::now()) })
    }

    pub(super) fn address(&self) -> &Address {
        &self.address
    }

    /// A request with the key, to a path below `/api/v1`.
    pub(super) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}/api/v1{path}", self.address));
        match &self.key {
            Some(key) => request.header(AUTHORIZATION, format!("Bearer {}", key.reveal())),
            None => request,
        }
    }

    /// One attempt to get JSON.
    pub(super) async fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, Fault> {
        self.get_with(path, &[]).await
    }

    /// One attempt to get JSON, with a query.
    pub(super) async fn get_with<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, String)],
    ) -> Result<T, Fault> {
        let answer = self.send(self.request(Method::GET, path).query(query).timeout(ANSWER)).await?;
        self.json(answer).await
    }

    /// One attempt to send JSON and get some.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        token: &str,
        body: &impl Serialize,
    ) -> Result<T, Fault> {
        let request = self.client.post(format!("{}/api/v1{path}", self.address));
        let answer = self.send(request.bearer_auth(token).timeout(ANSWER).json(body)).await?;
        self.json(answer).await
    }

    /// The original of a medium, as far as `most` bytes go.
    pub(super) async fn content(&self, media: &str, most: u64) -> Result<Option<Vec<u8>>, Fault> {
        let request = self.request(Method::GET, &format!("/media/{media}/content")).timeout(DOWNLOAD);
        let answer = self.send(request).await?;
        self.bytes(answer, usize::try_from(most).unwrap_or(usize::MAX)).await
    }

    /// Gets JSON and tries again while that may help, for at most `patience` without an answer. `tell` hears when
    /// the trying begins and ends. `None` after a stop.
    pub(super) async fn insist<T: DeserializeOwned>(
        &self,
        path: &str,
        patience: Duration,
        stop: &StopToken,
        tell: impl Fn(&str),
    ) -> Result<Option<T>, Fault> {
        let begin = Instant::now();
        let mut pause = BACK_OFF.0;
        let mut told = false;
        loop {
            self.turn().await;
            let answer = tokio::select! {
                answer = self.get(path) => answer,
                () = stop.stopped() => return Ok(None),
            };
            let fault = match answer {
                Err(fault) if fault.may_pass() && begin.elapsed() < patience => fault,
                Ok(answer) => {
                    if told {
                        tell("the server answers again");
                    }
                    return Ok(Some(answer));
                }
                Err(fault) => return Err(fault),
            };
            if !told {
                tell(&format!("{fault}; trying again for up to {} s", patience.as_secs()));
                told = true;
            }
            let left = patience.saturating_sub(begin.elapsed());
            let wait = fault.retry_after().unwrap_or(pause).min(left);
            pause = longer(pause);
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = stop.stopped() => return Ok(None),
            }
        }
    }

    /// Sends and lets nothing but a good answer through.
    pub(super) async fn send(&self, request: RequestBuilder) -> Result<Response, Fault> {
        let answer = request.send().await.map_err(|error| Fault::of_exchange(&error, &self.address))?;
        let status = answer.status();
        if status.is_success() {
            return Ok(answer);
        }
        if status.is_redirection() {
            let to = answer.headers().get("location").and_then(|to| to.to_str().ok()).unwrap_or_default();
            let to: String = to.chars().take(200).collect();
            return Err(Fault::Nonsense { why: format!("{} sends us on to {to:?}", self.address) });
        }
        let retry_after = retry_after(answer.headers());
        let bytes = self.bytes(answer, MAX_ANSWER_BYTES).await?.unwrap_or_default();
        let problem: Problem = serde_json::from_slice(&bytes).unwrap_or_default();
        Err(Fault::Refused(Box::new(Refusal { status, problem, retry_after })))
    }

    /// Reads an answer as JSON.
    pub(super) async fn json<T: DeserializeOwned>(&self, answer: Response) -> Result<T, Fault> {
        let nonsense = |why: String| Fault::Nonsense { why: format!("{} {why}", self.address) };
        let bytes = self.bytes(answer, MAX_ANSWER_BYTES).await?;
        let bytes = bytes.ok_or_else(|| nonsense("sent far more than an answer has".to_owned()))?;
        serde_json::from_slice(&bytes)
            .map_err(|error| nonsense(format!("sent an answer that cannot be understood: {error}")))
    }

    /// The body, or `None` where it is longer than `most`.
    async fn bytes(&self, mut answer: Response, most: usize) -> Result<Option<Vec<u8>>, Fault> {
        let mut bytes = Vec::new();
        while let Some(chunk) =
            answer.chunk().await.map_err(|error| Fault::of_exchange(&error, &self.address))?
        {
            if bytes.len() + chunk.len() > most {
                return Ok(None);
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(Some(bytes))
    }

    /// Waits for a turn, so that many runs that are followed at once do not become a flood of questions.
    async fn turn(&self) {
        let at = {
            let mut next = self.next_turn.lock().await;
            let at = (*next).max(Instant::now());
            *next = at + PACE;
            at
        };
        tokio::time::sleep_until(at).await;
    }
}

/// The pause after this one.
pub(super) fn longer(pause: Duration) -> Duration {
    (pause * 2).min(BACK_OFF.1)
}

/// The first pause before another attempt.
pub(super) fn first_pause() -> Duration {
    BACK_OFF.0
}

/// Seconds; servers of ours never name a moment here.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let secs: u64 = headers.get(RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(secs.min(3600)))
}
