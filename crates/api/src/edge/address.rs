//! Where a request comes from. A proxy's word is taken only when the configuration trusts that proxy.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

use axum::extract::ConnectInfo;
use axum::http::{Extensions, HeaderMap};

/// A range of addresses, such as `10.0.0.0/8` or `::1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    bits: u8,
}

/// Why a text is no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is not a network: expected an address such as 10.1.2.3, or a range such as 10.0.0.0/8 or fd00::/8"
)]
pub struct NetworkError(String);

impl Network {
    /// Whether an address lies within.
    pub fn contains(self, address: IpAddr) -> bool {
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(other)) => {
                let shift = 32 - u32::from(self.bits);
                shift == 32 || own.to_bits() >> shift == other.to_bits() >> shift
            }
            (IpAddr::V6(own), IpAddr::V6(other)) => {
                let shift = 128 - u32::from(self.bits);
                shift == 128 || own.to_bits() >> shift == other.to_bits() >> shift
            }
            _ => false,
        }
    }
}

impl From<IpAddr> for Network {
    /// One address.
    fn from(address: IpAddr) -> Self {
        let address = address.to_canonical();
        Self { address, bits: if address.is_ipv4() { 32 } else { 128 } }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let wrong = || NetworkError(text.chars().take(80).collect());
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().map_err(|_| wrong())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| wrong())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.unwrap_or(most);
        if bits > most { Err(wrong()) } else { Ok(Self { address, bits }) }
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.bits)
    }
}

/// The client's address as limits count it; `unknown` where the server was not told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientAddress(pub(crate) String);

impl ClientAddress {
    /// Finds it: the other end of the connection, or what trusted proxies say of it.
    pub(crate) fn find(extensions: &Extensions, headers: &HeaderMap, trusted: &[Network]) -> Self {
        let Some(ConnectInfo(peer)) = extensions.get::<ConnectInfo<SocketAddr>>() else {
            return Self("unknown".to_owned());
        };
        Self(bucket(through_proxies(peer.ip(), headers, trusted)))
    }
}

/// Walks back from the nearest proxy for as long as the word comes from one that is trusted.
fn through_proxies(peer: IpAddr, headers: &HeaderMap, trusted: &[Network]) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut address = peer.to_canonical();
    let lines: Vec<&str> =
        headers.get_all("x-forwarded-for").iter().filter_map(|line| line.to_str().ok()).collect();
    for word in lines.iter().rev().flat_map(|line| line.rsplit(',')) {
        if !is_trusted(address) {
            break;
        }
        let Some(before) = parse(word.trim()) else { break };
        address = before;
    }
    address
}

fn parse(word: &str) -> Option<IpAddr> {
    let with_port = || word.parse::<SocketAddr>().ok().map(|address| address.ip());
    word.parse::<IpAddr>().ok().or_else(with_port).map(|address| address.to_canonical())
}

/// One customer usually has a whole /64 of IPv6, so that counts as one.
fn bucket(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => format!("{}/64", Ipv6Addr::from_bits(address.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn networks(texts: &[&str]) -> Vec<Network> {
        texts.iter().map(|text| text.parse().unwrap()).collect()
    }

    fn found(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append("x-forwarded-for", line.parse().unwrap());
        }
        through_proxies(peer.parse().unwrap(), &headers, &networks(trusted)).to_string()
    }

    #[test]
    fn a_network_holds_its_range_and_no_more() {
        let [private, one, all] = networks(&["10.0.0.0/8", "::1", "0.0.0.0/0"])[..] else { panic!("three") };
        assert!(private.contains("10.255.0.1".parse().unwrap()));
        assert!(private.contains("::ffff:10.0.0.1".parse().unwrap()));
        assert!(!private.contains("11.0.0.1".parse().unwrap()));
        assert!(one.contains("::1".parse().unwrap()) && !one.contains("::2".parse().unwrap()));
        assert!(all.contains("203.0.113.9".parse().unwrap()));
        for bad in ["", "10.0.0.0/33", "::/129", "x/8", "10.0.0.0/"] {
            assert!(bad.parse::<Network>().is_err(), "{bad:?} was taken");
        }
    }

    #[test]
    fn a_stranger_cannot_choose_its_own_address() {
        assert_eq!(found("203.0.113.9", &["1.2.3.4"], &[]), "203.0.113.9");
        assert_eq!(found("203.0.113.9", &["1.2.3.4"], &["10.0.0.0/8"]), "203.0.113.9");
        // What the client wrote itself stands left of what the proxy saw.
        assert_eq!(found("10.0.0.2", &["1.2.3.4, 203.0.113.9"], &["10.0.0.0/8"]), "203.0.113.9");
        assert_eq!(found("10.0.0.2", &["1.2.3.4, 203.0.113.9, 10.0.0.3"], &["10.0.0.0/8"]), "203.0.113.9");
        assert_eq!(found("10.0.0.2", &["1.2.3.4", "203.0.113.9:4711"], &["10.0.0.0/8"]), "203.0.113.9");
        assert_eq!(found("10.0.0.2", &["nonsense"], &["10.0.0.0/8"]), "10.0.0.2");
    }

    #[test]
    fn a_customer_with_many_addresses_counts_once() {
        assert_eq!(bucket("2001:db8::1".parse().unwrap()), "2001:db8::/64");
        assert_eq!(bucket("2001:db8::ffff:1".parse().unwrap()), "2001:db8::/64");
        assert_eq!(bucket("192.0.2.1".parse().unwrap()), "192.0.2.1");
    }
}
