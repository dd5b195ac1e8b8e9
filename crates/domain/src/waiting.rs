//! Why a run that was accepted has not begun: a closed list, each with its words.

use std::fmt;
use std::str::FromStr;

use crate::ModelName;

/// What a run waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waiting {
    /// No ML server answers.
    NoServer,
    /// ML servers answer, and none of them has a model that was asked for by name.
    ModelMissing(ModelName),
}

/// A text that says no such thing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is nothing that a run waits for")]
pub struct UnknownWaiting(pub String);

const NO_SERVER: &str = "no_server";
const MODEL_MISSING: &str = "model_missing";

impl Waiting {
    /// Every code there is.
    pub const CODES: &'static [&'static str] = &[NO_SERVER, MODEL_MISSING];

    /// The code in messages.
    pub fn code(&self) -> &'static str {
        match self {
            Self::NoServer => NO_SERVER,
            Self::ModelMissing(_) => MODEL_MISSING,
        }
    }

    /// The model that is meant.
    pub fn model(&self) -> Option<&ModelName> {
        match self {
            Self::NoServer => None,
            Self::ModelMissing(model) => Some(model),
        }
    }

    /// A few words for people.
    pub fn in_words(&self) -> String {
        match self {
            Self::NoServer => "no ML server answers".to_owned(),
            Self::ModelMissing(model) => format!("no ML server that answers has the model {model}"),
        }
    }
}

/// Code and model, as rows keep it.
impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.model() {
            None => f.write_str(self.code()),
            Some(model) => write!(f, "{} {model}", self.code()),
        }
    }
}

impl FromStr for Waiting {
    type Err = UnknownWaiting;

    fn from_str(text: &str) -> Result<Self, UnknownWaiting> {
        let unknown = || UnknownWaiting(text.chars().take(80).collect());
        match text.split_once(' ') {
            None if text == NO_SERVER => Ok(Self::NoServer),
            Some((MODEL_MISSING, model)) => model.parse().map(Self::ModelMissing).map_err(|_| unknown()),
            _ => Err(unknown()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_and_nothing_else_is() {
        for waiting in [Waiting::NoServer, Waiting::ModelMissing("clip-probe".parse().unwrap())] {
            assert_eq!(waiting.to_string().parse(), Ok(waiting.clone()));
            assert!(Waiting::CODES.contains(&waiting.code()));
        }
        for text in ["", "no ML server answers", "no_server x", "model_missing", "model_missing Not A Name"] {
            assert_eq!(text.parse::<Waiting>(), Err(UnknownWaiting(text.to_owned())));
        }
    }
}
