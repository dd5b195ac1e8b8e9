//! Ids: one type per noun, so that no id is ever taken for another.

use std::fmt;
use std::str::FromStr;

use uuid::Uuid;

/// A text that is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not an id: expected a UUID such as 0198c9a4-7c1e-7b5e-9d43-0f6f5a8f2a11")]
pub struct IdError(pub String);

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(Uuid);

        impl $name {
            /// The UUID.
            pub fn get(self) -> Uuid {
                self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                // Only the usual form: other spellings of one id would be other keys of one row.
                let hyphenated = text.len() == 36;
                let id = Uuid::parse_str(text).ok().filter(|_| hyphenated);
                id.map(Self).ok_or_else(|| IdError(text.chars().take(80).collect()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    )*};
}

ids! {
    /// A person with an account.
    UserId;
    /// One uploaded file.
    MediaId;
    /// One round of judging a medium.
    RunId;
    /// What one model does within a run.
    AnalysisId;
    /// One sign-in, with all refresh tokens that followed from it.
    SessionId;
    /// A key for programs.
    ApiKeyId;
    /// A file that comes in part by part.
    UploadId;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_has_one_spelling() {
        let text = "0198c9a4-7c1e-7b5e-9d43-0f6f5a8f2a11";
        assert_eq!(text.parse::<MediaId>().unwrap().to_string(), text);
        for bad in ["", "7", "0198c9a47c1e7b5e9d430f6f5a8f2a11", "{0198c9a4-7c1e-7b5e-9d43-0f6f5a8f2a11}"] {
            assert!(bad.parse::<MediaId>().is_err(), "{bad:?} was taken");
        }
    }
}
