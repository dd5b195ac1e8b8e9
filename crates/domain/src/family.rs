//! Which models look for the same thing, and how much may follow from what one says.

use std::fmt;
use std::str::FromStr;

use crate::NameError;

/// Models of one family look for the same trace and err together, so together they count once.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Family(String);

impl Family {
    /// The name as text, such as `synthetic-speech`.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Family {
    type Err = NameError;

    /// Follows the rule for model names.
    fn from_str(text: &str) -> Result<Self, NameError> {
        text.parse::<crate::ModelName>().map(|name| Self(name.as_str().to_owned()))
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// How much may follow from a model's score. Set by measured quality, named in the package's card.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Weight {
    /// Not measured on media that it never saw, or measured near chance there: shown, and decides nothing.
    Unrated,
    /// Better than chance on media that it never saw, often undecided; thresholds are strict.
    Weak,
    /// Measured good on media from sources that it never saw.
    Strong,
    /// Reads what the file itself declares of its origin, or a mark that a generator left in it; its answer goes before all others.
    Declared,
}

impl Weight {
    /// Every value there is.
    pub const ALL: [Self; 4] = [Self::Unrated, Self::Weak, Self::Strong, Self::Declared];

    /// The name in manifests and messages.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unrated => "unrated",
            Self::Weak => "weak",
            Self::Strong => "strong",
            Self::Declared => "declared",
        }
    }
}

impl FromStr for Weight {
    type Err = crate::UnknownWord;

    fn from_str(word: &str) -> Result<Self, crate::UnknownWord> {
        crate::parse_word(word, &Self::ALL, Self::as_str)
    }
}

impl fmt::Display for Weight {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
