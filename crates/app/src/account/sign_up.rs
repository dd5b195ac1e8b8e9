//! Make an account. It is an ordinary one; administrators are made elsewhere.

use std::time::Duration;

use dk_domain::{Email, Role, UserId};

use super::log_in::{open_session, take};
use super::{AccountRules, Client, NewPassword, SignedIn, note};
use crate::ports::{AddUser, PasswordError, PasswordHash, StoreError, User};
use crate::service::Ports;

/// Somebody who is to have an account.
#[derive(Debug, Clone)]
pub struct NewPerson {
    /// Address.
    pub email: Email,
    /// First name.
    pub first_name: String,
    /// Last name.
    pub last_name: String,
    /// Password.
    pub password: NewPassword,
}

/// Why somebody could not sign up.
#[derive(Debug, thiserror::Error)]
pub enum SignUpError {
    /// Only an operator makes accounts here.
    #[error("sign-up is closed")]
    Closed,
    /// Too many accounts from one address.
    #[error("too many accounts were made from this address")]
    TooMany {
        /// When the next one may be made.
        retry_after: Duration,
    },
    /// Somebody has this address already.
    #[error("an account with this address exists already")]
    EmailTaken,
    /// The rows.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The password could not be hashed.
    #[error(transparent)]
    Password(#[from] PasswordError),
}

/// The account of a person who chose the password. It is hashed whether the address is taken or not, so that both
/// take as long.
pub(super) async fn account(
    ports: &Ports,
    new: NewPerson,
    role: Role,
) -> Result<(User, PasswordHash), PasswordError> {
    let hash = ports.passwords.hash(new.password.reveal()).await?;
    let now = ports.ambient.now();
    let user = User {
        id: UserId::from(ports.ambient.id()),
        email: new.email,
        first_name: new.first_name,
        last_name: new.last_name,
        role,
        is_active: true,
        must_change_password: false,
        created_at: now,
        updated_at: now,
    };
    Ok((user, hash))
}

/// Signs up and in.
pub async fn sign_up(
    ports: &Ports,
    rules: &AccountRules,
    new: NewPerson,
    client: &Client,
) -> Result<SignedIn, SignUpError> {
    if !rules.sign_up_open {
        return Err(SignUpError::Closed);
    }
    let counter = format!("sign-up:address:{}", client.address);
    let taken = take(ports, &counter, rules.sign_up_per_address).await;
    taken.map_err(|retry_after| SignUpError::TooMany { retry_after })?;
    let (user, hash) = account(ports, new, Role::User).await?;
    if ports.accounts.add_user(&user, &hash).await? == AddUser::EmailTaken {
        return Err(SignUpError::EmailTaken);
    }
    note(ports, Some(user.id), "signed_up", user.id.to_string()).await;
    // An operator who disabled the account within this moment refuses the person too.
    open_session(ports, rules, user, &hash, client).await?.ok_or(SignUpError::Closed)
}
