//! Text in place of media: what kind of text it is, so that the message can say it. Nothing in it is followed.

use super::refused;
use crate::MediaError;
use crate::error::Why::{Drawing, OnlyText, PointsElsewhere};

/// The error for a file of text; `None` where the content is not text.
pub(super) fn refusal(head: &[u8]) -> Option<MediaError> {
    let text = as_text(head)?;
    let text = text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n']);
    let lower = text.to_ascii_lowercase();
    Some(known_text(&lower).unwrap_or_else(|| MediaError::NotMedia { found: "text".to_owned() }))
}

fn as_text(head: &[u8]) -> Option<String> {
    let text = match head {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes),
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes),
        _ => {
            // A character may be cut in two at the end of what has been read.
            let valid = match std::str::from_utf8(head) {
                Ok(text) => text,
                Err(broken) if broken.error_len().is_none() => {
                    std::str::from_utf8(&head[..broken.valid_up_to()]).ok()?
                }
                Err(_) => return latin_markup(head),
            };
            valid.to_owned()
        }
    };
    let strange = text.chars().any(|c| c.is_control() && !matches!(c, '\t' | '\r' | '\n' | '\x0c' | '\x1b'));
    (!strange && !text.is_empty()).then_some(text)
}

/// Old pages are not UTF-8, but their beginning is plain.
fn latin_markup(head: &[u8]) -> Option<String> {
    head.trim_ascii_start().starts_with(b"<").then(|| String::from_utf8_lossy(head).into_owned())
}

fn utf16(bytes: &[u8], order: fn([u8; 2]) -> u16) -> String {
    let units = bytes.chunks_exact(2).map(|pair| order([pair[0], pair[1]]));
    char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
}

fn known_text(lower: &str) -> Option<MediaError> {
    const BEGINNINGS: [(&str, MediaErrorOf); 10] = [
        ("#extm3u", || refused("playlist (M3U, HLS)", PointsElsewhere)),
        ("ffconcat", || refused("list of files (ffconcat)", PointsElsewhere)),
        ("file '", || refused("list of files (ffconcat)", PointsElsewhere)),
        ("[playlist]", || refused("playlist (PLS)", PointsElsewhere)),
        ("[reference]", || refused("playlist (ASX)", PointsElsewhere)),
        ("rtsptext", || refused("stream address (RTSP)", PointsElsewhere)),
        ("[script info]", || refused("subtitle file (ASS)", OnlyText)),
        ("webvtt", || refused("subtitle file (WebVTT)", OnlyText)),
        (";ffmetadata", || refused("metadata file", OnlyText)),
        ("{1}{1}", || refused("subtitle file (MicroDVD)", OnlyText)),
    ];
    if let Some((_, error)) = BEGINNINGS.iter().find(|(start, _)| lower.starts_with(start)) {
        return Some(error());
    }
    if lower.starts_with("v=0") && lower.lines().any(|line| line.starts_with("o=")) {
        return Some(refused("session description (SDP)", PointsElsewhere));
    }
    let timing = |line: &str| line.contains(" --> ") && line.starts_with(|c: char| c.is_ascii_digit());
    if lower.starts_with(|c: char| c.is_ascii_digit()) && lower.lines().take(4).any(timing) {
        return Some(refused("subtitle file (SubRip)", OnlyText));
    }
    if lower.lines().take(20).any(|line| line.starts_with("file ")) {
        return Some(refused("list of files (ffconcat)", PointsElsewhere));
    }
    markup(lower)
}

type MediaErrorOf = fn() -> MediaError;

/// By the first element, behind declarations and comments.
fn markup(lower: &str) -> Option<MediaError> {
    let mut rest = lower;
    let name = loop {
        rest = rest.trim_start();
        let skip_to = match rest {
            _ if rest.starts_with("<?") => "?>",
            _ if rest.starts_with("<!--") => "-->",
            _ if rest.starts_with("<!doctype html") => break "html",
            _ if rest.starts_with("<!") => ">",
            _ => {
                let name = rest.strip_prefix('<')?;
                break name.split(|c: char| !c.is_alphanumeric() && c != ':').next()?;
            }
        };
        rest = rest.split_once(skip_to)?.1;
    };
    let found = |what: &str| MediaError::NotMedia { found: what.to_owned() };
    Some(match name.rsplit(':').next()? {
        "html" | "head" | "body" => found("an HTML page"),
        "svg" => refused("drawing (SVG)", Drawing),
        "mpd" => refused("playlist (DASH)", PointsElsewhere),
        "smoothstreamingmedia" => refused("playlist (Smooth Streaming)", PointsElsewhere),
        "asx" => refused("playlist (ASX)", PointsElsewhere),
        "smil" => refused("playlist (SMIL)", PointsElsewhere),
        "playlist" => refused("playlist (XSPF)", PointsElsewhere),
        "tt" => refused("subtitle file (TTML)", OnlyText),
        _ => found("an XML document"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(text: &[u8]) -> String {
        refusal(text).map_or_else(|| "no text".to_owned(), |error| error.to_string())
    }

    #[test]
    fn text_is_named_for_what_it_is() {
        for (text, part) in [
            (&b"<!DOCTYPE html><html>"[..], "HTML page"),
            (b"\xef\xbb\xbf\n<html lang=x>", "HTML page"),
            (b"\xff\xfe<\0h\0t\0m\0l\0>\0", "HTML page"),
            (b"<html>\xe9t\xe9", "HTML page"),
            (b"<?xml version='1.0'?><!-- a --><svg:svg x='1'/>", "drawing (SVG)"),
            (b"<?xml version='1.0'?>\n<MPD>", "playlist (DASH)"),
            (b"<note/>", "XML document"),
            (b"#EXTM3U\n#EXTINF:1\nhttp://a/b.ts", "playlist (M3U"),
            (b"ffconcat version 1.0\nfile x", "ffconcat"),
            (b"# comment\nfile /etc/passwd", "ffconcat"),
            (b"v=0\r\no=- 0 0 IN IP4 0.0.0.0", "SDP"),
            (b"1\n00:00:01,000 --> 00:00:02,000\nhi", "SubRip"),
            (b"[Script Info]\nTitle: x", "ASS"),
            (b"just words", "text"),
            (b"\x00\x01\x02", "no text"),
        ] {
            assert!(say(text).contains(part), "{:?} is {:?}", String::from_utf8_lossy(text), say(text));
        }
    }
}
