//! Sign up, sign in, go on, sign out.

use axum::Extension;
use axum::Json as Reply;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use dk_app::account::{Client, LogIn, NewPerson, RefreshError, SignedIn, log_in, log_out, refresh, sign_up};
use dk_app::ports::User;
use dk_domain::SessionId;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::auth::{OwnOrigin, RefreshCookie, clear_cookie, set_cookie};
use crate::edge::{ClientAddress, Json};
use crate::messages::{LogInBody, SignUpBody, TokenBody, UserBody, moment};
use crate::problem::{Code, Problem};

pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(signup))
        .routes(routes!(login))
        .routes(routes!(refresh_token))
        .routes(routes!(logout))
}

/// Make an account and sign in.
#[utoipa::path(
    post, path = "/auth/signup", tag = "auth",
    responses((status = 201, description = "The account was made", body = TokenBody),
        (status = 403, description = "Sign-up is closed"), (status = 409, description = "The address is taken"))
)]
async fn signup(
    State(app): State<App>,
    Extension(address): Extension<ClientAddress>,
    headers: HeaderMap,
    Json(body): Json<SignUpBody>,
) -> Result<Response, Problem> {
    let new = person(&body.email, &body.password, &body.first_name, &body.last_name)?;
    let client = client(address, &headers);
    let signed_in = sign_up(&app.ports, &app.config.accounts, new, &client).await?;
    welcome(&app, &signed_in, StatusCode::CREATED)
}

/// Sign in with address and password.
#[utoipa::path(
    post, path = "/auth/login", tag = "auth",
    responses((status = 200, description = "Signed in; the refresh cookie is set", body = TokenBody),
        (status = 401, description = "The address or the password is wrong"))
)]
async fn login(
    State(app): State<App>,
    Extension(address): Extension<ClientAddress>,
    headers: HeaderMap,
    Json(body): Json<LogInBody>,
) -> Result<Response, Problem> {
    let email = body.email.parse().map_err(|_| Problem::new(Code::WrongCredentials))?;
    let attempt = LogIn { email, password: body.password, client: client(address, &headers) };
    let signed_in = log_in(&app.ports, &app.config.accounts, attempt).await?;
    welcome(&app, &signed_in, StatusCode::OK)
}

/// Exchange the refresh cookie for a new access token and the next cookie.
#[utoipa::path(
    post, path = "/auth/refresh", tag = "auth", security(("refreshCookie" = [])),
    responses((status = 200, description = "A new access token", body = TokenBody),
        (status = 401, description = "No cookie, or its session has ended"),
        (status = 403, description = "The page is of a foreign origin"))
)]
async fn refresh_token(
    State(app): State<App>,
    _: OwnOrigin,
    RefreshCookie(presented): RefreshCookie,
) -> Result<Response, Problem> {
    let refreshed = match refresh(&app.ports, &app.config.accounts, &presented).await {
        Ok(refreshed) => refreshed,
        Err(RefreshError::Ended) => {
            let mut response = Problem::new(Code::SessionEnded).into_response();
            add_cookie(&mut response, clear_cookie(&app.config));
            return Ok(response);
        }
        Err(error) => return Err(error.into()),
    };
    let body = token_body(&app, &refreshed.user, presented.session)?;
    let mut response = Reply(body).into_response();
    if let Some((next, expires_at)) = &refreshed.next {
        add_cookie(&mut response, set_cookie(&app.config, next, *expires_at, app.ports.ambient.now()));
    }
    Ok(response)
}

/// End the session of the refresh cookie, with every token that came from it.
#[utoipa::path(
    post, path = "/auth/logout", tag = "auth", security(("refreshCookie" = [])),
    responses((status = 204, description = "Signed out; the cookie is taken away"),
        (status = 401, description = "No cookie"),
        (status = 403, description = "The page is of a foreign origin"))
)]
async fn logout(
    State(app): State<App>,
    _: OwnOrigin,
    RefreshCookie(presented): RefreshCookie,
) -> Result<Response, Problem> {
    log_out(&app.ports, &app.config.accounts, &presented).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    add_cookie(&mut response, clear_cookie(&app.config));
    Ok(response)
}

/// Who is to have an account.
pub(super) fn person(email: &str, password: &str, first: &str, last: &str) -> Result<NewPerson, Problem> {
    let wrong =
        |field: &str, error: &dyn std::fmt::Display| Problem::field(field, "invalid", error.to_string());
    Ok(NewPerson {
        email: email.parse().map_err(|error| wrong("email", &error))?,
        first_name: first.trim().to_owned(),
        last_name: last.trim().to_owned(),
        password: password.parse().map_err(|error| wrong("password", &error))?,
    })
}

pub(super) fn client(ClientAddress(address): ClientAddress, headers: &HeaderMap) -> Client {
    let agent = headers.get(header::USER_AGENT).and_then(|agent| agent.to_str().ok());
    Client { address, user_agent: agent.unwrap_or_default().to_owned() }
}

/// The answer for somebody who is signed in now.
pub(super) fn welcome(app: &App, signed_in: &SignedIn, status: StatusCode) -> Result<Response, Problem> {
    let body = token_body(app, &signed_in.user, signed_in.session)?;
    let mut response = (status, Reply(body)).into_response();
    let cookie = set_cookie(&app.config, &signed_in.refresh, signed_in.expires_at, app.ports.ambient.now());
    add_cookie(&mut response, cookie);
    Ok(response)
}

fn token_body(app: &App, user: &User, session: SessionId) -> Result<TokenBody, Problem> {
    let issued = app.tokens.issue(user.id, session, app.ports.ambient.now());
    let (token, expires_at) = issued.map_err(|error| Problem::inner(Code::Internal, error))?;
    Ok(TokenBody { token, expires_at: moment(expires_at), user: UserBody::from(user) })
}

fn add_cookie(response: &mut Response, cookie: Option<HeaderValue>) {
    if let Some(cookie) = cookie {
        response.headers_mut().append(header::SET_COOKIE, cookie);
    }
}
