//! Keep a session going, and end it.

use dk_domain::{SessionId, UserId};
use time::OffsetDateTime;

use super::{AccountRules, RefreshToken, note, recheck};
use crate::ports::{Exchange, Rotation, Session, StoreError, User};
use crate::service::Ports;

/// A session that goes on.
#[derive(Debug, Clone)]
pub struct Refreshed {
    /// Whose.
    pub user: User,
    /// The token that replaces the presented one, with its end. `None` when another tab has just got it.
    pub next: Option<(RefreshToken, OffsetDateTime)>,
}

/// More open sessions of one person are not listed; the others can be ended all at once.
const LISTED: u16 = 200;

/// Why a session does not go on.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// The token is of no open session, or was used before and the session has been ended for that.
    #[error("this session has ended")]
    Ended,
    /// The rows.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Exchanges a refresh token for the next one. A token that comes back long after it was replaced was copied by
/// somebody: that ends the session for everyone who has a token of it.
pub async fn refresh(
    ports: &Ports,
    rules: &AccountRules,
    presented: &RefreshToken,
) -> Result<Refreshed, RefreshError> {
    let now = ports.ambient.now();
    let next = presented.next(ports.ambient.as_ref());
    let expires_at = now + rules.session_length;
    let exchange = Exchange {
        session: presented.session,
        presented: presented.hashes(),
        next: next.hashes().token,
        expires_at,
        now,
        grace: rules.refresh_grace,
    };
    match ports.accounts.rotate_session(&exchange).await? {
        Rotation::Rotated(user) => Ok(Refreshed { user, next: Some((next, expires_at)) }),
        Rotation::JustRotated(user) => Ok(Refreshed { user, next: None }),
        Rotation::Reused(user) => {
            tracing::warn!(user.id = %user, session.id = %presented.session, "a used refresh token came back: session ended");
            note(ports, Some(user), "session_reused", presented.session.to_string()).await;
            recheck(ports, user).await;
            Err(RefreshError::Ended)
        }
        Rotation::Unknown => Err(RefreshError::Ended),
    }
}

/// Ends the session of a refresh token. A token that proves nothing ends nothing, and that is no error: whoever
/// signs out wants to be signed out.
pub async fn log_out(
    ports: &Ports,
    rules: &AccountRules,
    presented: &RefreshToken,
) -> Result<(), StoreError> {
    // Only the holder of a good token may end a session, so it is exchanged first.
    match refresh(ports, rules, presented).await {
        Ok(refreshed) => {
            end_session(ports, refreshed.user.id, presented.session).await?;
            Ok(())
        }
        Err(RefreshError::Ended) => Ok(()),
        Err(RefreshError::Store(error)) => Err(error),
    }
}

/// The open sessions of a person, newest first.
pub async fn sessions(ports: &Ports, user: UserId) -> Result<Vec<Session>, StoreError> {
    ports.accounts.sessions(user, LISTED, ports.ambient.now()).await
}

/// Ends one session of a person; false when the person has no such session.
pub async fn end_session(ports: &Ports, user: UserId, id: SessionId) -> Result<bool, StoreError> {
    let ended = ports.accounts.end_session(user, id).await?;
    if ended {
        note(ports, Some(user), "logout", id.to_string()).await;
        recheck(ports, user).await;
    }
    Ok(ended)
}

/// Ends every session of a person but the one that asks.
pub async fn end_other_sessions(ports: &Ports, user: UserId, keep: SessionId) -> Result<(), StoreError> {
    ports.accounts.end_sessions(user, Some(keep)).await?;
    note(ports, Some(user), "sessions_ended", keep.to_string()).await;
    recheck(ports, user).await;
    Ok(())
}
