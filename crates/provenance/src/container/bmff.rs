//! Boxes of MP4, MOV, M4A, AVIF and HEIF (ISO/IEC 14496-12, QuickTime file format): user data, item lists with their
//! keys, XMP, and the box of C2PA.

use super::{MAX_CHUNK_BYTES, heif};
use crate::fields::Fields;
use crate::source::Source;
use crate::text::{be16, be32, be64, utf8_or_latin1, utf16, xmp};

const XMP: [u8; 16] = *b"\xbe\x7a\xcf\xcb\x97\xa9\x42\xe8\x9c\x71\x99\x94\x91\xe3\xaf\xac";
const C2PA: [u8; 16] = *b"\xd8\xfe\xc3\xd6\x1b\x0e\x48\x3c\x92\x97\x58\x28\x87\x7e\xc4\x81";

const MAX_DEPTH: u32 = 8;
const MAX_KEYS: u32 = 512;

/// One box.
pub(super) struct BoxAt {
    pub(super) kind: [u8; 4],
    pub(super) body: u64,
    pub(super) end: u64,
}

pub(super) fn read(source: &mut Source<'_>, fields: &mut Fields) {
    let end = source.len();
    walk(source, 0, end, 0, fields);
}

/// The box at a position; `None` at the end or where it cannot be one.
pub(super) fn box_at(source: &mut Source<'_>, at: u64, end: u64) -> Option<BoxAt> {
    if at + 8 > end || !source.step() {
        return None;
    }
    let head = source.bytes(at, 8)?;
    let kind = head[4..8].try_into().ok()?;
    let (size, body) = match be32(&head, 0)? {
        0 => (end - at, at + 8),
        1 => (be64(&source.bytes(at + 8, 8)?, 0)?, at + 16),
        size => (u64::from(size), at + 8),
    };
    let stop = at.checked_add(size)?;
    (stop >= body && stop <= end).then_some(BoxAt { kind, body, end: stop })
}

fn walk(source: &mut Source<'_>, mut at: u64, end: u64, depth: u32, fields: &mut Fields) {
    if depth > MAX_DEPTH {
        fields.cut = true;
        return;
    }
    while let Some(found) = box_at(source, at, end) {
        match &found.kind {
            b"moov" | b"udta" | b"trak" | b"moof" => walk(source, found.body, found.end, depth + 1, fields),
            b"meta" => meta(source, &found, fields),
            b"uuid" => uuid(source, &found, fields),
            b"XMP_" => packet(source, found.body, found.end, fields),
            b"AIGC" => text(source, "MP4 user data", "AIGC", &found, fields),
            [0xA9, name @ ..] => quicktime(source, *name, &found, fields),
            _ => {}
        }
        at = found.end;
    }
}

fn packet(source: &mut Source<'_>, start: u64, end: u64, fields: &mut Fields) {
    if let Some(bytes) = source.payload(start, end.saturating_sub(start), MAX_CHUNK_BYTES) {
        xmp::read(&bytes, fields);
    }
}

fn text(source: &mut Source<'_>, place: &'static str, key: &str, found: &BoxAt, fields: &mut Fields) {
    if let Some(bytes) = source.payload(found.body, found.end - found.body, MAX_CHUNK_BYTES) {
        fields.add(place, key, utf8_or_latin1(&bytes));
    }
}

fn uuid(source: &mut Source<'_>, found: &BoxAt, fields: &mut Fields) {
    match source.bytes(found.body, 16).as_deref() {
        Some(id) if id == XMP => packet(source, found.body + 16, found.end, fields),
        Some(id) if id == C2PA => fields.has_credentials = true,
        _ => {}
    }
}

/// `©too` and its family in QuickTime's user data: length, language, text.
fn quicktime(source: &mut Source<'_>, name: [u8; 3], found: &BoxAt, fields: &mut Fields) {
    let Some(bytes) = source.payload(found.body, found.end - found.body, MAX_CHUNK_BYTES) else { return };
    let Some(size) = be16(&bytes, 0).map(usize::from) else { return };
    if let Some(value) = bytes.get(4..).and_then(|rest| rest.get(..size)) {
        fields.add("MP4 user data", format!("©{}", utf8_or_latin1(&name)), utf8_or_latin1(value));
    }
}

/// A `meta` box has four bytes of its own before its boxes, except in QuickTime.
fn meta(source: &mut Source<'_>, found: &BoxAt, fields: &mut Fields) {
    let plain = source.bytes(found.body + 4, 4).is_some_and(|kind| kind == b"hdlr" || kind == b"keys");
    let mut at = if plain { found.body } else { found.body + 4 };
    let mut keys = Vec::new();
    let start = at;
    while let Some(inner) = box_at(source, at, found.end) {
        match &inner.kind {
            b"keys" => keys = read_keys(source, &inner, fields),
            b"ilst" => items(source, &inner, &keys, fields),
            b"uuid" => uuid(source, &inner, fields),
            b"iinf" => heif::read(source, start, found.end, fields),
            _ => {}
        }
        at = inner.end;
    }
}

fn read_keys(source: &mut Source<'_>, found: &BoxAt, fields: &mut Fields) -> Vec<String> {
    let Some(bytes) = source.payload(found.body, found.end - found.body, MAX_CHUNK_BYTES) else {
        return Vec::new();
    };
    let count = be32(&bytes, 4).unwrap_or(0);
    fields.cut |= count > MAX_KEYS;
    let mut keys = Vec::new();
    let mut at = 8;
    for _ in 0..count.min(MAX_KEYS) {
        let Some(size) = be32(&bytes, at).map(|size| size as usize).filter(|size| *size >= 8) else { break };
        let Some(key) = bytes.get(at + 8..).and_then(|rest| rest.get(..size - 8)) else { break };
        keys.push(utf8_or_latin1(key));
        at += size;
    }
    keys
}

/// Items are named by four letters, by the number of a key, or by a name of their own (`----`).
fn items(source: &mut Source<'_>, list: &BoxAt, keys: &[String], fields: &mut Fields) {
    let mut at = list.body;
    while let Some(item) = box_at(source, at, list.end) {
        let number = u32::from_be_bytes(item.kind) as usize;
        let mut key = match number.checked_sub(1).and_then(|index| keys.get(index)) {
            Some(key) => key.clone(),
            None if item.kind[0] == 0xA9 => format!("©{}", utf8_or_latin1(&item.kind[1..])),
            None => utf8_or_latin1(&item.kind),
        };
        let mut inner = item.body;
        while let Some(part) = box_at(source, inner, item.end) {
            let body = match &part.kind {
                b"data" | b"name" => source.payload(part.body, part.end - part.body, MAX_CHUNK_BYTES),
                _ => None,
            };
            match (&part.kind, body) {
                (b"name", Some(body)) => key = utf8_or_latin1(body.get(4..).unwrap_or_default()),
                (b"data", Some(body)) => {
                    let value = body.get(8..).unwrap_or_default();
                    match be32(&body, 0) {
                        Some(1) => fields.add("MP4 tag", key.as_str(), utf8_or_latin1(value)),
                        Some(2) => fields.add("MP4 tag", key.as_str(), utf16(value, true)),
                        _ => {}
                    }
                }
                _ => {}
            }
            inner = part.end;
        }
        at = item.end;
    }
}
