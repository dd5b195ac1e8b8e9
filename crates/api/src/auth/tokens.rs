//! Access tokens: JWT, HS256 and nothing else, checked against the passed-in clock.

use dk_domain::{SessionId, UserId};
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;

use crate::config::ApiConfig;

/// Makes and reads access tokens.
pub(crate) struct Tokens {
    encoding: EncodingKey,
    decoding: DecodingKey,
    validation: Validation,
    issuer: String,
    length: time::Duration,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    sub: String,
    sid: String,
    iat: i64,
    exp: i64,
    iss: String,
}

/// What a good access token says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct AccessToken {
    /// Whose.
    pub(crate) user: UserId,
    /// Of which session.
    pub(crate) session: SessionId,
    /// When it ends.
    pub(crate) expires_at: OffsetDateTime,
}

impl Tokens {
    pub(crate) fn new(config: &ApiConfig) -> Self {
        let key = config.signing_key.bytes();
        let mut validation = Validation::new(Algorithm::HS256);
        validation.set_required_spec_claims(&["exp", "iss", "sub"]);
        validation.set_issuer(&[&config.issuer]);
        // The end is checked below against the passed-in clock, to the second.
        validation.validate_exp = false;
        Self {
            encoding: EncodingKey::from_secret(key),
            decoding: DecodingKey::from_secret(key),
            validation,
            issuer: config.issuer.clone(),
            length: config.access_token_length,
        }
    }

    /// A new token and when it ends.
    pub(crate) fn issue(
        &self,
        user: UserId,
        session: SessionId,
        now: OffsetDateTime,
    ) -> Result<(String, OffsetDateTime), jsonwebtoken::errors::Error> {
        let exp = (now + self.length).unix_timestamp();
        let claims = Claims {
            sub: user.to_string(),
            sid: session.to_string(),
            iat: now.unix_timestamp(),
            exp,
            iss: self.issuer.clone(),
        };
        let text = jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.encoding)?;
        Ok((text, OffsetDateTime::from_unix_timestamp(exp).unwrap_or(now)))
    }

    /// What a token says; `None` when it is not ours, was changed, or has ended.
    pub(crate) fn read(&self, text: &str, now: OffsetDateTime) -> Option<AccessToken> {
        let claims = jsonwebtoken::decode::<Claims>(text, &self.decoding, &self.validation).ok()?.claims;
        let expires_at = OffsetDateTime::from_unix_timestamp(claims.exp).ok()?;
        if expires_at <= now {
            return None;
        }
        Some(AccessToken { user: claims.sub.parse().ok()?, session: claims.sid.parse().ok()?, expires_at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SigningKey;
    use uuid::Uuid;

    fn tokens(secret: &[u8], issuer: &str) -> Tokens {
        let mut config = ApiConfig::new(SigningKey::new(secret).unwrap());
        issuer.clone_into(&mut config.issuer);
        Tokens::new(&config)
    }

    const SECRET: &[u8] = b"0123456789abcdef0123456789abcdef";

    #[test]
    fn a_token_reads_what_it_writes_until_the_second_it_ends() {
        let tokens = tokens(SECRET, "dk");
        let now = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        let (user, session) = (Uuid::from_u128(1).into(), Uuid::from_u128(2).into());
        let (text, end) = tokens.issue(user, session, now).unwrap();
        assert_eq!(end, now + time::Duration::minutes(15));
        let read = tokens.read(&text, end - time::Duration::SECOND).unwrap();
        assert_eq!((read.user, read.session, read.expires_at), (user, session, end));
        assert!(tokens.read(&text, end).is_none());
    }

    #[test]
    fn a_token_of_another_key_issuer_or_algorithm_is_refused() {
        let now = OffsetDateTime::from_unix_timestamp(1_800_000_000).unwrap();
        let (user, session) = (Uuid::from_u128(1).into(), Uuid::from_u128(2).into());
        let ours = tokens(SECRET, "dk");
        let foreign =
            tokens(b"another-secret-of-thirty-two-bytes", "dk").issue(user, session, now).unwrap().0;
        let stranger = tokens(SECRET, "other").issue(user, session, now).unwrap().0;
        assert!(ours.read(&foreign, now).is_none());
        assert!(ours.read(&stranger, now).is_none());
        let claims =
            Claims { sub: user_text(), sid: user_text(), iat: 0, exp: 2_000_000_000, iss: "dk".into() };
        let hs512 =
            jsonwebtoken::encode(&Header::new(Algorithm::HS512), &claims, &EncodingKey::from_secret(SECRET));
        assert!(ours.read(&hs512.unwrap(), now).is_none());
    }

    fn user_text() -> String {
        Uuid::from_u128(1).to_string()
    }
}
