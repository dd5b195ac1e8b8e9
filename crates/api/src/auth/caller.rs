//! Extractors that let a handler say who may call it. A handler without one of them is open to anyone.
//!
//! Whoever signed in with a password that somebody else chose gets no further than [`PasswordMayBeDue`].

use axum::extract::FromRequestParts;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use dk_app::ports::Caller;
use dk_domain::{Role, Scope, SessionId, UserId};

use super::admit;
use crate::app::App;
use crate::edge::count_user;
use crate::problem::{Code, Problem};

/// Anyone with a credential. A key that may only read gets no further than safe methods.
pub(crate) struct Signed(pub(crate) Caller);

/// A person who signed in with a password; no key.
pub(crate) struct InPerson {
    /// Who.
    pub(crate) user: UserId,
    /// In which session.
    pub(crate) session: SessionId,
}

/// An administrator, in person.
pub(crate) struct Admin {
    /// Who.
    pub(crate) user: UserId,
}

/// One of the others, also for a person who must change the password first.
pub(crate) struct PasswordMayBeDue<T>(pub(crate) T);

/// What somebody must be.
pub(crate) trait Standing: Sized {
    fn of(caller: Caller, parts: &Parts) -> Result<Self, Problem>;
}

impl Signed {
    /// Who.
    pub(crate) fn id(&self) -> UserId {
        self.0.user.id
    }
}

impl Standing for Signed {
    fn of(caller: Caller, parts: &Parts) -> Result<Self, Problem> {
        if caller.scope == Scope::Read && !parts.method.is_safe() {
            return Err(Problem::new(Code::ReadOnlyKey));
        }
        Ok(Self(caller))
    }
}

impl Standing for InPerson {
    fn of(caller: Caller, _: &Parts) -> Result<Self, Problem> {
        let session = caller.session.ok_or_else(|| Problem::new(Code::KeyNotAllowed))?;
        Ok(Self { user: caller.user.id, session })
    }
}

impl Standing for Admin {
    fn of(caller: Caller, _: &Parts) -> Result<Self, Problem> {
        if caller.session.is_none() {
            return Err(Problem::new(Code::KeyNotAllowed));
        }
        match caller.user.role {
            Role::Admin => Ok(Self { user: caller.user.id }),
            Role::User => Err(Problem::new(Code::Forbidden)),
        }
    }
}

impl<T: Standing> FromRequestParts<App> for PasswordMayBeDue<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
        let caller = caller(parts, app).await?;
        T::of(caller, parts).map(Self)
    }
}

/// The same for each: refused before anything else is looked at while the password is due.
macro_rules! extracted {
    ($($standing:ident)*) => {$(
        impl FromRequestParts<App> for $standing {
            type Rejection = Problem;

            async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Problem> {
                let caller = caller(parts, app).await?;
                if password_is_due(&caller) {
                    return Err(Problem::new(Code::PasswordChangeRequired).detail(WAY_OUT));
                }
                Self::of(caller, parts)
            }
        }
    )*};
}

extracted! { Signed InPerson Admin }

const WAY_OUT: &str =
    "this password was chosen by somebody else; PUT /api/v1/auth/profile/password sets another one";

/// Whether somebody must choose a password first. Keys were made by somebody who could sign in, and go on.
pub(crate) fn password_is_due(caller: &Caller) -> bool {
    caller.session.is_some() && caller.user.must_change_password
}

async fn caller(parts: &Parts, app: &App) -> Result<Caller, Problem> {
    let text = presented(parts).ok_or_else(|| Problem::new(Code::Unauthorized))?;
    let admission = admit(app, text).await?;
    let caller = admission.ok_or_else(|| Problem::new(Code::Unauthorized))?.caller;
    tracing::Span::current().record("user.id", tracing::field::display(caller.user.id));
    count_user(app, parts, caller.user.id).await?;
    Ok(caller)
}

/// The credential of a request: `Authorization: Bearer …`, or else `X-API-Key`.
fn presented(parts: &Parts) -> Option<&str> {
    let header = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok());
    match header(AUTHORIZATION.as_str()) {
        Some(value) => {
            let (scheme, text) = value.split_once(' ')?;
            scheme.eq_ignore_ascii_case("bearer").then(|| text.trim())
        }
        None => header("x-api-key").map(str::trim),
    }
}
