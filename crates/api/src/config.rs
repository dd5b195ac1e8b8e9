//! Settings of the edge. Checked where they are parsed, so that a wrong one stops the start.

use std::fmt;
use std::time::Duration;

use dk_app::account::AccountRules;
use dk_app::ports::Quota;
use dk_domain::MediaKind;

use crate::edge::Network;

/// The secret that signs access tokens: at least 32 bytes.
#[derive(Clone)]
pub struct SigningKey(Vec<u8>);

/// Why a text is no signing key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a signing key has at least 32 bytes, such as the output of `openssl rand -hex 32`")]
pub struct SigningKeyError;

impl SigningKey {
    /// Takes a secret that is long enough and not one character repeated.
    pub fn new(secret: &[u8]) -> Result<Self, SigningKeyError> {
        let varied = secret.iter().any(|byte| Some(byte) != secret.first());
        if secret.len() >= 32 && varied { Ok(Self(secret.to_vec())) } else { Err(SigningKeyError) }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SigningKey(…)")
    }
}

/// A kind of media that is taken, with the types of its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The kind.
    pub kind: MediaKind,
    /// Types such as `video/mp4`.
    pub mimetypes: Vec<String>,
}

/// Settings of the edge.
#[derive(Debug, Clone)]
pub struct ApiConfig {
    /// Signs access tokens; the same on every API server.
    pub signing_key: SigningKey,
    /// Who signs: an access token of another issuer is refused.
    pub issuer: String,
    /// How long an access token lasts.
    pub access_token_length: time::Duration,
    /// Rules for accounts.
    pub accounts: AccountRules,
    /// Whether people reach the service over HTTPS: cookies are `Secure` then, and browsers are told to stay.
    pub https: bool,
    /// Origins of web apps that live elsewhere, such as `http://localhost:5173`; the service's own needs no entry.
    pub origins: Vec<String>,
    /// Proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
    /// Most bytes of an uploaded file.
    pub max_upload_bytes: u64,
    /// Longest video or sound in seconds. Told to clients; whoever inspects files keeps it.
    pub max_duration_secs: u64,
    /// Most pixels of a picture or frame. Told to clients; whoever inspects files keeps it.
    pub max_pixels: u64,
    /// Most bytes of one part of a resumable upload.
    pub part_bytes: u64,
    /// What is taken. Told to clients; whoever inspects files decides.
    pub accepted: Vec<Accepted>,
    /// An upload that stands still for so long is given up.
    pub upload_idle: Duration,
    /// An upload that takes longer than this is given up.
    pub upload_longest: Duration,
    /// Uploads at the same time on this server.
    pub uploads_at_once: usize,
    /// Of these, uploads of one person.
    pub uploads_of_one: usize,
    /// Uploads of one person.
    pub uploads_per_user: Quota,
    /// Any other request that takes longer than this is answered with 503.
    pub request_timeout: Duration,
    /// Requests of one person.
    pub per_user: Quota,
    /// Requests from one address (of IPv6, from one /64), whoever sends them.
    pub per_address: Quota,
    /// Live connections of one person on this server.
    pub sockets_per_user: usize,
    /// Packets that wait for one live connection before it counts as slow.
    pub socket_buffer: usize,
    /// How often the right to a live connection is looked at again, should a signal have been lost.
    pub socket_recheck: Duration,
    /// A live connection that takes no packet for so long is ended.
    pub socket_patience: Duration,
}

const MINUTE: Duration = Duration::from_mins(1);

impl ApiConfig {
    /// Defaults for everything but the secret.
    pub fn new(signing_key: SigningKey) -> Self {
        Self {
            signing_key,
            issuer: "drishtiksha".to_owned(),
            access_token_length: time::Duration::minutes(15),
            accounts: AccountRules::default(),
            https: false,
            origins: Vec::new(),
            trusted_proxies: Vec::new(),
            max_upload_bytes: 500 * 1024 * 1024,
            max_duration_secs: 20 * 60,
            max_pixels: 50_000_000,
            part_bytes: 16 * 1024 * 1024,
            accepted: Vec::new(),
            upload_idle: Duration::from_secs(30),
            upload_longest: Duration::from_hours(1),
            uploads_at_once: 256,
            uploads_of_one: 16,
            uploads_per_user: Quota { limit: 300, window: MINUTE },
            request_timeout: Duration::from_secs(30),
            per_user: Quota { limit: 1200, window: MINUTE },
            per_address: Quota { limit: 3000, window: MINUTE },
            sockets_per_user: 64,
            socket_buffer: 512,
            socket_recheck: Duration::from_secs(30),
            socket_patience: Duration::from_secs(30),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_weak_signing_key_is_refused_and_a_good_one_is_never_shown() {
        assert!(SigningKey::new(b"secret").is_err());
        assert!(SigningKey::new(&[7; 64]).is_err());
        let key = SigningKey::new(b"0123456789abcdef0123456789abcdef").unwrap();
        assert_eq!(format!("{key:?}"), "SigningKey(…)");
    }
}
