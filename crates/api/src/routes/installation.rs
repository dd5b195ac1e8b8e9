//! What anyone may know of this installation, and its first set-up.

use axum::Extension;
use axum::Json as Reply;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use dk_app::account::set_up;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::session::{client, person, welcome};
use crate::app::App;
use crate::auth::SetUpSecret;
use crate::edge::{ClientAddress, Json};
use crate::messages::{AboutBody, AcceptedBody, LimitsBody, SetUpBody, TokenBody};
use crate::problem::{Code, Problem};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(about)).routes(routes!(setup))
}

/// What this installation is and takes.
#[utoipa::path(
    get, path = "/about", tag = "installation",
    responses((status = 200, description = "Version, limits and what is open to anyone", body = AboutBody))
)]
async fn about(State(app): State<App>) -> Result<Reply<AboutBody>, Problem> {
    let config = &app.config;
    Ok(Reply(AboutBody {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        sign_up_open: config.accounts.sign_up_open,
        set_up_needed: !app.ports.accounts.has_users().await?,
        limits: LimitsBody {
            upload_bytes: config.max_upload_bytes,
            duration_secs: config.max_duration_secs,
            pixels: config.max_pixels,
            part_bytes: config.part_bytes,
        },
        accepted: config.accepted.iter().map(AcceptedBody::from).collect(),
    }))
}

/// Make the first account, which is that of an administrator, and sign in.
#[utoipa::path(
    post, path = "/setup", tag = "installation",
    responses((status = 201, description = "The account was made; the refresh cookie is set", body = TokenBody),
        (status = 403, description = "The secret is not the one that the server printed at its start"),
        (status = 409, description = "There is an account already"))
)]
async fn setup(
    State(app): State<App>,
    Extension(address): Extension<ClientAddress>,
    headers: HeaderMap,
    Json(body): Json<SetUpBody>,
) -> Result<Response, Problem> {
    let secret = SetUpSecret::new(&app.config.signing_key);
    let secret = secret.map_err(|error| Problem::inner(Code::Internal, error))?;
    let knows_secret = secret.is(&body.secret);
    let new = person(&body.email, &body.password, &body.first_name, &body.last_name)?;
    let client = client(address, &headers);
    let signed_in = set_up(&app.ports, &app.config.accounts, new, knows_secret, &client).await?;
    welcome(&app, &signed_in, StatusCode::CREATED)
}
