//! The report of one file: a single HTML page that needs nothing else, neither network nor server.
//!
//! Everything is inside: style, script, small pictures, and the file itself where it was given. A policy in
//! the page allows exactly that style and that script, so that text of a hostile file could do nothing even if
//! it got past the escaping. Decides nothing: the verdict and all words of reasons come from the domain. Reads and
//! writes no file.

mod cards;
mod document;
mod escape;
mod faces;
pub mod origin;
mod original;
mod page;
pub mod quality;
mod reading;
mod series;
mod stage;
mod strip;
pub mod sync;
mod timeline;
mod words;

use dk_app::{ModelCard, Report};
use dk_domain::{Finding, ModelName};

pub use document::read;
pub use original::{Original, fits};

/// What a part of the page may look at.
#[derive(Clone, Copy)]
struct View<'a> {
    file_name: &'a str,
    report: &'a Report,
    cards: &'a [ModelCard],
    original: Option<Original<'a>>,
}

/// The whole page. `original` is given where the file is small enough and browsers can show it.
pub fn html(file_name: &str, report: &Report, cards: &[ModelCard], original: Option<Original<'_>>) -> String {
    let view = View { file_name, report, cards, original };
    let mut out = String::with_capacity(64 * 1024 + original.map_or(0, |o| o.bytes.len() / 3 * 4));
    page::head(&mut out, &view);
    page::verdict(&mut out, &view);
    page::facts(&mut out, &view);
    origin::write(&mut out, &view);
    stage::write(&mut out, &view);
    timeline::write(&mut out, &view);
    sync::write(&mut out, &view);
    strip::write(&mut out, &view);
    cards::write(&mut out, &view);
    page::decided(&mut out, &view);
    page::foot(&mut out);
    out
}

impl<'a> View<'a> {
    fn card(&self, name: &ModelName) -> Option<&'a ModelCard> {
        self.cards.iter().find(|card| card.name == *name)
    }

    /// What people call the model: its title, or its name where the card is not there.
    fn title(&self, finding: &'a Finding) -> &'a str {
        self.card(&finding.model.name).map_or(finding.model.name.as_str(), |card| card.title.as_str())
    }
}

/// Appends formatted text. Writing to a `String` cannot fail, so there is no result to look at.
macro_rules! put {
    ($out:expr, $($arg:tt)*) => {{
        use std::fmt::Write as _;
        let _ = write!($out, $($arg)*);
    }};
}
use put;

#[cfg(test)]
mod tests;
