//! How often models and the verdict are right, as one HTML page that needs nothing else, and as Markdown. Shows what the
//! document holds; measures nothing.

mod charts;
mod markdown;
mod page;
mod plain;
mod tables;
mod words;

pub use markdown::markdown;
pub use page::html;

#[cfg(test)]
mod tests;
