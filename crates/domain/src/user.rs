//! People: what they may do, and the address that tells them apart.

use std::fmt;
use std::str::FromStr;

use crate::words::words;

words! {
    /// What a person may do.
    Role {
        /// Own media, runs and keys.
        User = "USER",
        /// Also monitoring and accounts; never other people's media.
        Admin = "ADMIN",
    }
    /// What a key may do.
    Scope {
        /// Look.
        Read = "read",
        /// Look, upload, run, delete.
        Write = "write",
    }
}

/// An e-mail address in lower case, as it is compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Email(String);

/// Why a text is not an e-mail address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not an e-mail address: expected name@host, at most 254 characters, without spaces")]
pub struct EmailError;

impl Email {
    /// The address as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = EmailError;

    fn from_str(text: &str) -> Result<Self, EmailError> {
        let (name, host) = text.rsplit_once('@').ok_or(EmailError)?;
        let plain = |c: char| !c.is_whitespace() && !c.is_control();
        let good = (1..=64).contains(&name.len())
            && !host.is_empty()
            && !host.starts_with(['.', '-'])
            && !host.ends_with(['.', '-'])
            && !host.contains("..")
            && text.len() <= 254
            && !name.contains(['"', '<', '>', '(', ')', ',', ';', ':', '\\', '@'])
            && text.chars().all(plain)
            && host.chars().all(|c| c.is_alphanumeric() || c == '.' || c == '-');
        if good { Ok(Self(text.to_lowercase())) } else { Err(EmailError) }
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_compared_in_lower_case_and_nonsense_is_refused() {
        assert_eq!("Ada@Example.ORG".parse::<Email>().unwrap().as_str(), "ada@example.org");
        assert!("ada@localhost".parse::<Email>().is_ok());
        for bad in
            ["", "ada", "@x.org", "ada@", "a b@x.org", "a@x..org", "a@-x.org", "a\n@x.org", "a@b@c.org"]
        {
            assert!(bad.parse::<Email>().is_err(), "{bad:?} was taken");
        }
        assert!(format!("a@{}.org", "x".repeat(254)).parse::<Email>().is_err());
    }
}
