//! The MIME type of a file, from what is in it.

use dk_domain::{MediaFacts, MediaKind};

/// The registered type where there is one; `application/octet-stream` never lies.
pub fn mime(facts: &MediaFacts) -> &'static str {
    let table = table(facts.kind);
    let found = table.iter().find(|(formats, _)| formats.contains(&facts.format.as_str()));
    found.map_or(OTHER, |(_, mime)| mime)
}

/// Every type that files of a kind may turn out to have.
pub fn mimetypes(kind: MediaKind) -> impl Iterator<Item = &'static str> {
    table(kind).iter().map(|(_, mime)| *mime)
}

/// Names of formats, and the type of files with one of them.
type Table = &'static [(&'static [&'static str], &'static str)];

fn table(kind: MediaKind) -> Table {
    match kind {
        MediaKind::Image => IMAGES,
        MediaKind::Video => VIDEOS,
        MediaKind::Audio => SOUNDS,
    }
}

const IMAGES: Table = &[
    (&["jpeg"], "image/jpeg"),
    (&["png"], "image/png"),
    (&["gif"], "image/gif"),
    (&["webp"], "image/webp"),
    (&["tiff"], "image/tiff"),
    (&["bmp"], "image/bmp"),
    (&["avif"], "image/avif"),
    (&["heic"], "image/heic"),
];

const VIDEOS: Table = &[
    (&["mp4", "m4v", "m4a"], "video/mp4"),
    (&["mov"], "video/quicktime"),
    (&["3gp"], "video/3gpp"),
    (&["webm"], "video/webm"),
    (&["matroska"], "video/x-matroska"),
    (&["avi"], "video/x-msvideo"),
    (&["mpegts"], "video/mp2t"),
    (&["mpeg"], "video/mpeg"),
    (&["flv"], "video/x-flv"),
    (&["asf"], "video/x-ms-asf"),
    (&["ogg"], "video/ogg"),
];

const SOUNDS: Table = &[
    (&["wav"], "audio/wav"),
    (&["mp3"], "audio/mpeg"),
    (&["flac"], "audio/flac"),
    (&["ogg", "opus"], "audio/ogg"),
    (&["m4a", "mp4", "mov"], "audio/mp4"),
    (&["aac", "adts"], "audio/aac"),
    (&["aiff"], "audio/aiff"),
    (&["amr"], "audio/amr"),
    (&["webm"], "audio/webm"),
    (&["matroska"], "audio/x-matroska"),
    (&["asf"], "audio/x-ms-wma"),
    (&["caf"], "audio/x-caf"),
    (&["au"], "audio/basic"),
    (&["3gp"], "audio/3gpp"),
];

const OTHER: &str = "application/octet-stream";
