//! ML servers, queue depth and dead letters, for administrators.

use axum::Json as Reply;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use dk_app::service::{RetryOutcome, retry_failed_job};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::paging::{PageParams, read_offset, write_offset};
use crate::app::App;
use crate::auth::Admin;
use crate::edge::Params;
use crate::messages::{
    FailedJobBody, FailedJobList, QueueBody, ServerBody, ServerHistory, ServerHistoryEntry, ServerList,
};
use crate::problem::{Code, Problem};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(server_status))
        .routes(routes!(server_history))
        .routes(routes!(queue_status))
        .routes(routes!(failed_jobs))
        .routes(routes!(retry))
}

/// Every ML server as it is now.
#[utoipa::path(
    get, path = "/monitoring/server-status", tag = "monitoring", security(("token" = [])),
    responses((status = 200, description = "Every server", body = ServerList),
        (status = 403, description = "I am no administrator"))
)]
async fn server_status(State(app): State<App>, _: Admin) -> Reply<ServerList> {
    let servers = app.ports.analyst.servers().await;
    Reply(ServerList { items: servers.iter().map(ServerBody::from).collect() })
}

/// Which looks at servers.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct HistoryParams {
    /// Name of one server; all of them without it.
    server: Option<String>,
    /// How many hours back, 1 to 720; 24 unless told otherwise.
    #[param(minimum = 1, maximum = 720, default = 24)]
    hours: Option<u16>,
    /// How many looks, 1 to 1000; 200 unless told otherwise.
    #[param(minimum = 1, maximum = 1000, default = 200)]
    limit: Option<u16>,
}

/// How ML servers were.
#[utoipa::path(
    get, path = "/monitoring/server-history", tag = "monitoring", security(("token" = [])), params(HistoryParams),
    responses((status = 200, description = "Newest first", body = ServerHistory),
        (status = 403, description = "I am no administrator"))
)]
async fn server_history(
    State(app): State<App>,
    _: Admin,
    Params(params): Params<HistoryParams>,
) -> Result<Reply<ServerHistory>, Problem> {
    let within = |name: &str, value: u16, most: u16| {
        let detail = format!("{name} is a number from 1 to {most}");
        (1..=most).contains(&value).then_some(value).ok_or_else(|| malformed(detail))
    };
    let hours = within("hours", params.hours.unwrap_or(24), 720)?;
    let limit = within("limit", params.limit.unwrap_or(200), 1000)?;
    if params.server.as_ref().is_some_and(|name| name.chars().any(char::is_control)) {
        return Err(malformed("server is the name of a server".to_owned()));
    }
    let since = app.ports.ambient.now() - time::Duration::hours(i64::from(hours));
    let found = app.ports.health.history(params.server.as_deref(), since, limit).await?;
    Ok(Reply(ServerHistory { items: found.iter().map(ServerHistoryEntry::from).collect() }))
}

/// How many jobs stand where.
#[utoipa::path(
    get, path = "/monitoring/queue-status", tag = "monitoring", security(("token" = [])),
    responses((status = 200, description = "The queue", body = QueueBody),
        (status = 403, description = "I am no administrator"))
)]
async fn queue_status(State(app): State<App>, _: Admin) -> Result<Reply<QueueBody>, Problem> {
    Ok(Reply(QueueBody::from(app.ports.queue.counts().await?)))
}

/// Jobs that failed for good.
#[utoipa::path(
    get, path = "/monitoring/failed-jobs", tag = "monitoring", security(("token" = [])), params(PageParams),
    responses((status = 200, description = "A part of the list, newest first", body = FailedJobList),
        (status = 403, description = "I am no administrator"))
)]
async fn failed_jobs(
    State(app): State<App>,
    _: Admin,
    Params(params): Params<PageParams>,
) -> Result<Reply<FailedJobList>, Problem> {
    let offset = params.cursor.as_deref().map(read_offset).transpose()?.unwrap_or(0);
    let limit = params.limit()?;
    // One more than asked for tells whether there are more.
    let mut found = app.ports.queue.failed(offset, limit + 1).await?;
    let more = found.len() > usize::from(limit);
    found.truncate(usize::from(limit));
    Ok(Reply(FailedJobList {
        items: found.iter().map(FailedJobBody::from).collect(),
        next_cursor: more.then(|| write_offset(offset.saturating_add(u32::from(limit)))),
    }))
}

/// Give a failed job another chance.
#[utoipa::path(
    post, path = "/monitoring/failed-jobs/{id}/retry", tag = "monitoring", security(("token" = [])),
    params(("id" = String, Path)),
    responses((status = 204, description = "It is queued again"),
        (status = 403, description = "I am no administrator"),
        (status = 404, description = "There is no such job"),
        (status = 409, description = "Another run of the medium is under way and the job stays; or there is nothing \
            left to do and the job was removed"))
)]
async fn retry(State(app): State<App>, _: Admin, Path(id): Path<String>) -> Result<StatusCode, Problem> {
    if id.chars().any(char::is_control) {
        return Err(Problem::new(Code::NotFound));
    }
    match retry_failed_job(&app.ports, &id).await? {
        RetryOutcome::Retried => Ok(StatusCode::NO_CONTENT),
        RetryOutcome::NotFound => Err(Problem::new(Code::NotFound)),
        RetryOutcome::Busy => Err(Problem::new(Code::RunUnderWay)),
        RetryOutcome::Gone => Err(Problem::new(Code::NothingToRetry)),
    }
}

fn malformed(detail: String) -> Problem {
    Problem::new(Code::MalformedRequest).detail(detail)
}
