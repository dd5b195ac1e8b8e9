//! Accounts, for administrators.

use axum::Json as Reply;
use axum::extract::State;
use dk_app::account::edit_person;
use dk_domain::{Role, UserId};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::media::search_text;
use super::paging::{PageParams, write_cursor};
use crate::app::App;
use crate::auth::Admin;
use crate::edge::{Id, Json, Params};
use crate::messages::{UserBody, UserList, UserPatch};
use crate::problem::{Code, Problem};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(users)).routes(routes!(user, edit))
}

/// Which people to list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct UsersParams {
    /// From the answer before; the first part without it.
    cursor: Option<String>,
    /// How many items, 1 to 100; 20 unless told otherwise.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<u16>,
    /// Text within address or names.
    #[param(max_length = 200)]
    q: Option<String>,
}

/// People, newest first.
#[utoipa::path(
    get, path = "/admin/users", tag = "admin", security(("token" = [])), params(UsersParams),
    responses((status = 200, description = "A part of the list", body = UserList),
        (status = 403, description = "I am no administrator"))
)]
async fn users(
    State(app): State<App>,
    _: Admin,
    Params(params): Params<UsersParams>,
) -> Result<Reply<UserList>, Problem> {
    let text = search_text(params.q.as_deref())?;
    let page = PageParams { cursor: params.cursor, limit: params.limit }.page()?;
    let found = app.ports.accounts.users(text.as_deref(), &page).await?;
    Ok(Reply(UserList {
        items: found.items.iter().map(UserBody::from).collect(),
        next_cursor: found.next.map(write_cursor),
    }))
}

/// One person.
#[utoipa::path(
    get, path = "/admin/users/{id}", tag = "admin", security(("token" = [])),
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, description = "The person", body = UserBody),
        (status = 403, description = "I am no administrator"),
        (status = 404, description = "There is no such person"))
)]
async fn user(State(app): State<App>, _: Admin, Id(id): Id<UserId>) -> Result<Reply<UserBody>, Problem> {
    let found = app.ports.accounts.user(id).await?.ok_or_else(|| Problem::new(Code::NotFound))?;
    Ok(Reply(UserBody::from(&found)))
}

/// Change what a person may do.
#[utoipa::path(
    patch, path = "/admin/users/{id}", tag = "admin", security(("token" = [])),
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, description = "The person as it is now", body = UserBody),
        (status = 403, description = "I am no administrator"),
        (status = 404, description = "There is no such person"),
        (status = 409, description = "Nobody would be left to manage accounts"))
)]
async fn edit(
    State(app): State<App>,
    admin: Admin,
    Id(id): Id<UserId>,
    Json(body): Json<UserPatch>,
) -> Result<Reply<UserBody>, Problem> {
    let role = body.role.as_deref().map(str::parse::<Role>).transpose();
    let role = role.map_err(|error| Problem::field("role", "invalid", error.to_string()))?;
    let edited = edit_person(&app.ports, admin.user, id, role, body.is_active).await?;
    let edited = edited.ok_or_else(|| Problem::new(Code::NotFound))?;
    Ok(Reply(UserBody::from(&edited)))
}
