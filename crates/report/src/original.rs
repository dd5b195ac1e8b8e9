//! The file itself inside the page: which files a browser shows, and up to which size a page carries them.

use dk_domain::{MediaFacts, MediaKind};

/// A larger original is not put into the page; its thumbnails are.
const MAX_BYTES: u64 = 24 << 20;

/// The file itself, for the player.
#[derive(Debug, Clone, Copy)]
pub struct Original<'a> {
    pub(crate) mime: &'static str,
    pub(crate) bytes: &'a [u8],
}

impl<'a> Original<'a> {
    /// The whole file; none where browsers do not show it.
    pub fn new(facts: &MediaFacts, bytes: &'a [u8]) -> Option<Self> {
        shown_as(facts).map(|mime| Self { mime, bytes })
    }
}

/// Whether the page has use for the file itself: browsers show it, and it is not too large.
pub fn fits(facts: &MediaFacts) -> bool {
    shown_as(facts).is_some() && facts.bytes <= MAX_BYTES
}

/// The type under which a browser shows the original; none for what browsers do not show.
fn shown_as(facts: &MediaFacts) -> Option<&'static str> {
    Some(match (facts.kind, facts.format.as_str()) {
        (MediaKind::Image, "jpeg") => "image/jpeg",
        (MediaKind::Image, "png") => "image/png",
        (MediaKind::Image, "webp") => "image/webp",
        (MediaKind::Image, "gif") => "image/gif",
        (MediaKind::Image, "bmp") => "image/bmp",
        (MediaKind::Image, "avif") => "image/avif",
        (MediaKind::Video, "mp4" | "mov" | "m4v") => "video/mp4",
        (MediaKind::Video, "webm") => "video/webm",
        (MediaKind::Audio, "wav") => "audio/wav",
        (MediaKind::Audio, "mp3") => "audio/mpeg",
        (MediaKind::Audio, "flac") => "audio/flac",
        (MediaKind::Audio, "ogg" | "opus") => "audio/ogg",
        (MediaKind::Audio, "mp4" | "m4a" | "mov") => "audio/mp4",
        _ => return None,
    })
}
