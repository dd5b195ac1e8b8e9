//! Which servers there are and how they are spoken to, checked before anything is asked.

use std::collections::BTreeSet;
use std::time::Duration;

use reqwest::Url;

use crate::key::ApiKey;

/// How a fleet is set up.
#[derive(Debug, Clone)]
pub struct FleetSettings {
    /// Addresses of the servers, such as `http://ml-1:8000`.
    pub urls: Vec<String>,
    /// The key that opens them.
    pub api_key: ApiKey,
    /// How often every server is looked at.
    pub refresh: Duration,
    /// A server that does not answer a look so long is unreachable.
    pub probe_timeout: Duration,
    /// A server that takes no connection so long is passed over.
    pub connect_timeout: Duration,
    /// A server that says nothing at all so long, while it works on a file, is passed over. It says something every
    /// few seconds.
    pub silence_timeout: Duration,
    /// No analysis takes longer.
    pub ask_timeout: Duration,
    /// Whether the servers publish progress to the bus themselves.
    pub servers_publish: bool,
}

impl FleetSettings {
    /// The usual times for these servers.
    pub fn new(urls: Vec<String>, api_key: ApiKey) -> Self {
        Self {
            urls,
            api_key,
            refresh: Duration::from_secs(3),
            probe_timeout: Duration::from_secs(2),
            connect_timeout: Duration::from_secs(3),
            silence_timeout: Duration::from_mins(1),
            ask_timeout: Duration::from_mins(15),
            servers_publish: true,
        }
    }
}

/// Why a fleet is not set up.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// Nothing to ask.
    #[error("no address of an ML server is set; hint: set ML_SERVER_URLS")]
    NoServer,
    /// No key.
    #[error("no key for the ML servers is set, or it cannot be sent; hint: set ML_API_KEY")]
    NoKey,
    /// Not an address.
    #[error("{0:?} is not the address of an ML server: expected http://host:port, without name and password")]
    Address(String),
    /// Two names for one server would count its work twice.
    #[error("the ML server {0} is named twice")]
    Twice(String),
    /// The system lets nobody make a connection.
    #[error("cannot set up connections to ML servers")]
    Client(#[source] reqwest::Error),
}

/// A checked address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    /// Host and port.
    pub(super) name: String,
    /// Without a slash at the end.
    base: String,
}

impl Address {
    /// A route on this server.
    pub(super) fn to(&self, route: &str) -> String {
        format!("{}{route}", self.base)
    }

    fn parse(text: &str) -> Result<Self, FleetError> {
        // What is shown of a bad address must not show a password in it.
        let shown =
            || FleetError::Address(text.rsplit('@').next().unwrap_or_default().chars().take(200).collect());
        let url = Url::parse(text.trim()).map_err(|_| shown())?;
        let plain = matches!(url.scheme(), "http" | "https")
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        match (plain, url.host_str(), url.port_or_known_default()) {
            (true, Some(host), Some(port)) => {
                let base = url.as_str().trim_end_matches('/').to_owned();
                Ok(Self { name: format!("{host}:{port}"), base })
            }
            _ => Err(shown()),
        }
    }
}

/// Reads all addresses.
pub(super) fn addresses(urls: &[String]) -> Result<Vec<Address>, FleetError> {
    let addresses: Vec<Address> = urls.iter().map(|url| Address::parse(url)).collect::<Result<_, _>>()?;
    if addresses.is_empty() {
        return Err(FleetError::NoServer);
    }
    let mut names = BTreeSet::new();
    match addresses.iter().find(|address| !names.insert(&address.name)) {
        Some(twice) => Err(FleetError::Twice(twice.name.clone())),
        None => Ok(addresses),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(urls: &[&str]) -> Result<Vec<Address>, FleetError> {
        addresses(&urls.iter().map(|url| (*url).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn an_address_is_checked_and_its_password_never_shown() {
        let good = of(&["http://ml-1:8000/", "https://ml.example.org/gpu"]).unwrap();
        assert_eq!(good[0].name, "ml-1:8000");
        assert_eq!(good[0].to("/stats"), "http://ml-1:8000/stats");
        assert_eq!(
            (good[1].name.as_str(), good[1].to("/stats").as_str()),
            ("ml.example.org:443", "https://ml.example.org/gpu/stats")
        );
        for bad in
            ["", "ml-1:8000", "ftp://ml-1", "http://", "http://a:secret@ml-1:8000", "http://ml-1?x=secret"]
        {
            let error = of(&[bad]).unwrap_err().to_string();
            assert!(!error.contains("a:secret"), "{error}");
        }
        assert!(matches!(of(&["http://a:1", "http://a:1/"]), Err(FleetError::Twice(_))));
        assert!(matches!(of(&[]), Err(FleetError::NoServer)));
    }
}
