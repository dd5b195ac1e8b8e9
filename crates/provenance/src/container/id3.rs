//! ID3v2.3 and 2.4 at the begin of an MP3 or in a chunk of a WAVE: text frames, comments, web addresses, and the
//! general object in which C2PA lives.

use crate::fields::{Fields, MAX_TEXT_BYTES};
use crate::source::Source;
use crate::text::{be32, latin1, utf8_or_latin1, utf16};

const MAX_FRAMES: usize = 512;

pub(super) fn read(source: &mut Source<'_>, fields: &mut Fields) {
    read_at(source, 0, fields);
}

pub(super) fn read_at(source: &mut Source<'_>, at: u64, fields: &mut Fields) {
    let Some(head) = source.bytes(at, 10).filter(|head| head.starts_with(b"ID3")) else { return };
    let version = head[3];
    let end = at + 10 + u64::from(syncsafe(&head[6..10]));
    let mut at = at + 10;
    for _ in 0..MAX_FRAMES {
        if at + 10 > end {
            return;
        }
        let Some(head) = source.bytes(at, 10).filter(|head| head[0] != 0) else { return };
        let size = if version >= 4 { syncsafe(&head[4..8]) } else { be32(&head, 4).unwrap_or(0) };
        let kind = &head[..4];
        if kind == b"GEOB" {
            fields.has_credentials |= source
                .bytes(at + 10, 64.min(size as usize))
                .is_some_and(|start| start.windows(21).any(|part| part == b"application/x-c2pa-ma"));
        } else if (kind[0] == b'T' || kind[0] == b'W' || kind == b"COMM" || kind == b"USLT")
            && size as usize <= MAX_TEXT_BYTES
            && let Some(payload) = source.bytes(at + 10, size as usize)
        {
            frame(kind, &payload, fields);
        }
        at += 10 + u64::from(size);
    }
}

/// Seven bits of each byte.
fn syncsafe(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |sum, &byte| sum << 7 | u32::from(byte & 0x7f))
}

fn frame(kind: &[u8], payload: &[u8], fields: &mut Fields) {
    let kind = latin1(kind);
    if kind.starts_with('W') && kind != "WXXX" {
        fields.add("ID3", kind, latin1(payload));
        return;
    }
    let Some((&encoding, rest)) = payload.split_first() else { return };
    let rest = match kind.as_str() {
        "COMM" | "USLT" => rest.get(3..).unwrap_or_default(),
        _ => rest,
    };
    let text = decode(encoding, rest);
    if !matches!(kind.as_str(), "COMM" | "USLT" | "TXXX" | "WXXX") {
        fields.add("ID3", kind, text);
        return;
    }
    // A description, a zero, the text; the description may be empty.
    let (name, text) = text.split_once('\0').unwrap_or(("", &text));
    let key = if kind == "TXXX" { name.trim_start_matches('\u{feff}').to_owned() } else { kind };
    fields.add("ID3", key, text.trim_start_matches('\u{feff}'));
}

fn decode(encoding: u8, bytes: &[u8]) -> String {
    match encoding {
        1 => match bytes {
            [0xFE, 0xFF, rest @ ..] => utf16(rest, true),
            [0xFF, 0xFE, rest @ ..] => utf16(rest, false),
            _ => utf16(bytes, false),
        },
        2 => utf16(bytes, true),
        3 => utf8_or_latin1(bytes),
        _ => latin1(bytes),
    }
}
