//! Make the first account, which is that of an administrator, on an installation that has none. Whoever does it shows
//! the secret that the server printed at its start: only the operator sees that.

use std::time::Duration;

use dk_domain::Role;

use super::log_in::{open_session, take};
use super::sign_up::account;
use super::{AccountRules, Client, NewPerson, SignedIn, note};
use crate::ports::{PasswordError, StoreError};
use crate::service::Ports;

/// Why there is no first administrator.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// There is an account: whatever is to be set up is done by its owner.
    #[error("this installation has an account already")]
    AlreadySetUp,
    /// Another secret.
    #[error("the secret is not the one that the server printed")]
    WrongSecret,
    /// Too often.
    #[error("too many attempts to set up")]
    TooMany {
        /// When to try again.
        retry_after: Duration,
    },
    /// The rows.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The password could not be hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
}

/// Makes the first administrator and signs in. `knows_secret` is what the edge found of the secret.
pub async fn set_up(
    ports: &Ports,
    rules: &AccountRules,
    new: NewPerson,
    knows_secret: bool,
    client: &Client,
) -> Result<SignedIn, SetUpError> {
    let counter = format!("set-up:address:{}", client.address);
    let taken = take(ports, &counter, rules.sign_up_per_address).await;
    taken.map_err(|retry_after| SetUpError::TooMany { retry_after })?;
    if ports.accounts.has_users().await? {
        return Err(SetUpError::AlreadySetUp);
    }
    if !knows_secret {
        return Err(SetUpError::WrongSecret);
    }
    let (user, hash) = account(ports, new, Role::Admin).await?;
    if !ports.accounts.add_first_user(&user, &hash).await? {
        return Err(SetUpError::AlreadySetUp);
    }
    note(ports, Some(user.id), "set_up", user.id.to_string()).await;
    open_session(ports, rules, user, &hash, client).await?.ok_or(SetUpError::AlreadySetUp)
}
