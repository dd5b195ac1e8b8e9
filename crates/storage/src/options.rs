//! How a storage is set up. Where the values come from is the caller's business.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

/// Which storage, and how.
#[derive(Debug, Clone)]
pub enum Options {
    /// A folder that every process of the service sees.
    Local(LocalOptions),
    /// S3 or a server that speaks its protocol.
    S3(S3Options),
    /// Cloudinary.
    Cloudinary(CloudinaryOptions),
}

/// A folder.
#[derive(Debug, Clone)]
pub struct LocalOptions {
    /// Holds `media` and `incoming`, which must lie on one file system.
    pub root: PathBuf,
}

/// S3 or a server that speaks its protocol.
#[derive(Debug, Clone)]
pub struct S3Options {
    /// Where the server is, such as `https://s3.example.org`; `None` for Amazon's own.
    pub endpoint: Option<String>,
    /// The bucket, which must exist.
    pub bucket: String,
    /// Its region; many servers take any.
    pub region: String,
    /// Keys; `None` takes what Amazon's own variables or the role of the machine give.
    pub keys: Option<S3Keys>,
    /// The bucket stands in the path and not in the host name; most servers that are not Amazon's want this.
    pub path_style: bool,
    /// Plain HTTP is fine, for a server on the same machine or network.
    pub allow_http: bool,
    /// Folder on this machine for files on their way in and for copies.
    pub staging: PathBuf,
    /// How long to wait and how often to try.
    pub patience: Patience,
}

/// A pair of keys for S3.
#[derive(Debug, Clone)]
pub struct S3Keys {
    /// Its public half.
    pub id: String,
    /// Its secret half.
    pub secret: Secret,
}

/// Cloudinary.
#[derive(Debug, Clone)]
pub struct CloudinaryOptions {
    /// Name of the product environment.
    pub cloud_name: String,
    /// Public half of the key.
    pub api_key: String,
    /// Secret half of the key.
    pub api_secret: Secret,
    /// Where the programming interface is.
    pub api_base: String,
    /// Where files are delivered from.
    pub delivery_base: String,
    /// Folder on this machine for files on their way in and for copies.
    pub staging: PathBuf,
    /// How long to wait and how often to try.
    pub patience: Patience,
}

impl CloudinaryOptions {
    /// Cloudinary's own programming interface.
    pub const API_BASE: &str = "https://api.cloudinary.com";
    /// Cloudinary's own delivery.
    pub const DELIVERY_BASE: &str = "https://res.cloudinary.com";
}

/// How long to wait for a remote storage, and how often to try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How often a call that may pass is tried, the first time included; at least 1.
    pub attempts: u32,
    /// Pause before the second attempt; it doubles with each further one, up to 15 s.
    pub first_pause: Duration,
    /// Longest time to make a connection.
    pub connect: Duration,
    /// Longest time for an answer to begin, the request's body included, and between two pieces of an answer.
    pub stall: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            attempts: 6,
            first_pause: Duration::from_millis(200),
            connect: Duration::from_secs(5),
            stall: Duration::from_mins(2),
        }
    }
}

impl Patience {
    /// No pause is longer.
    pub(crate) const LONGEST_PAUSE: Duration = Duration::from_secs(15);

    /// How long to wait after the attempt with this number, which starts at 1.
    pub(crate) fn pause_after(&self, attempt: u32) -> Duration {
        let doubled = 1_u32.checked_shl(attempt.saturating_sub(1)).unwrap_or(u32::MAX);
        self.first_pause.saturating_mul(doubled).min(Self::LONGEST_PAUSE)
    }
}

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// The text itself.
    pub(crate) fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_a_bound() {
        let patience = Patience { first_pause: Duration::from_secs(1), ..Patience::default() };
        let pauses: Vec<u64> = [1, 2, 3, 4, 5, 40].map(|n| patience.pause_after(n).as_secs()).into();
        assert_eq!(pauses, [1, 2, 4, 8, 15, 15]);
    }

    #[test]
    fn a_secret_is_never_shown() {
        let keys = S3Keys { id: "public".into(), secret: "hidden".to_owned().into() };
        let shown = format!("{keys:?}");
        assert!(shown.contains("public") && !shown.contains("hidden"));
    }
}
