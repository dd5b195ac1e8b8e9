//! Accounts: who somebody is, what they may do, and how they prove it. One use-case a file. Knows neither HTTP nor
//! the form of access tokens: an edge turns what a client presents into a [`Credential`].

mod api_keys;
mod authenticate;
mod log_in;
mod password;
mod people;
mod profile;
mod rules;
mod secret;
mod session;
mod set_up;
mod sign_up;

pub use api_keys::{CreateKeyError, CreatedKey, NewKey, create_api_key, revoke_api_key};
pub use authenticate::{Credential, authenticate};
pub use log_in::{Client, LogIn, LogInError, SignedIn, log_in};
pub use password::{ChangePassword, ChangePasswordError, NewPassword, NewPasswordError, change_password};
pub use people::{EditPersonError, edit_person};
pub use profile::{ProfileEdit, edit_profile};
pub use rules::AccountRules;
pub use secret::{ApiKeyText, RefreshToken, UnreadableSecret};
pub use session::{RefreshError, Refreshed, end_other_sessions, end_session, log_out, refresh, sessions};
pub use set_up::{SetUpError, set_up};
pub use sign_up::{NewPerson, SignUpError, sign_up};

use dk_domain::UserId;

use crate::ports::{AuditEntry, Signal};
use crate::service::Ports;

/// Writes into the audit log. What was done is done: a line that cannot be written is reported and no more.
async fn note(ports: &Ports, actor: Option<UserId>, action: &'static str, subject: String) {
    let entry = AuditEntry { actor, action, subject, at: ports.ambient.now() };
    if let Err(error) = ports.accounts.audit(&entry).await {
        tracing::error!(
            action,
            error = &error as &dyn std::error::Error,
            "the audit log could not be written"
        );
    }
}

/// Tells every server that a right of this person may have gone.
async fn recheck(ports: &Ports, user: UserId) {
    ports.tell(&Signal::Recheck(user)).await;
}
