//! The address of a server, checked before anything is sent there.

use std::fmt;
use std::net::IpAddr;

use reqwest::Url;

use crate::failure::Failure;

/// `http://` or `https://`, host, perhaps port and path, without a slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Address {
    text: String,
    loopback: bool,
}

const EXAMPLE: &str = "give it as https://detect.example.org, or http://127.0.0.1:3000 for this machine";

impl Address {
    /// Over plain http, everybody on the way can read the key: only to this machine, unless that is allowed.
    pub(super) fn parse(text: &str, allow_http: bool) -> Result<Self, Failure> {
        let shown: String = text.chars().take(200).collect();
        let wrong =
            |why: &str| Failure::wrong_use(anyhow::anyhow!("{shown:?} is no address: {why}"), EXAMPLE);
        let url = Url::parse(text.trim()).map_err(|error| wrong(&error.to_string()))?;
        let host = url.host_str().filter(|host| !host.is_empty()).ok_or_else(|| wrong("it names no host"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(wrong("it begins with neither https:// nor http://"));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(wrong("a name or password does not belong into it"));
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err(wrong("? and # do not belong into it"));
        }
        let loopback = is_loopback(host);
        if url.scheme() == "http" && !loopback && !allow_http {
            let error =
                anyhow::anyhow!("{shown:?} is reached without encryption: others can read key and files");
            return Err(Failure::wrong_use(
                error,
                "use https://, or add --allow-http in a network you trust",
            ));
        }
        Ok(Self { text: url.as_str().trim_end_matches('/').to_owned(), loopback })
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is this machine, which no proxy may stand before.
    pub(super) fn is_loopback(&self) -> bool {
        self.loopback
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn is_loopback(host: &str) -> bool {
    let number = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || number.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::Address;

    #[test]
    fn plain_http_goes_to_this_machine_alone_unless_allowed() {
        for fine in
            ["http://127.0.0.1:3000", "http://localhost:3000/", "http://[::1]:3000", "https://a.example/x/"]
        {
            assert!(Address::parse(fine, false).is_ok(), "{fine}");
        }
        assert!(Address::parse("http://192.168.1.5:3000", false).is_err());
        assert!(Address::parse("http://localhost.example.org", false).is_err());
        assert!(Address::parse("http://192.168.1.5:3000", true).is_ok());
        assert_eq!(Address::parse("https://a.example/x/", false).unwrap().as_str(), "https://a.example/x");
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for wrong in
            ["", "a.example", "ftp://a.example", "https://u:p@a.example", "https://a.example?x", "https://"]
        {
            assert!(Address::parse(wrong, true).is_err(), "{wrong}");
        }
    }
}
