//! Sign in with address and password. Whoever tries addresses learns nothing from the answer or from how long it
//! takes; whoever tries passwords is slowed down.

use std::time::Duration;

use dk_domain::{Email, SessionId};
use time::OffsetDateTime;

use super::secret::pseudonym;
use super::{AccountRules, RefreshToken, note};
use crate::ports::{NewSession, PasswordError, PasswordHash, Quota, StoreError, User};
use crate::service::Ports;

/// Where a request comes from.
#[derive(Debug, Clone)]
pub struct Client {
    /// The network address that limits are counted by.
    pub address: String,
    /// What the client calls itself.
    pub user_agent: String,
}

/// An attempt to sign in.
#[derive(Clone)]
pub struct LogIn {
    /// Which account.
    pub email: Email,
    /// The password as it was typed.
    pub password: String,
    /// From where.
    pub client: Client,
}

/// A person who is signed in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// Who.
    pub user: User,
    /// In which session.
    pub session: SessionId,
    /// For the next access tokens.
    pub refresh: RefreshToken,
    /// When the session ends unless it is refreshed.
    pub expires_at: OffsetDateTime,
}

/// Why somebody was not signed in.
#[derive(Debug, thiserror::Error)]
pub enum LogInError {
    /// Too often. Says nothing on whether the account exists.
    #[error("too many attempts to sign in")]
    TooMany {
        /// When the next attempt may succeed.
        retry_after: Duration,
    },
    /// There is no such account, it is not active, or the password is another one.
    #[error("the address or the password is wrong")]
    Wrong,
    /// The rows.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The password could not be compared.
    #[error(transparent)]
    Password(#[from] PasswordError),
}

/// Signs in.
pub async fn log_in(ports: &Ports, rules: &AccountRules, attempt: LogIn) -> Result<SignedIn, LogInError> {
    let account = pseudonym(&[attempt.email.as_str()]);
    let pair = format!("log-in:pair:{}", pseudonym(&[attempt.email.as_str(), &attempt.client.address]));
    let counters = [
        (format!("log-in:address:{}", attempt.client.address), rules.log_in_per_address),
        (pair.clone(), rules.log_in_per_account_and_address),
        (format!("log-in:account:{account}"), rules.log_in_per_account),
    ];
    for (key, quota) in counters {
        let taken = take(ports, &key, quota).await;
        taken.map_err(|retry_after| LogInError::TooMany { retry_after })?;
    }
    let found = ports.accounts.user_by_email(&attempt.email).await?;
    let stored = found.as_ref().map(|(_, hash)| hash);
    let right = ports.passwords.check(&attempt.password, stored).await?;
    let Some((user, stored)) = found.filter(|(user, _)| right && user.is_active) else {
        note(ports, None, "login_failed", account).await;
        return Err(LogInError::Wrong);
    };
    ports.limiter.forget(&pair).await;
    let opened = open_session(ports, rules, user, &stored, &attempt.client).await?;
    let signed_in = opened.ok_or(LogInError::Wrong)?;
    upgrade(ports, &signed_in.user, &stored, &attempt.password).await;
    note(ports, Some(signed_in.user.id), "login", signed_in.session.to_string()).await;
    Ok(signed_in)
}

/// Counts once; otherwise says when to try again.
pub(super) async fn take(ports: &Ports, key: &str, quota: Quota) -> Result<(), Duration> {
    let allowance = ports.limiter.take(key, quota).await;
    if allowance.allowed { Ok(()) } else { Err(allowance.reset_after) }
}

/// Begins a session for somebody who has just shown the password that is stored as `verified`; `None` when that was
/// changed meanwhile.
pub(super) async fn open_session(
    ports: &Ports,
    rules: &AccountRules,
    user: User,
    verified: &PasswordHash,
    client: &Client,
) -> Result<Option<SignedIn>, StoreError> {
    let now = ports.ambient.now();
    let session = SessionId::from(ports.ambient.id());
    let refresh = RefreshToken::new(session, ports.ambient.as_ref());
    let expires_at = now + rules.session_length;
    let row = NewSession {
        id: session,
        user_id: user.id,
        hashes: refresh.hashes(),
        user_agent: client.user_agent.chars().filter(|c| !c.is_control()).take(200).collect(),
        address: client.address.clone(),
        created_at: now,
        expires_at,
    };
    let opened = ports.accounts.open_session(&row, verified).await?;
    Ok(opened.then_some(SignedIn { user, session, refresh, expires_at }))
}

/// Hashes of older installations are replaced while the password is at hand. The person is signed in either way.
async fn upgrade(ports: &Ports, user: &User, stored: &PasswordHash, password: &str) {
    if !ports.passwords.is_outdated(stored) {
        return;
    }
    let new = match ports.passwords.hash(password).await {
        Ok(new) => new,
        Err(error) => {
            tracing::warn!(user.id = %user.id, error = &error as &dyn std::error::Error, "an old password hash stays");
            return;
        }
    };
    if let Err(error) = ports.accounts.upgrade_password(user.id, stored, &new).await {
        tracing::warn!(user.id = %user.id, error = &error as &dyn std::error::Error, "an old password hash stays");
    }
}
