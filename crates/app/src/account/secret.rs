//! Secrets that we make ourselves: 32 random bytes each, so a plain SHA-256 is enough to store them.

use std::fmt;
use std::str::FromStr;

use dk_domain::{SessionId, Sha256};
use sha2::{Digest, Sha256 as Hasher};

use crate::ports::{Ambient, SecretHash, TokenHashes};

/// A text that is no secret of ours. Says nothing of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no secret that we made")]
pub struct UnreadableSecret;

/// 32 random bytes as 64 hexadecimal digits.
#[derive(Clone, PartialEq, Eq)]
struct Secret(String);

impl Secret {
    fn new(ambient: &dyn Ambient) -> Self {
        Self(hex(ambient.secret()))
    }

    fn parse(text: &str) -> Result<Self, UnreadableSecret> {
        let digits = text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if digits && text.len() == 64 { Ok(Self(text.to_owned())) } else { Err(UnreadableSecret) }
    }
}

/// What a browser presents for a new access token: `<session id>.<family>.<secret>`.
///
/// All tokens of a session share the secret of the family. Whoever shows it has held a token of the session, so an
/// old secret beside it is a copy that came back; whoever does not show it has guessed, and can end nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct RefreshToken {
    /// Of which session.
    pub session: SessionId,
    family: Secret,
    secret: Secret,
}

impl RefreshToken {
    /// The first one of a session.
    pub fn new(session: SessionId, ambient: &dyn Ambient) -> Self {
        Self { session, family: Secret::new(ambient), secret: Secret::new(ambient) }
    }

    /// The one that comes after this one.
    #[must_use]
    pub fn next(&self, ambient: &dyn Ambient) -> Self {
        Self { session: self.session, family: self.family.clone(), secret: Secret::new(ambient) }
    }

    /// How it is stored.
    pub fn hashes(&self) -> TokenHashes {
        TokenHashes { family: hash(&self.family.0), token: hash(&self.secret.0) }
    }

    /// The text that the client keeps.
    pub fn reveal(&self) -> String {
        format!("{}.{}.{}", self.session, self.family.0, self.secret.0)
    }
}

impl FromStr for RefreshToken {
    type Err = UnreadableSecret;

    fn from_str(text: &str) -> Result<Self, UnreadableSecret> {
        let (session, secrets) = text.split_once('.').ok_or(UnreadableSecret)?;
        let (family, secret) = secrets.split_once('.').ok_or(UnreadableSecret)?;
        let session = session.parse().map_err(|_| UnreadableSecret)?;
        Ok(Self { session, family: Secret::parse(family)?, secret: Secret::parse(secret)? })
    }
}

impl fmt::Debug for RefreshToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RefreshToken({}.…)", self.session)
    }
}

/// What a program presents: `dk_<secret>`.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKeyText(Secret);

impl ApiKeyText {
    /// How every key begins.
    pub const PREFIX: &'static str = "dk_";
    /// Digits of the secret that stay visible.
    const SHOWN: usize = 8;

    /// A new one.
    pub fn new(ambient: &dyn Ambient) -> Self {
        Self(Secret::new(ambient))
    }

    /// How it is stored.
    pub fn hash(&self) -> SecretHash {
        hash(&self.0.0)
    }

    /// The text that is shown once.
    pub fn reveal(&self) -> String {
        format!("{}{}", Self::PREFIX, self.0.0)
    }

    /// The part that may always be shown.
    pub fn visible(&self) -> String {
        format!("{}{}", Self::PREFIX, &self.0.0[..Self::SHOWN])
    }
}

impl FromStr for ApiKeyText {
    type Err = UnreadableSecret;

    fn from_str(text: &str) -> Result<Self, UnreadableSecret> {
        Secret::parse(text.strip_prefix(Self::PREFIX).ok_or(UnreadableSecret)?).map(Self)
    }
}

impl fmt::Debug for ApiKeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKeyText({}…)", self.visible())
    }
}

/// A name for private data within keys of counters: the same for the same data, and not to be read back.
pub(super) fn pseudonym(parts: &[&str]) -> String {
    hex(hash(&parts.join("\n")).0)
}

fn hash(text: &str) -> SecretHash {
    SecretHash(Hasher::digest(text.as_bytes()).into())
}

fn hex(bytes: [u8; 32]) -> String {
    Sha256::from(bytes).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::OffsetDateTime;
    use uuid::Uuid;

    struct Fixed;

    impl Ambient for Fixed {
        fn now(&self) -> OffsetDateTime {
            OffsetDateTime::UNIX_EPOCH
        }
        fn id(&self) -> Uuid {
            Uuid::nil()
        }
        fn secret(&self) -> [u8; 32] {
            [0xab; 32]
        }
    }

    #[test]
    fn a_secret_reads_what_it_writes_and_is_never_in_a_log() {
        let token = RefreshToken::new(Uuid::from_u128(7).into(), &Fixed);
        assert_eq!(token.reveal().parse::<RefreshToken>().unwrap(), token);
        let key = ApiKeyText::new(&Fixed);
        assert_eq!(key.reveal().parse::<ApiKeyText>().unwrap(), key);
        assert_eq!(key.visible(), "dk_abababab");
        for shown in [format!("{token:?}"), format!("{key:?}")] {
            assert!(!shown.contains(&"ab".repeat(5)), "{shown}");
        }
    }

    #[test]
    fn what_is_no_secret_of_ours_is_refused_before_a_row_is_looked_for() {
        for bad in ["", "dk_", "dk_abc", &"ab".repeat(32), &format!("dk_{}", "AB".repeat(32))] {
            assert!(bad.parse::<ApiKeyText>().is_err(), "{bad:?} was taken");
            assert!(bad.parse::<RefreshToken>().is_err(), "{bad:?} was taken");
        }
    }
}
