//! One's own account.

use axum::Json as Reply;
use axum::extract::State;
use axum::http::StatusCode;
use dk_app::account::{ChangePassword, ProfileEdit, change_password, edit_profile};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::{InPerson, PasswordMayBeDue, Signed};
use crate::edge::Json;
use crate::messages::{PasswordChange, ProfilePatch, UserBody};
use crate::problem::{Code, Problem};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(profile, edit)).routes(routes!(password))
}

/// Who I am.
#[utoipa::path(
    get, path = "/auth/profile", tag = "auth", security(("token" = []), ("apiKey" = [])),
    responses((status = 200, description = "The account", body = UserBody))
)]
async fn profile(PasswordMayBeDue(Signed(caller)): PasswordMayBeDue<Signed>) -> Reply<UserBody> {
    Reply(UserBody::from(&caller.user))
}

/// Change my names.
#[utoipa::path(
    patch, path = "/auth/profile", tag = "auth", security(("token" = []), ("apiKey" = [])),
    responses((status = 200, description = "The account as it is now", body = UserBody))
)]
async fn edit(
    State(app): State<App>,
    PasswordMayBeDue(signed): PasswordMayBeDue<Signed>,
    Json(body): Json<ProfilePatch>,
) -> Result<Reply<UserBody>, Problem> {
    let trimmed = |name: Option<String>| name.map(|name| name.trim().to_owned());
    let edit = ProfileEdit { first_name: trimmed(body.first_name), last_name: trimmed(body.last_name) };
    let user = edit_profile(&app.ports, signed.id(), edit).await?;
    let user = user.ok_or_else(|| Problem::new(Code::Unauthorized))?;
    Ok(Reply(UserBody::from(&user)))
}

/// Change my password; every other session of mine ends.
#[utoipa::path(
    put, path = "/auth/profile/password", tag = "auth", security(("token" = [])),
    responses((status = 204, description = "The password was changed"),
        (status = 403, description = "The current password is wrong, or an API key was used"))
)]
async fn password(
    State(app): State<App>,
    PasswordMayBeDue(person): PasswordMayBeDue<InPerson>,
    Json(body): Json<PasswordChange>,
) -> Result<StatusCode, Problem> {
    let new = body.new_password.parse();
    let change = ChangePassword {
        user: person.user,
        keep: Some(person.session),
        current: body.current_password,
        new: new.map_err(|error: dk_app::account::NewPasswordError| {
            Problem::field("newPassword", "invalid", error.to_string())
        })?,
    };
    change_password(&app.ports, &app.config.accounts, change).await?;
    Ok(StatusCode::NO_CONTENT)
}
