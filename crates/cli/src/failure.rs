//! How a command fails: what was tried on what, the causes, and the way out.

use std::process::ExitCode;

use crate::style;

/// Wrong use: arguments or settings.
const WRONG_USE: u8 = 2;
/// Something could not be done.
const NOT_DONE: u8 = 3;

/// An error that ends the command.
#[derive(Debug)]
pub(crate) struct Failure {
    error: anyhow::Error,
    hint: Option<String>,
    code: u8,
}

impl Failure {
    /// The person has to change the command or a setting.
    pub(crate) fn wrong_use(error: impl Into<anyhow::Error>, hint: impl Into<String>) -> Self {
        Self { error: error.into(), hint: Some(hint.into()), code: WRONG_USE }
    }

    /// The machine or the data stood in the way.
    pub(crate) fn not_done(error: impl Into<anyhow::Error>, hint: impl Into<String>) -> Self {
        Self { error: error.into(), hint: Some(hint.into()), code: NOT_DONE }
    }

    /// What went wrong and the way out, each as one text.
    pub(crate) fn told(&self) -> (String, String) {
        (format!("{:#}", self.error), self.hint.clone().unwrap_or_default())
    }

    pub(crate) fn print(&self) -> ExitCode {
        style::complain(&format!("error: {}", style::visible_lines(&format!("{:#}", self.error))));
        if let Some(hint) = &self.hint {
            style::complain(&format!("hint: {}", style::visible_lines(hint)));
        }
        ExitCode::from(self.code)
    }
}
