//! The MIME type of a file, from what is in it.

use dk_domain::{MediaFacts, MediaKind};

/// The registered type where there is one; `application/octet-stream` never lies.
pub fn mime(facts: &MediaFacts) -> &'static str {
    match (facts.kind, facts.format.as_str()) {
        (MediaKind::Image, format) => image(format),
        (MediaKind::Video, format) => video(format),
        (MediaKind::Audio, format) => audio(format),
    }
}

fn image(format: &str) -> &'static str {
    match format {
        "jpeg" => "image/jpeg",
        "png" => "image/png",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "tiff" => "image/tiff",
        "bmp" => "image/bmp",
        "avif" => "image/avif",
        "heic" => "image/heic",
        _ => OTHER,
    }
}

fn video(format: &str) -> &'static str {
    match format {
        "mp4" | "m4v" | "m4a" => "video/mp4",
        "mov" => "video/quicktime",
        "3gp" => "video/3gpp",
        "webm" => "video/webm",
        "matroska" => "video/x-matroska",
        "avi" => "video/x-msvideo",
        "mpegts" => "video/mp2t",
        "mpeg" => "video/mpeg",
        "flv" => "video/x-flv",
        "asf" => "video/x-ms-asf",
        "ogg" => "video/ogg",
        _ => OTHER,
    }
}

fn audio(format: &str) -> &'static str {
    match format {
        "wav" => "audio/wav",
        "mp3" => "audio/mpeg",
        "flac" => "audio/flac",
        "ogg" | "opus" => "audio/ogg",
        "m4a" | "mp4" | "mov" => "audio/mp4",
        "aac" | "adts" => "audio/aac",
        "aiff" => "audio/aiff",
        "amr" => "audio/amr",
        "webm" => "audio/webm",
        "matroska" => "audio/x-matroska",
        "asf" => "audio/x-ms-wma",
        "caf" => "audio/x-caf",
        "au" => "audio/basic",
        "3gp" => "audio/3gpp",
        _ => OTHER,
    }
}

const OTHER: &str = "application/octet-stream";
