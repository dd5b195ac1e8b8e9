//! Sends one file: streamed, and again when the connection was cut. A small one goes in one request with a key that
//! makes sending it twice harmless, a large one in parts, which go on where they were cut.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dk_app::StopToken;
use futures_util::TryStreamExt;
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Method};
use tokio::fs::File;
use tokio::io::{AsyncReadExt, Take};
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::io::ReaderStream;

use super::fault::Fault;
use super::http::{Server, first_pause, longer};
use super::messages::Medium;
use super::parts::Parts;
use crate::analyze::progress::FileProgress;
use crate::failure::Failure;

/// Attempts after the first one.
const RETRIES: u32 = 3;
/// Longest time without a byte sent or an answer; a server looks into a long video before it answers.
const STANDSTILL: Duration = Duration::from_mins(5);
/// Between two looks at how much has been sent.
const LOOK: Duration = Duration::from_millis(100);
const READ_BYTES: usize = 128 << 10;
/// Up to here a file goes in one request: sending it again costs less than asking how much of it is there.
const WHOLE_BYTES: u64 = 8 << 20;

/// What is sent along with every file.
pub(super) struct Wishes {
    /// Names, joined by commas; empty for every model that fits.
    pub(super) models: String,
    pub(super) description: Option<String>,
    /// Goes when nobody waits.
    pub(super) batch: bool,
}

/// One file on its way.
pub(super) struct Sending<'a> {
    pub(super) server: &'a Server,
    pub(super) path: &'a Path,
    /// The name that the server shows.
    pub(super) name: &'a str,
    pub(super) wishes: &'a Wishes,
    pub(super) patience: Duration,
    pub(super) bar: &'a FileProgress<'a>,
    pub(super) stop: &'a StopToken,
}

/// A new key for one file of one command.
pub(super) fn idempotency_key() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| {
        Failure::not_done(anyhow::anyhow!("the system gives no random bytes: {error}"), "try again")
    })?;
    Ok(format!("upload-{:032x}", u128::from_be_bytes(bytes)))
}

impl Sending<'_> {
    /// The medium that the server made of it; `None` after a stop.
    pub(super) async fn send(&self, key: &str) -> Result<Option<Medium>, Fault> {
        let (_, total) = self.open().await?;
        let mut parts = (total > WHOLE_BYTES).then(|| Parts::new(self, total));
        let mut pause = first_pause();
        let mut retries = 0;
        let mut asked_to_wait = Duration::ZERO;
        loop {
            let tried = match &mut parts {
                Some(parts) => parts.attempt().await,
                None => self.attempt(key).await,
            };
            let fault = match tried {
                Err(fault) if parts.as_ref().is_some_and(|parts| parts.are_unknown(&fault)) => {
                    parts = None;
                    continue;
                }
                Err(fault) if fault.may_pass() || parts.as_ref().is_some_and(|p| p.may_go_on(&fault)) => {
                    fault
                }
                end => return end,
            };
            // An attempt that got further is worth as many more as the first one.
            if parts.as_mut().is_some_and(Parts::got_further) {
                (retries, pause) = (0, first_pause());
            }
            // To wait as long as the server asks is no failed attempt.
            let wait = if let Some(wait) = fault.retry_after() {
                asked_to_wait += wait;
                wait
            } else {
                retries += 1;
                let now = pause;
                pause = longer(pause);
                now
            };
            if retries > RETRIES || asked_to_wait > self.patience {
                return Err(fault);
            }
            self.bar.warn(&format!("{fault}; trying again in {:.1} s", wait.as_secs_f32()));
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.stop.stopped() => return Ok(None),
            }
        }
    }

    async fn attempt(&self, key: &str) -> Result<Option<Medium>, Fault> {
        let (file, total) = self.open().await?;
        let sent = Arc::new(AtomicU64::new(0));
        let body = counted(file.take(total), &sent);
        let part = Part::stream_with_length(body, total).file_name(self.name.to_owned());
        let request = self.server.request(Method::POST, "/media").header("Idempotency-Key", key);
        let request = request.multipart(self.wishes.form().part("media", part));
        let exchange = async {
            let answer = self.server.send(request).await?;
            self.server.json(answer).await
        };
        self.watch(exchange, &sent, total).await
    }

    /// Waits for an answer and shows how much has been sent; `None` after a stop.
    pub(super) async fn watch<T>(
        &self,
        exchange: impl Future<Output = Result<T, Fault>>,
        sent: &AtomicU64,
        total: u64,
    ) -> Result<Option<T>, Fault> {
        tokio::pin!(exchange);
        let mut ticks = interval(LOOK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut before, mut moved_at) = (0, Instant::now());
        loop {
            tokio::select! {
                answer = &mut exchange => return answer.map(Some),
                () = self.stop.stopped() => return Ok(None),
                _ = ticks.tick() => {}
            }
            let now = sent.load(Ordering::Relaxed);
            let what = if now < total { "sending, bytes" } else { "sent, the server looks at it" };
            self.bar.tell(what, now, Some(total));
            if now != before {
                (before, moved_at) = (now, Instant::now());
            } else if moved_at.elapsed() > STANDSTILL {
                let why = format!("nothing moved for {} s at {now} of {total} bytes", STANDSTILL.as_secs());
                return Err(Fault::NoAnswer { why, hint: "try again".to_owned(), may_pass: true });
            }
        }
    }

    /// The file and its size.
    pub(super) async fn open(&self) -> Result<(File, u64), Fault> {
        let file = File::open(self.path).await.map_err(|error| self.cannot_read(&error))?;
        let facts = file.metadata().await.map_err(|error| self.cannot_read(&error))?;
        if !facts.is_file() {
            return Err(Fault::File(format!("{} is no plain file", self.path.display())));
        }
        Ok((file, facts.len()))
    }

    pub(super) fn cannot_read(&self, error: &std::io::Error) -> Fault {
        Fault::File(format!("cannot read {}: {error}", self.path.display()))
    }
}

/// A body that is read while it is sent, never as a whole, and counted.
pub(super) fn counted(bytes: Take<File>, sent: &Arc<AtomicU64>) -> Body {
    let counter = Arc::clone(sent);
    Body::wrap_stream(ReaderStream::with_capacity(bytes, READ_BYTES).inspect_ok(move |piece| {
        counter.fetch_add(piece.len() as u64, Ordering::Relaxed);
    }))
}

impl Wishes {
    /// Small parts stand before the file, so that a server can refuse them before it has taken it.
    fn form(&self) -> Form {
        let mut form = Form::new();
        if let Some(description) = &self.description {
            form = form.text("description", description.clone());
        }
        if !self.models.is_empty() {
            form = form.text("models", self.models.clone());
        }
        if self.batch {
            form = form.text("priority", "batch");
        }
        form
    }

    /// The same as `Upload-Metadata`.
    pub(super) fn metadata(&self, name: &str) -> String {
        let priority = self.batch.then_some("batch");
        let models = Some(self.models.as_str()).filter(|models| !models.is_empty());
        let said = [
            ("filename", Some(name)),
            ("description", self.description.as_deref()),
            ("models", models),
            ("priority", priority),
        ];
        let pairs =
            said.iter().filter_map(|(word, text)| Some(format!("{word} {}", STANDARD.encode((*text)?))));
        pairs.collect::<Vec<_>>().join(",")
    }
}
