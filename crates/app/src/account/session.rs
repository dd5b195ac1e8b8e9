//! Keep a session going, and end it.

use time::OffsetDateTime;

use super::{AccountRules, RefreshToken, note, recheck};
use crate::ports::{Rotation, StoreError, User};
use crate::service::Ports;

/// A session that goes on.
#[derive(Debug, Clone)]
pub struct Refreshed {
    /// Whose.
    pub user: User,
    /// The token that replaces the presented one, with its end. `None` when another tab has just got it.
    pub next: Option<(RefreshToken, OffsetDateTime)>,
}

/// Why a session does not go on.
#[derive(Debug, thiserror::Error)]
pub enum RefreshError {
    /// The token belongs to no open session, or was used before and the session has been ended for that.
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
    let next = RefreshToken::new(presented.session, ports.ambient.as_ref());
    let expires_at = now + rules.session_length;
    let rotation = ports
        .accounts
        .rotate_session(
            presented.session,
            &presented.hash(),
            &next.hash(),
            expires_at,
            now,
            rules.refresh_grace,
        )
        .await?;
    match rotation {
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
            ports.accounts.end_session(presented.session).await?;
            note(ports, Some(refreshed.user.id), "logout", presented.session.to_string()).await;
            recheck(ports, refreshed.user.id).await;
            Ok(())
        }
        Err(RefreshError::Ended) => Ok(()),
        Err(RefreshError::Store(error)) => Err(error),
    }
}
