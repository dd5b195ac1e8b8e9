//! Keys for programs, managed by a person who is signed in.

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use dk_app::account::{NewKey, create_api_key, revoke_api_key};
use dk_domain::{ApiKeyId, Scope};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::{InPerson, Signed};
use crate::edge::{Id, Json};
use crate::messages::{ApiKeyBody, ApiKeyCreated, ApiKeyList, ApiKeyNew};
use crate::problem::{Code, Problem};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(list, create)).routes(routes!(revoke))
}

/// My keys, without their secrets.
#[utoipa::path(
    get, path = "/auth/api-keys", tag = "auth", security(("token" = [])),
    responses((status = 200, description = "Every key", body = ApiKeyList),
        (status = 403, description = "An API key was used"))
)]
async fn list(State(app): State<App>, person: InPerson) -> Result<Reply<ApiKeyList>, Problem> {
    let keys = app.ports.accounts.api_keys(person.user).await?;
    Ok(Reply(ApiKeyList { items: keys.iter().map(ApiKeyBody::from).collect() }))
}

/// Make a key; its secret is shown this once.
#[utoipa::path(
    post, path = "/auth/api-keys", tag = "auth", security(("token" = [])),
    responses((status = 201, description = "The key with its secret", body = ApiKeyCreated),
        (status = 403, description = "An API key was used"),
        (status = 409, description = "There are too many keys"))
)]
async fn create(
    State(app): State<App>,
    person: InPerson,
    Json(body): Json<ApiKeyNew>,
) -> Result<(StatusCode, Reply<ApiKeyCreated>), Problem> {
    let wrong =
        |field: &str, error: &dyn std::fmt::Display| Problem::field(field, "invalid", error.to_string());
    let scope = body.scope.as_deref().map(str::parse::<Scope>).transpose();
    let end = body.expires_at.as_deref().map(|text| OffsetDateTime::parse(text, &Rfc3339)).transpose();
    let new = NewKey {
        name: body.name.trim().to_owned(),
        scope: scope.map_err(|error| wrong("scope", &error))?.unwrap_or(Scope::Read),
        expires_at: end.map_err(|error| wrong("expiresAt", &error))?,
    };
    let created = create_api_key(&app.ports, &app.config.accounts, person.user, new).await?;
    Ok((StatusCode::CREATED, Reply(ApiKeyCreated::from(&created))))
}

/// Take a key back. A key that may write can take back itself and no other one.
#[utoipa::path(
    delete, path = "/auth/api-keys/{id}", tag = "auth", security(("token" = [])),
    params(("id" = String, Path, format = Uuid)),
    responses((status = 204, description = "The key is worth nothing any more"),
        (status = 403, description = "Another API key was used"),
        (status = 404, description = "There is no such key"))
)]
async fn revoke(
    State(app): State<App>,
    Signed(caller): Signed,
    Id(id): Id<ApiKeyId>,
) -> Result<StatusCode, Problem> {
    if caller.session.is_none() && caller.api_key != Some(id) {
        return Err(Problem::new(Code::KeyNotAllowed));
    }
    if revoke_api_key(&app.ports, caller.user.id, id).await? {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::new(Code::NotFound))
    }
}
