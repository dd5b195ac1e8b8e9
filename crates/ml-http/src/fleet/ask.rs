//! Asks one server for one model's answer on a file that it holds.

use dk_app::Phase;
use dk_app::ports::{Answer, Assignment, ProgressMark, Watcher};
use dk_domain::ErrorCode;
use dk_wire::ResultPayload;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use reqwest::multipart::Form;
use reqwest::{Response, StatusCode};

use super::line::Line;
use super::server::Server;
use super::turn::{Turn, says};
use crate::answer::answer;
use crate::message::FILES;
use crate::server::analyze::{LINES, Line as Message};

/// Longest line that is read; payloads are a quarter of it.
const MAX_LINE_BYTES: usize = 1 << 20;

/// What is asked for.
pub(super) struct Wanted<'a> {
    pub(super) what: &'a Assignment,
    /// The version that was offered.
    pub(super) version: &'a str,
    /// Whether the server is to publish progress.
    pub(super) publish: bool,
}

/// Asks and reads until the end. Dropping it stops the work on the server.
pub(super) async fn ask(
    line: &Line,
    server: &Server,
    wanted: &Wanted<'_>,
    watcher: &Watcher,
) -> Result<Answer, Turn> {
    let what = wanted.what;
    let mut form = Form::new().text("model", what.model.to_string()).text("sha256", what.sha256.to_string());
    if wanted.publish {
        form = form
            .text("mediaId", what.media_id.to_string())
            .text("runId", what.run_id.to_string())
            .text("userId", what.user_id.to_string());
    }
    let request = line.post(server.address.to("/analyze")).header(ACCEPT, LINES);
    // The run's id goes through every hop, so that the logs of all can be read together.
    let request = request.header("x-request-id", format!("run-{}", what.run_id));
    let response = line.sign(request.multipart(form).send()).await?;
    if response.status() != StatusCode::OK {
        return Err(Turn::refused(response).await);
    }
    let files = response.headers().get(FILES).and_then(|files| files.to_str().ok()?.parse().ok());
    if let Some(files) = files {
        server.told_files(files);
    }
    let lines = response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind == LINES);
    if !lines {
        return Err(Turn::Busy("answered in another form than lines".to_owned()));
    }
    read(line, response, wanted, watcher).await
}

async fn read(
    line: &Line,
    mut response: Response,
    wanted: &Wanted<'_>,
    watcher: &Watcher,
) -> Result<Answer, Turn> {
    let mut rest = Vec::new();
    while let Some(piece) = line.sign(response.chunk()).await? {
        rest.extend_from_slice(&piece);
        let mut begin = 0;
        while let Some(end) = rest[begin..].iter().position(|byte| *byte == b'\n') {
            if let Some(answer) = hear(&rest[begin..begin + end], wanted, watcher)? {
                return Ok(answer);
            }
            begin += end + 1;
        }
        rest.drain(..begin);
        if rest.len() > MAX_LINE_BYTES {
            return Err(Turn::Busy("sent a line that is too long".to_owned()));
        }
    }
    Err(Turn::Lost("ended its answer before the result".to_owned()))
}

/// One line; an answer ends it.
fn hear(line: &[u8], wanted: &Wanted<'_>, watcher: &Watcher) -> Result<Option<Answer>, Turn> {
    if line.trim_ascii().is_empty() {
        return Ok(None);
    }
    let wrong = |why: String| Turn::Busy(format!("sent a line that cannot be read: {why}"));
    let message: Message = serde_json::from_slice(line).map_err(|e| wrong(e.to_string()))?;
    if let Some(mark) = message.progress
        && let Ok(phase) = mark.phase.parse::<Phase>()
    {
        watcher(ProgressMark { phase, done: mark.done, total: mark.total });
    }
    if let Some(problem) = message.problem {
        return Err(Turn::problem(&problem));
    }
    let Some(result) = message.result else { return Ok(None) };
    let text = result.get().to_owned();
    let payload: ResultPayload = serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))?;
    if payload.model.name != wanted.what.model.as_str() || payload.model.version != wanted.version {
        tracing::error!(asked = %wanted.what.model, version = wanted.version, got = payload.model.name, got_version = payload.model.version, "an ML server answered with another model");
        return Err(Turn::Final(says(
            ErrorCode::ModelUnavailable,
            "the ML server answered with another model",
        )));
    }
    answer(&payload, text).map(Some).map_err(|e| wrong(e.to_string()))
}
