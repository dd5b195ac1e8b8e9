//! Where weights come from that lie on a model hub.

use reqwest::Url;

use super::service::Secret;
use super::wrong;
use crate::failure::Failure;

/// A model hub, or a mirror of one.
#[derive(Debug, Clone)]
pub(crate) struct Hub {
    address: String,
    is_secure: bool,
    token: Option<Secret>,
}

impl Hub {
    pub(super) fn check(address: &str, token: &str) -> Result<Self, Failure> {
        let refused = || wrong("models.hub", address);
        let url = Url::parse(address).map_err(|_| refused())?;
        let is_plain = url.query().is_none() && url.fragment().is_none() && url.username().is_empty();
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() || !is_plain {
            return Err(refused());
        }
        Ok(Self {
            address: url.as_str().trim_end_matches('/').to_owned(),
            is_secure: url.scheme() == "https",
            token: Secret::unless_empty(token),
        })
    }

    /// Without a slash at its end.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// Whether nobody on the way can read along.
    pub(crate) fn is_secure(&self) -> bool {
        self.is_secure
    }

    /// What the hub knows its guest by.
    pub(crate) fn token(&self) -> Option<&str> {
        self.token.as_ref().map(Secret::reveal)
    }
}
