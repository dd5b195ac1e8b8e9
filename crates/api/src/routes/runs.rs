//! Runs of one's own media.

use axum::Json as Reply;
use axum::extract::State;
use dk_app::ports::RunDetail;
use dk_app::service::cancel_run;
use dk_domain::RunId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Signed;
use crate::edge::Id;
use crate::messages::RunBody;
use crate::problem::{Code, Problem};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(run)).routes(routes!(cancel))
}

/// One of my runs with its analyses and what is said of the file.
#[utoipa::path(
    get, path = "/runs/{id}", tag = "runs", security(("token" = []), ("apiKey" = [])),
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, description = "The run", body = RunBody),
        (status = 404, description = "I have no such run"))
)]
async fn run(State(app): State<App>, signed: Signed, Id(id): Id<RunId>) -> Result<Reply<RunBody>, Problem> {
    let found = app.ports.library.run(signed.id(), id).await?;
    answer(found)
}

/// Stop one of my runs. One that has ended stays as it is.
#[utoipa::path(
    post, path = "/runs/{id}/cancel", tag = "runs", security(("token" = []), ("apiKey" = [])),
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, description = "The run as it is now", body = RunBody),
        (status = 404, description = "I have no such run"))
)]
async fn cancel(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id<RunId>,
) -> Result<Reply<RunBody>, Problem> {
    let stopped = cancel_run(&app.ports, signed.id(), id).await?;
    answer(stopped)
}

fn answer(found: Option<RunDetail>) -> Result<Reply<RunBody>, Problem> {
    let found = found.ok_or_else(|| Problem::new(Code::NotFound))?;
    Ok(Reply(RunBody::from(&found)))
}
