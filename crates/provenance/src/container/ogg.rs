//! The comment header of Ogg Vorbis and Opus (RFC 3533, RFC 7845), and the comment block of FLAC (RFC 9639).

use crate::fields::Fields;
use crate::source::Source;
use crate::text::{be32, vorbis};

/// A comment header; some hold a picture.
const MAX_HEADER_BYTES: usize = 4 << 20;
const MAX_PAGES: usize = 256;

pub(super) fn read(source: &mut Source<'_>, fields: &mut Fields) {
    let mut packet = Vec::new();
    let mut number = 0;
    let mut at = 0;
    for _ in 0..MAX_PAGES {
        let Some(head) = source.bytes(at, 27).filter(|head| head.starts_with(b"OggS")) else { return };
        let count = usize::from(head[26]);
        let Some(lacing) = source.bytes(at + 27, count) else { return };
        let size: usize = lacing.iter().map(|&part| usize::from(part)).sum();
        let Some(body) = source.bytes(at + 27 + count as u64, size) else { return };
        let mut rest = body.as_slice();
        for part in lacing {
            let (piece, after) = rest.split_at(usize::from(part).min(rest.len()));
            rest = after;
            packet.extend_from_slice(piece);
            if packet.len() > MAX_HEADER_BYTES {
                fields.cut = true;
                return;
            }
            if part < 255 {
                // The second packet is the comment header.
                if number == 1 {
                    header(&packet, fields);
                    return;
                }
                packet.clear();
                number += 1;
            }
        }
        at += 27 + count as u64 + size as u64;
    }
}

fn header(packet: &[u8], fields: &mut Fields) {
    for magic in [&b"\x03vorbis"[..], b"OpusTags"] {
        if let Some(comments) = packet.strip_prefix(magic) {
            vorbis::read(comments, "Ogg comment", fields);
        }
    }
}

pub(super) fn read_flac(source: &mut Source<'_>, at: u64, fields: &mut Fields) {
    let mut at = at + 4;
    while source.step() {
        let Some(head) = source.bytes(at, 4) else { return };
        let Some(size) = be32(&head, 0).map(|word| word & 0x00ff_ffff) else { return };
        if head[0] & 0x7f == 4
            && let Some(block) = source.payload(at + 4, u64::from(size), MAX_HEADER_BYTES)
        {
            vorbis::read(&block, "FLAC comment", fields);
        }
        if head[0] & 0x80 != 0 {
            return;
        }
        at += 4 + u64::from(size);
    }
}
