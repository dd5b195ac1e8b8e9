//! From the text that a client presents to the person behind it. One way for requests and live connections.

use dk_app::account::{ApiKeyText, Credential, authenticate};
use dk_app::ports::{Caller, StoreError};
use time::OffsetDateTime;

use crate::app::App;

/// Somebody who was let in.
#[derive(Debug, Clone)]
pub(crate) struct Admission {
    /// Who.
    pub(crate) caller: Caller,
    /// By what; looked at again while a live connection lasts.
    pub(crate) credential: Credential,
    /// When the credential itself ends; an end of the row behind it is found by looking again.
    pub(crate) expires_at: Option<OffsetDateTime>,
}

/// Lets somebody in; `None` when the text is not worth anything.
pub(crate) async fn admit(app: &App, text: &str) -> Result<Option<Admission>, StoreError> {
    let (credential, expires_at) = if text.starts_with(ApiKeyText::PREFIX) {
        let Ok(key) = text.parse() else { return Ok(None) };
        (Credential::ApiKey(key), None)
    } else {
        let Some(token) = app.tokens.read(text, app.ports.ambient.now()) else { return Ok(None) };
        (Credential::Session { user: token.user, session: token.session }, Some(token.expires_at))
    };
    let caller = authenticate(&app.ports, &credential).await?;
    Ok(caller.map(|caller| Admission { caller, credential, expires_at }))
}
