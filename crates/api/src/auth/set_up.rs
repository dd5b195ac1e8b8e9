//! The secret with which the first administrator is made: the same on every API server that signs with the same key,
//! so that any of them takes what another one printed.

use jsonwebtoken::errors::Error;
use jsonwebtoken::{Algorithm, EncodingKey, crypto};
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::config::SigningKey;

/// No access token is signed over this: that has a dot between two parts of base64.
const LABEL: &[u8] = b"drishtiksha first set-up";
const LETTERS: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
/// Five bits each: more than the 128 that nobody guesses.
const LENGTH: usize = 26;

/// 26 letters and digits, to be typed or followed as a link.
#[derive(Clone)]
pub struct SetUpSecret(String);

impl SetUpSecret {
    /// The secret of every server with this key.
    pub fn new(key: &SigningKey) -> Result<Self, Error> {
        let signed = crypto::sign(LABEL, &EncodingKey::from_secret(key.bytes()), Algorithm::HS256)?;
        let bytes = Sha256::digest(signed.as_bytes());
        // A byte has eight values for each letter, so none comes more often than another.
        let letters = bytes.iter().take(LENGTH).map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
        Ok(Self(letters.collect()))
    }

    /// The text, to be shown to the operator.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether a text is the secret; takes as long for every text of its length.
    pub(crate) fn is(&self, text: &str) -> bool {
        text.trim().to_ascii_lowercase().as_bytes().ct_eq(self.0.as_bytes()).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_with_one_key_have_one_secret_and_another_key_has_another() {
        let secret = |key: &[u8]| SetUpSecret::new(&SigningKey::new(key).unwrap()).unwrap();
        let one = secret(b"0123456789abcdef0123456789abcdef");
        let same = secret(b"0123456789abcdef0123456789abcdef");
        let other = secret(b"0123456789abcdef0123456789abcdeg");
        assert_eq!(one.reveal(), same.reveal());
        assert_eq!(one.reveal().len(), LENGTH);
        assert!(one.is(&format!(" {} ", same.reveal().to_uppercase())));
        for wrong in [other.reveal(), "", &one.reveal()[1..]] {
            assert!(!one.is(wrong), "{wrong:?}");
        }
    }
}
