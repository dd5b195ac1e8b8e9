//! What a file says of its own origin: traces that generators and programs leave in it, signed Content Credentials,
//! and one open invisible watermark.
//!
//! Everything read here was written by a stranger. Walks count their steps, texts and inflated bytes have limits, XML
//! entities are never expanded, and nothing is fetched. Content Credentials are validated by the `c2pa` crate, which
//! is large: whoever calls [`credentials::validate`] does so in a limited child. This room judges nothing.

mod camera;
mod container;
pub mod credentials;
mod fields;
mod notes;
mod rules;
mod source;
pub mod stealth;
mod text;
pub mod trust;
pub mod watermark;

use std::io::{Read, Seek};

use dk_domain::{Origin, Trace};

pub use camera::CameraNotes;
pub use rules::RULES;

/// What a look at the bytes of a file found.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Inspection {
    /// The traces; credentials are not in it yet.
    pub origin: Origin,
    /// Whether the file carries Content Credentials that [`credentials::validate`] should look at.
    pub has_credentials: bool,
    /// What a camera noted, where one seems to have recorded the file.
    pub camera: Option<CameraNotes>,
}

/// Looks for traces in the structure of a file. Reads headers and metadata only, at most a few MiB, and never fails:
/// a file that is not understood is silent.
pub fn inspect(file: &mut (impl Read + Seek)) -> Inspection {
    let mut source = source::Source::new(file);
    let found = container::read(&mut source);
    let traces = rules::apply(&found.all);
    Inspection {
        origin: Origin {
            notes: notes::of(&found.all, &traces),
            traces,
            credentials: None,
            cut: found.cut || source.cut,
        },
        has_credentials: found.has_credentials,
        camera: camera::notes(&found.all),
    }
}

/// Adds traces that were found in another way; declarations go before hints.
pub fn add_traces(origin: &mut Origin, traces: impl IntoIterator<Item = Trace>) {
    origin.traces.extend(traces);
    origin.traces.sort_by_key(|trace| trace.kind);
}

#[cfg(test)]
mod tests;
