//! Who asks: access tokens, API keys, the refresh cookie and the hashing of passwords.

mod caller;
mod cookie;
mod credential;
mod origin;
mod passwords;
mod set_up;
mod tokens;

pub use passwords::Argon2Passwords;
pub use set_up::SetUpSecret;

pub(crate) use caller::{Admin, InPerson, PasswordMayBeDue, Signed, password_is_due};
pub(crate) use cookie::{RefreshCookie, clear_cookie, set_cookie};
pub(crate) use credential::{Admission, admit};
pub(crate) use origin::OwnOrigin;
pub(crate) use tokens::Tokens;
