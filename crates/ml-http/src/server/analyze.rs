//! `POST /analyze`: one model looks at one file. The answer comes as one JSON document or, for one who accepts
//! `application/x-ndjson`, as lines: progress while it lasts, then the result or the problem. An empty line now and
//! then says that the server lives.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::extract::multipart::MultipartRejection;
use axum::extract::{Multipart, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use dk_app::ports::{AskError, Event, EventKind, ProgressMark, Watcher};
use dk_app::{Found, HeldFile};
use dk_domain::{ErrorCode, ModelName, Sha256};
use dk_wire::ResultPayload;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use tokio::sync::mpsc;
use tokio::time::{Interval, MissedTickBehavior, interval_at};

use super::form::{self, Audience, Form};
use super::problem::{Problem, ProblemMessage, code};
use super::publish::Publisher;
use super::{Shared, routes};
use crate::host::{Pending, Question};
use crate::message::FILES;

/// The media type of lines.
pub(crate) const LINES: &str = "application/x-ndjson";
/// How often one who waits hears that the server lives.
const BEAT: Duration = Duration::from_secs(5);
/// Marks that may wait for a slow reader; more are left out.
const MARKS: usize = 16;

/// One line of an answer; one of the three is there.
#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Line {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) progress: Option<MarkMessage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) result: Option<Box<RawValue>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) problem: Option<ProblemMessage>,
}

/// How far an analysis is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct MarkMessage {
    pub(crate) phase: String,
    pub(crate) done: u64,
    pub(crate) total: Option<u64>,
}

pub(super) async fn analyze(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    form: Result<Multipart, MultipartRejection>,
) -> Result<Response, Problem> {
    if !shared.host.is_loaded() {
        return Err(routes::not_ready());
    }
    let form = form.map_err(|e| Problem::invalid(e.body_text()))?;
    let form = form::read(&shared, form).await?;
    let sha256 = form.file.sha256();
    let (sender, marks) = mpsc::channel(MARKS);
    let pending = submit(&shared, form, sender)?;
    let files = [(FILES, HeaderValue::from(shared.host.files()))];
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    if accepted.into_iter().any(|types| types.contains(LINES)) {
        Ok((files, lines(shared, pending, marks, sha256)).into_response())
    } else {
        drop(marks);
        let payload = payload(&shared, pending.await, sha256)?;
        let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
        Ok((files, kind, payload).into_response())
    }
}

fn submit(shared: &Arc<Shared>, form: Form, marks: mpsc::Sender<ProgressMark>) -> Result<Pending, Problem> {
    let Form { file, model, audience } = form;
    let watcher = watcher(shared, &model, audience, marks);
    let sha256 = file.sha256();
    let file: Arc<dyn HeldFile> = file;
    shared.host.submit(Question { sha256, file, model, watcher }).map_err(|_| {
        let secs = shared.host.retry_after_secs();
        Problem::unavailable(code::OVERLOADED, "too many analyses are waiting", secs)
    })
}

/// Tells the one who asked, and the owner of the file where one was named.
fn watcher(
    shared: &Arc<Shared>,
    model: &ModelName,
    audience: Option<Audience>,
    marks: mpsc::Sender<ProgressMark>,
) -> Watcher {
    let (publisher, ambient) =
        (shared.publisher.as_ref().map(Publisher::sender), Arc::clone(&shared.ambient));
    let model = model.clone();
    Arc::new(move |mark| {
        // Marks may be left out: the next one says more.
        let _ = marks.try_send(mark);
        if let (Some(publisher), Some(Audience { owner, media, run })) = (&publisher, audience) {
            let kind = EventKind::Progress { model: model.clone(), mark };
            let at = ambient.now();
            let _ = publisher.try_send(Event {
                user_id: owner,
                number: None,
                media_id: media,
                run_id: run,
                at,
                kind,
            });
        }
    })
}

/// The result as JSON. A file whose content is not what its name says is forgotten, so that it is sent anew.
fn payload(shared: &Shared, end: Result<Found, AskError>, sha256: Sha256) -> Result<String, Problem> {
    let (facts, finding) = end.map_err(|error| {
        if error.code == ErrorCode::FileMissing {
            shared.blobs.discard(sha256);
            return Problem::blob_missing();
        }
        Problem::from(&error)
    })?;
    serde_json::to_string(&ResultPayload::new(&finding, &facts)).map_err(|error| {
        tracing::error!(error = &error as &dyn std::error::Error, "a finding makes no payload");
        Problem::internal()
    })
}

/// An answer that is under way.
struct Telling {
    shared: Arc<Shared>,
    /// `None` once the end was told.
    pending: Option<Pending>,
    marks: mpsc::Receiver<ProgressMark>,
    beat: Interval,
    sha256: Sha256,
}

/// The answer as lines. When the reader goes away, the body is dropped, and with it the analysis.
fn lines(
    shared: Arc<Shared>,
    pending: Pending,
    marks: mpsc::Receiver<ProgressMark>,
    sha256: Sha256,
) -> Response {
    let mut beat = interval_at(tokio::time::Instant::now() + BEAT, BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let telling = Telling { shared, pending: Some(pending), marks, beat, sha256 };
    let stream = futures_util::stream::unfold(telling, async |mut telling| {
        let line = telling.next().await?;
        Some((Ok::<Bytes, Infallible>(line), telling))
    });
    let kind = HeaderValue::from_static(LINES);
    ([(header::CONTENT_TYPE, kind)], Body::from_stream(stream)).into_response()
}

impl Telling {
    async fn next(&mut self) -> Option<Bytes> {
        let pending = self.pending.as_mut()?;
        let line = tokio::select! {
            biased;
            Some(mark) = self.marks.recv() => {
                let phase = mark.phase.as_str().to_owned();
                let progress = MarkMessage { phase, done: mark.done, total: mark.total };
                Line { progress: Some(progress), ..Line::default() }
            }
            end = pending => {
                self.pending = None;
                self.end(end)
            }
            _ = self.beat.tick() => return Some(Bytes::from_static(b"\n")),
        };
        Some(text(&line))
    }

    fn end(&self, end: Result<Found, AskError>) -> Line {
        match payload(&self.shared, end, self.sha256).map(RawValue::from_string) {
            Ok(Ok(result)) => Line { result: Some(result), ..Line::default() },
            Ok(Err(_)) => Line { problem: Some(Problem::internal().message(None)), ..Line::default() },
            Err(problem) => Line { problem: Some(problem.message(None)), ..Line::default() },
        }
    }
}

fn text(line: &Line) -> Bytes {
    // Maps with text as keys and numbers always make JSON.
    let mut text = serde_json::to_vec(line).unwrap_or_default();
    text.push(b'\n');
    text.into()
}
