//! How text looks on a terminal: colour where it helps and is wanted, control characters made visible.

use std::io::{IsTerminal, Write};

use dk_domain::Prediction;

/// Writes a line to standard output. When nobody reads it any more, the rest is of no use.
pub(crate) fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Writes a line to standard error.
pub(crate) fn complain(line: &str) {
    let _ = writeln!(std::io::stderr(), "{line}");
}

pub(crate) fn colour_on_stdout() -> bool {
    std::io::stdout().is_terminal() && wanted()
}

pub(crate) fn colour_on_stderr() -> bool {
    std::io::stderr().is_terminal() && wanted()
}

fn wanted() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// Escape sequences, or nothing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paint(pub(crate) bool);

impl Paint {
    pub(crate) fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.with("2", text)
    }

    /// The word itself always says what the colour says.
    pub(crate) fn prediction(self, prediction: Prediction, text: &str) -> String {
        let code = match prediction {
            Prediction::Fake => "1;31",
            Prediction::Real => "1;32",
            Prediction::Inconclusive => "1;33",
            Prediction::NotApplicable => "1;36",
        };
        self.with(code, text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.0 { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }
}

/// A file name, or the words of a model package, as they can be shown: control characters and those that turn the direction of text round are
/// written as escapes, so that a name cannot fake a line of output.
pub(crate) fn visible(name: &str) -> String {
    name.chars()
        .map(|c| match c {
            c if c.is_control()
                || matches!(c, '\u{200e}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}') =>
            {
                c.escape_unicode().to_string()
            }
            c => c.to_string(),
        })
        .collect()
}

/// Words that may take several lines, such as those of a parser that shows the place.
pub(crate) fn visible_lines(words: &str) -> String {
    words.lines().map(visible).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_begin_a_new_line_or_turn_the_text_round() {
        assert_eq!(visible("a\nFAKE \u{202e}gpj.exe"), "a\\u{a}FAKE \\u{202e}gpj.exe");
        assert_eq!(visible("überraschung 🎬.mp4"), "überraschung 🎬.mp4");
    }
}
