//! Who is behind a request. Asks the rows every time, so that what was ended or disabled ends at once.

use dk_domain::{Scope, SessionId, UserId};

use super::ApiKeyText;
use crate::ports::{Caller, StoreError};
use crate::service::Ports;

/// What a client presented, after its form and signature were found good.
#[derive(Debug, Clone)]
pub enum Credential {
    /// An access token.
    Session {
        /// Whose it says it is.
        user: UserId,
        /// Which session it came from.
        session: SessionId,
    },
    /// A key for programs.
    ApiKey(ApiKeyText),
}

/// The person behind a credential; `None` when it is not worth anything (any more).
pub async fn authenticate(ports: &Ports, credential: &Credential) -> Result<Option<Caller>, StoreError> {
    let now = ports.ambient.now();
    match credential {
        Credential::Session { user, session } => {
            let found = ports.accounts.session_user(*session, now).await?;
            let of_this_person = found.filter(|found| found.id == *user && found.is_active);
            Ok(of_this_person.map(|user| Caller {
                user,
                scope: Scope::Write,
                session: Some(*session),
                api_key: None,
            }))
        }
        Credential::ApiKey(text) => {
            let found = ports.accounts.api_key_user(&text.hash(), now).await?;
            let good =
                found.filter(|(key, user)| user.is_active && key.expires_at.is_none_or(|end| end > now));
            Ok(good.map(|(key, user)| Caller {
                user,
                scope: key.scope,
                session: None,
                api_key: Some(key.id),
            }))
        }
    }
}
