//! Make an account. Administrators are made by the operator's commands, never here.

use std::time::Duration;

use dk_domain::{Email, Role, UserId};

use super::log_in::{open_session, take};
use super::{AccountRules, Client, NewPassword, SignedIn, note};
use crate::ports::{Accounts, AddUser, Ambient, PasswordError, Passwords, StoreError, User};
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
    /// What the person may do.
    pub role: Role,
}

/// Why an account was not made.
#[derive(Debug, thiserror::Error)]
pub enum AddPersonError {
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
    /// It was not made.
    #[error(transparent)]
    Add(#[from] AddPersonError),
}

/// Adds a person. The password is hashed first, whether the address is taken or not, so that both take as long.
pub async fn add_person(
    accounts: &dyn Accounts,
    passwords: &dyn Passwords,
    ambient: &dyn Ambient,
    new: NewPerson,
) -> Result<User, AddPersonError> {
    let hash = passwords.hash(new.password.reveal()).await?;
    let now = ambient.now();
    let user = User {
        id: UserId::from(ambient.id()),
        email: new.email,
        first_name: new.first_name,
        last_name: new.last_name,
        role: new.role,
        is_active: true,
        created_at: now,
        updated_at: now,
    };
    match accounts.add_user(&user, &hash).await? {
        AddUser::Added => Ok(user),
        AddUser::EmailTaken => Err(AddPersonError::EmailTaken),
    }
}

/// Signs up and in. Whatever role was asked for, the account is an ordinary one.
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
    let new = NewPerson { role: Role::User, ..new };
    let user = add_person(&*ports.accounts, &*ports.passwords, &*ports.ambient, new).await?;
    note(ports, Some(user.id), "signed_up", user.id.to_string()).await;
    Ok(open_session(ports, rules, user, client).await.map_err(AddPersonError::from)?)
}
