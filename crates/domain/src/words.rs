//! Closed lists of words that are written and read back.

/// A word that is not on its list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{word:?} is not one of: {allowed}")]
pub struct UnknownWord {
    /// What was given.
    pub word: String,
    /// What is allowed, joined for people.
    pub allowed: String,
}

/// Finds the value that is written as `word`.
pub fn parse_word<T: Copy>(
    word: &str,
    all: &[T],
    write: impl Fn(T) -> &'static str,
) -> Result<T, UnknownWord> {
    all.iter().copied().find(|value| write(*value) == word).ok_or_else(|| UnknownWord {
        word: word.chars().take(80).collect(),
        allowed: all.iter().map(|value| write(*value)).collect::<Vec<_>>().join(", "),
    })
}

macro_rules! words {
    ($($(#[$meta:meta])* $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal,)* })*) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name { $($(#[$doc])* $variant,)* }

        impl $name {
            /// Every value there is.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The word in messages and rows.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)* }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::UnknownWord;

            fn from_str(word: &str) -> Result<Self, $crate::UnknownWord> {
                $crate::parse_word(word, Self::ALL, Self::as_str)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    )*};
}
pub(crate) use words;
