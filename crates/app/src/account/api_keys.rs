//! Keys for programs: made, shown once, taken back.

use dk_domain::{ApiKeyId, Scope, UserId};
use time::OffsetDateTime;

use super::{AccountRules, ApiKeyText, note, recheck};
use crate::ports::{ApiKey, StoreError};
use crate::service::Ports;

/// A key that is asked for.
#[derive(Debug, Clone)]
pub struct NewKey {
    /// What the person calls it.
    pub name: String,
    /// What it may do.
    pub scope: Scope,
    /// End, where there is one.
    pub expires_at: Option<OffsetDateTime>,
}

/// A key with its secret, which nobody can show again.
#[derive(Debug, Clone)]
pub struct CreatedKey {
    /// The row.
    pub key: ApiKey,
    /// The secret.
    pub text: ApiKeyText,
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum CreateKeyError {
    /// It would have ended before it began.
    #[error("the end of a key lies in the future")]
    Expired,
    /// The person has as many as allowed.
    #[error("one person may have at most {most} keys")]
    TooMany {
        /// How many are allowed.
        most: usize,
    },
    /// The rows.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Makes a key.
pub async fn create_api_key(
    ports: &Ports,
    rules: &AccountRules,
    user: UserId,
    new: NewKey,
) -> Result<CreatedKey, CreateKeyError> {
    let now = ports.ambient.now();
    if new.expires_at.is_some_and(|end| end <= now) {
        return Err(CreateKeyError::Expired);
    }
    if ports.accounts.api_keys(user).await?.len() >= rules.max_api_keys {
        return Err(CreateKeyError::TooMany { most: rules.max_api_keys });
    }
    let text = ApiKeyText::new(ports.ambient.as_ref());
    let key = ApiKey {
        id: ApiKeyId::from(ports.ambient.id()),
        user_id: user,
        name: new.name,
        prefix: text.visible(),
        scope: new.scope,
        expires_at: new.expires_at,
        last_used_at: None,
        created_at: now,
    };
    ports.accounts.add_api_key(&key, &text.hash()).await?;
    note(ports, Some(user), "api_key_created", key.id.to_string()).await;
    Ok(CreatedKey { key, text })
}

/// Takes a key back; false when the person has no such key.
pub async fn revoke_api_key(ports: &Ports, user: UserId, id: ApiKeyId) -> Result<bool, StoreError> {
    let revoked = ports.accounts.revoke_api_key(user, id).await?;
    if revoked {
        note(ports, Some(user), "api_key_revoked", id.to_string()).await;
        recheck(ports, user).await;
    }
    Ok(revoked)
}
