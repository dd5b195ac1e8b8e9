//! PNG chunks (W3C PNG, third edition): `tEXt`, `zTXt`, `iTXt`, `eXIf`, and `caBX` of C2PA.

use std::io::Read;

use flate2::read::ZlibDecoder;

use super::MAX_CHUNK_BYTES;
use crate::fields::Fields;
use crate::source::Source;
use crate::text::{be32, exif, latin1, utf8_or_latin1, xmp};

/// All that is inflated of one file.
const INFLATED_BYTES: u64 = 16 << 20;

pub(super) fn read(source: &mut Source<'_>, fields: &mut Fields) {
    let mut at = 8;
    let mut inflater = Inflater { left: INFLATED_BYTES };
    while source.step() {
        let Some(head) = source.bytes(at, 8) else { return };
        let (Some(size), kind) = (be32(&head, 0).map(u64::from), &head[4..8]) else { return };
        if size > i32::MAX as u64 || kind == b"IEND" {
            return;
        }
        let payload = match kind {
            b"tEXt" | b"zTXt" | b"iTXt" | b"eXIf" => source.payload(at + 8, size, MAX_CHUNK_BYTES),
            b"caBX" => {
                fields.has_credentials = true;
                None
            }
            _ => None,
        };
        if let Some(payload) = payload {
            match kind {
                b"eXIf" => exif::read(&payload, fields),
                _ => text(kind, &payload, &mut inflater, fields),
            }
        }
        at += 12 + size;
    }
}

fn text(kind: &[u8], payload: &[u8], inflater: &mut Inflater, fields: &mut Fields) {
    let Some((key, rest)) = split(payload) else { return };
    let key = latin1(key);
    match kind {
        b"tEXt" => fields.add("PNG tEXt", key, utf8_or_latin1(rest)),
        b"zTXt" => {
            if let Some((0, packed)) = rest.split_first()
                && let Some(text) = inflater.inflate(packed, fields)
            {
                fields.add("PNG zTXt", key, utf8_or_latin1(&text));
            }
        }
        _ => {
            let [packed, method, names @ ..] = rest else { return };
            let Some((_, text)) = split(names).and_then(|(_, after)| split(after)) else { return };
            let text = match (packed, method) {
                (0, _) => Some(text.to_vec()),
                (1, 0) => inflater.inflate(text, fields),
                _ => None,
            };
            match text {
                Some(text) if key == "XML:com.adobe.xmp" => xmp::read(&text, fields),
                Some(text) => fields.add("PNG iTXt", key, utf8_or_latin1(&text)),
                None => {}
            }
        }
    }
}

/// What stands before and after the first zero.
fn split(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = bytes.iter().position(|&byte| byte == 0)?;
    Some((&bytes[..at], &bytes[at + 1..]))
}

struct Inflater {
    left: u64,
}

impl Inflater {
    /// The whole text, or nothing where it goes over what is left for this file.
    fn inflate(&mut self, packed: &[u8], fields: &mut Fields) -> Option<Vec<u8>> {
        let most = self.left.min(MAX_CHUNK_BYTES as u64);
        let mut text = Vec::new();
        // Damaged data may still give a beginning, which is as good as what a text viewer would show.
        let _ = ZlibDecoder::new(packed).take(most + 1).read_to_end(&mut text);
        self.left = self.left.saturating_sub(text.len() as u64);
        if text.len() as u64 > most {
            fields.cut = true;
            return None;
        }
        Some(text)
    }
}
