//! Sends one file: streamed, with a key that makes sending it twice harmless, and again when the connection was cut.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use dk_app::StopToken;
use futures_util::TryStreamExt;
use reqwest::multipart::{Form, Part};
use reqwest::{Body, Method, RequestBuilder};
use tokio::io::AsyncReadExt;
use tokio::time::{Instant, MissedTickBehavior, interval};
use tokio_util::io::ReaderStream;

use super::fault::Fault;
use super::http::{Server, first_pause, longer};
use super::messages::Medium;
use crate::analyze::progress::FileProgress;
use crate::failure::Failure;

/// Attempts after the first one.
const RETRIES: u32 = 3;
/// Longest time without a byte sent or an answer; a server looks into a long video before it answers.
const STANDSTILL: Duration = Duration::from_mins(5);
/// Between two looks at how much has been sent.
const LOOK: Duration = Duration::from_millis(100);
const READ_BYTES: usize = 128 << 10;

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
        let mut pause = first_pause();
        let mut retries = 0;
        let mut asked_to_wait = Duration::ZERO;
        loop {
            let fault = match self.attempt(key).await {
                Err(fault) if fault.may_pass() => fault,
                end => return end,
            };
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
        let sent = Arc::new(AtomicU64::new(0));
        let (request, total) = self.request(key, &sent).await?;
        let exchange = async {
            let answer = self.server.send(request).await?;
            self.server.json(answer).await
        };
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

    /// The request and the size of the file. The file is read while it is sent and never as a whole.
    async fn request(&self, key: &str, sent: &Arc<AtomicU64>) -> Result<(RequestBuilder, u64), Fault> {
        let cannot =
            |error: std::io::Error| Fault::File(format!("cannot read {}: {error}", self.path.display()));
        let file = tokio::fs::File::open(self.path).await.map_err(cannot)?;
        let facts = file.metadata().await.map_err(cannot)?;
        if !facts.is_file() {
            return Err(Fault::File(format!("{} is no plain file", self.path.display())));
        }
        let total = facts.len();
        let counter = Arc::clone(sent);
        let pieces = ReaderStream::with_capacity(file.take(total), READ_BYTES);
        let pieces = pieces.inspect_ok(move |piece| {
            counter.fetch_add(piece.len() as u64, Ordering::Relaxed);
        });
        let part = Part::stream_with_length(Body::wrap_stream(pieces), total).file_name(self.name.to_owned());
        let request = self.server.request(Method::POST, "/media").header("Idempotency-Key", key);
        Ok((request.multipart(self.wishes.form().part("media", part)), total))
    }
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
}
