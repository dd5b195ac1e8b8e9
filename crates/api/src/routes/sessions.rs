//! One's own sessions: where somebody is signed in, and ending that from elsewhere.

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use dk_app::account::{end_other_sessions, end_session, sessions};
use dk_domain::SessionId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::{InPerson, PasswordMayBeDue};
use crate::edge::Id;
use crate::messages::{SessionBody, SessionList};
use crate::problem::{Code, Problem};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, end_others)).routes(routes!(end))
}

/// Where I am signed in, newest first; the newest 200.
#[utoipa::path(
    get, path = "/auth/sessions", tag = "auth", security(("token" = [])),
    responses((status = 200, description = "Every open session", body = SessionList),
        (status = 403, description = "An API key was used"))
)]
async fn list(
    State(app): State<App>,
    PasswordMayBeDue(person): PasswordMayBeDue<InPerson>,
) -> Result<Reply<SessionList>, Problem> {
    let open = sessions(&app.ports, person.user).await?;
    let items = open.iter().map(|session| SessionBody::new(session, person.session)).collect();
    Ok(Reply(SessionList { items }))
}

/// End one of my sessions.
#[utoipa::path(
    delete, path = "/auth/sessions/{id}", tag = "auth", security(("token" = [])),
    params(("id" = String, Path, format = Uuid)),
    responses((status = 204, description = "Its tokens are worth nothing any more"),
        (status = 403, description = "An API key was used"),
        (status = 404, description = "There is no such session, or it has ended"))
)]
async fn end(
    State(app): State<App>,
    PasswordMayBeDue(person): PasswordMayBeDue<InPerson>,
    Id(id): Id<SessionId>,
) -> Result<StatusCode, Problem> {
    if end_session(&app.ports, person.user, id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::new(Code::NotFound))
    }
}

/// End all my sessions but this one.
#[utoipa::path(
    delete, path = "/auth/sessions", tag = "auth", security(("token" = [])),
    responses((status = 204, description = "Only this session is open"),
        (status = 403, description = "An API key was used"))
)]
async fn end_others(
    State(app): State<App>,
    PasswordMayBeDue(person): PasswordMayBeDue<InPerson>,
) -> Result<StatusCode, Problem> {
    end_other_sessions(&app.ports, person.user, person.session).await?;
    Ok(StatusCode::NO_CONTENT)
}
