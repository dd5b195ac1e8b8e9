//! What is said with a file, in a form or in a header: checked alike.

use dk_domain::{ModelName, Urgency};

use crate::messages::check_description;
use crate::problem::Problem;

/// Most models that may be named.
const MAX_MODELS: usize = 32;

/// What has been said so far, in any order.
#[derive(Default)]
pub(super) struct Said {
    description: Option<String>,
    urgency: Option<Urgency>,
    /// Only these models; empty means every one that fits.
    pub(super) models: Vec<ModelName>,
}

impl Said {
    /// Adds `description`, `priority` or `models`; the first two may come once.
    pub(super) fn add(&mut self, name: &str, text: &str) -> Result<(), Problem> {
        match name {
            "description" if self.description.is_some() => Err(twice(name)),
            "priority" if self.urgency.is_some() => Err(twice(name)),
            "description" => {
                check_description(text, &()).map_err(|error| invalid(name, &error))?;
                // An empty one is none; it still counts as given.
                self.description = Some(text.trim().to_owned());
                Ok(())
            }
            "priority" => {
                let word = text.parse().map_err(|error: dk_domain::UnknownWord| invalid(name, &error))?;
                self.urgency = Some(word);
                Ok(())
            }
            "models" => self.add_models(text),
            _ => Err(Problem::field(name, "unknown", "expected media, description, priority or models")),
        }
    }

    fn add_models(&mut self, names: &str) -> Result<(), Problem> {
        for name in names.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            let name: ModelName = name.parse().map_err(|error| invalid("models", &error))?;
            if !self.models.contains(&name) {
                self.models.push(name);
            }
        }
        if self.models.len() > MAX_MODELS {
            return Err(Problem::field("models", "invalid", format!("at most {MAX_MODELS} models")));
        }
        Ok(())
    }

    /// What the owner says of the file.
    pub(super) fn description(&self) -> Option<String> {
        self.description.clone().filter(|text| !text.is_empty())
    }

    /// Who waits.
    pub(super) fn urgency(&self) -> Urgency {
        self.urgency.unwrap_or(Urgency::Interactive)
    }
}

pub(super) fn twice(name: &str) -> Problem {
    Problem::field(name, "invalid", "this part may come once")
}

fn invalid(field: &str, error: &dyn std::fmt::Display) -> Problem {
    Problem::field(field, "invalid", error.to_string())
}

/// A client's name of a file as it may be shown: no folders, no control characters, none that turn the direction
/// of reading round, at most 255 characters. It never becomes a path.
pub(super) fn harmless(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let turns =
        |c: char| matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let kept: String = last.chars().filter(|c| !c.is_control() && !turns(*c)).take(255).collect();
    match kept.trim() {
        "" | "." | ".." => "upload".to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::harmless;

    #[test]
    fn a_file_name_loses_folders_and_tricks_and_keeps_its_words() {
        assert_eq!(harmless("../../etc/passwd"), "passwd");
        assert_eq!(harmless("C:\\Users\\ada\\Ferien Köln.mp4"), "Ferien Köln.mp4");
        assert_eq!(harmless("a\u{202e}gpj.exe\r\n"), "agpj.exe");
        for empty in ["", "/", "..", "a/..", "\0"] {
            assert_eq!(harmless(empty), "upload");
        }
        assert_eq!(harmless(&"x".repeat(300)).len(), 255);
    }
}
