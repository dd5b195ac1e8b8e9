//! The key that opens an ML server.

use std::fmt;

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// The header that carries it.
pub(crate) const KEY_HEADER: &str = "x-api-key";

/// A key. Never shown: not in logs, not in errors.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKey(String);

impl ApiKey {
    /// Takes a key as it was configured.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key itself, for the one header that carries it.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ApiKey(hidden)")
    }
}

/// Keys that are accepted, as digests: comparing those takes the same time whatever was sent.
pub(crate) struct KeyRing(Vec<[u8; 32]>);

impl KeyRing {
    pub(crate) fn new(keys: &[ApiKey]) -> Self {
        Self(keys.iter().map(|key| digest(key.reveal().as_bytes())).collect())
    }

    /// Whether a key fits. Every key is compared, whichever fits first.
    pub(crate) fn opens(&self, sent: &[u8]) -> bool {
        let sent = digest(sent);
        self.0.iter().fold(subtle::Choice::from(0), |found, key| found | key.ct_eq(&sent)).into()
    }
}

fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_of_several_keys_opens_and_none_is_shown() {
        let keys = [ApiKey::new("first-key"), ApiKey::new("second-key")];
        let ring = KeyRing::new(&keys);
        assert!(ring.opens(b"first-key") && ring.opens(b"second-key"));
        assert!(!ring.opens(b"first-ke") && !ring.opens(b"") && !ring.opens(b"first-key "));
        assert!(!format!("{keys:?}").contains("first"));
    }
}
