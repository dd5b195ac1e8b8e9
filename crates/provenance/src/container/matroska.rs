//! Matroska and WebM (RFC 8794, RFC 9559): the names of the writing programs and simple tags.

use super::MAX_CHUNK_BYTES;
use crate::fields::Fields;
use crate::source::Source;
use crate::text::utf8_or_latin1;

const SEGMENT: u64 = 0x1853_8067;
const INFO: u64 = 0x1549_A966;
const TAGS: u64 = 0x1254_C367;
const TAG: u64 = 0x7373;
const SIMPLE_TAG: u64 = 0x67C8;
const TAG_NAME: u64 = 0x45A3;
const TAG_STRING: u64 = 0x4487;
const MUXING_APP: u64 = 0x4D80;
const WRITING_APP: u64 = 0x5741;

/// Tags within tags.
const MAX_DEPTH: u32 = 8;

pub(super) fn read(source: &mut Source<'_>, fields: &mut Fields) {
    let end = source.len();
    walk(source, 0, end, 0, &mut String::new(), fields);
}

fn walk(source: &mut Source<'_>, mut at: u64, end: u64, depth: u32, name: &mut String, fields: &mut Fields) {
    while at < end && source.step() {
        // An element may lie about its size, and so the head of the next may reach over the end of the one around it.
        let Some((id, size, body)) = element(source, at).filter(|(_, _, body)| *body <= end) else { return };
        let after = match size {
            Some(size) => body.saturating_add(size).min(end),
            // A live recording: its end is that of the file, and only the segment itself can be looked into.
            None if id == SEGMENT => end,
            None => return,
        };
        match id {
            SEGMENT | INFO | TAGS | TAG | SIMPLE_TAG => {
                if depth >= MAX_DEPTH {
                    fields.cut = true;
                    return;
                }
                walk(source, body, after, depth + 1, name, fields);
            }
            TAG_NAME | TAG_STRING | MUXING_APP | WRITING_APP => {
                if let Some(bytes) = source.payload(body, after - body, MAX_CHUNK_BYTES) {
                    let text = utf8_or_latin1(&bytes);
                    match id {
                        TAG_NAME => *name = text.trim_end_matches('\0').to_ascii_lowercase(),
                        TAG_STRING => fields.add("Matroska tag", name.as_str(), text),
                        MUXING_APP => fields.add("Matroska", "MuxingApp", text),
                        _ => fields.add("Matroska", "WritingApp", text),
                    }
                }
            }
            _ => {}
        }
        at = after;
    }
}

/// Identifier, size (`None` where it is not known) and the place of the body.
fn element(source: &mut Source<'_>, at: u64) -> Option<(u64, Option<u64>, u64)> {
    let head = source.up_to(at, 12);
    let id_bytes = head.first()?.leading_zeros() as usize + 1;
    let id = number(head.get(..id_bytes.min(5))?);
    let first = *head.get(id_bytes)?;
    let size_bytes = first.leading_zeros() as usize + 1;
    if id_bytes > 4 || size_bytes > 8 {
        return None;
    }
    let raw = number(head.get(id_bytes..id_bytes + size_bytes)?);
    let mask = (1u64 << (7 * size_bytes)) - 1;
    let size = (raw & mask != mask).then_some(raw & mask);
    Some((id, size, at + (id_bytes + size_bytes) as u64))
}

fn number(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte))
}
