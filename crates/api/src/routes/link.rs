//! Addresses of originals for players, which send no header: good for one medium of one person, and not for long.

use axum::Json as Reply;
use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use dk_domain::{MediaId, UserId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use time::{Duration, OffsetDateTime};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::Signed;
use crate::config::ApiConfig;
use crate::edge::{Id, Params, count_user};
use crate::messages::{LinkBody, moment};
use crate::problem::{Code, Problem};

/// A long film is watched for longer; the player asks for another one.
const GOOD_FOR: Duration = Duration::hours(1);

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(link))
}

/// An address of the original of one of my media that is good for an hour without a credential.
#[utoipa::path(
    get, path = "/media/{id}/link", tag = "media", security(("token" = []), ("apiKey" = [])),
    params(("id" = String, Path, format = Uuid)),
    responses((status = 200, description = "The address", body = LinkBody),
        (status = 404, description = "I have no such medium"))
)]
async fn link(
    State(app): State<App>,
    signed: Signed,
    Id(id): Id<MediaId>,
) -> Result<Reply<LinkBody>, Problem> {
    let media = app.ports.library.medium_row(signed.id(), id).await?;
    media.ok_or_else(|| Problem::new(Code::NotFound))?;
    let expires_at = app.ports.ambient.now() + GOOD_FOR;
    let text = write(&app.config, signed.id(), id, expires_at)
        .map_err(|error| Problem::inner(Code::Internal, error))?;
    let url = format!("/api/v1/media/{id}/content?link={text}");
    Ok(Reply(LinkBody { url, expires_at: moment(expires_at) }))
}

/// Who looks at an original: the holder of a credential, or of a link to exactly this medium.
pub(super) struct Viewer(pub(super) UserId);

#[derive(Deserialize)]
struct LinkParams {
    link: Option<String>,
}

impl FromRequestParts<App> for Viewer {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let Params(LinkParams { link }) = Params::from_request_parts(parts, app).await?;
        let Some(text) = link else {
            return Ok(Self(Signed::from_request_parts(parts, app).await?.id()));
        };
        let Id(media) = Id::<MediaId>::from_request_parts(parts, app).await?;
        let refused =
            || Problem::new(Code::Unauthorized).detail("the link is not good for this, or not any more");
        let owner = read(&app.config, &text, media, app.ports.ambient.now()).ok_or_else(refused)?;
        let person = app.ports.accounts.user(owner).await?;
        person.filter(|person| person.is_active).ok_or_else(refused)?;
        tracing::Span::current().record("user.id", tracing::field::display(owner));
        count_user(app, parts, owner).await?;
        Ok(Self(owner))
    }
}

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    media: String,
    exp: i64,
    iss: String,
}

/// Another issuer than that of access tokens, so that neither is ever taken for the other.
fn issuer(config: &ApiConfig) -> String {
    format!("{}/link", config.issuer)
}

fn write(
    config: &ApiConfig,
    owner: UserId,
    media: MediaId,
    expires_at: OffsetDateTime,
) -> Result<String, jsonwebtoken::errors::Error> {
    let claims = Claims {
        sub: owner.to_string(),
        media: media.to_string(),
        exp: expires_at.unix_timestamp(),
        iss: issuer(config),
    };
    let key = EncodingKey::from_secret(config.signing_key.bytes());
    jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &key)
}

/// Whose medium the link leads to; `None` when it is not ours, was changed, is for another medium, or has ended.
fn read(config: &ApiConfig, text: &str, media: MediaId, now: OffsetDateTime) -> Option<UserId> {
    let mut validation = Validation::new(Algorithm::HS256);
    validation.set_required_spec_claims(&["exp", "iss", "sub"]);
    validation.set_issuer(&[issuer(config)]);
    // The end is checked below against the passed-in clock.
    validation.validate_exp = false;
    let key = DecodingKey::from_secret(config.signing_key.bytes());
    let claims = jsonwebtoken::decode::<Claims>(text, &key, &validation).ok()?.claims;
    let is_good = claims.exp > now.unix_timestamp() && claims.media == media.to_string();
    is_good.then(|| claims.sub.parse().ok()).flatten()
}
