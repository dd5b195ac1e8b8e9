//! Items of AVIF and HEIF (ISO/IEC 23008-12): which item is EXIF or XMP (`iinf`), and where it lies (`iloc`).

use super::MAX_CHUNK_BYTES;
use super::bmff::{BoxAt, box_at};
use crate::fields::Fields;
use crate::source::Source;
use crate::text::{be16, be32, exif, xmp};

const MAX_ITEMS: usize = 1024;
/// Metadata is never cut into more pieces; fields may have no width, so that the length of the table is no limit.
const MAX_EXTENTS: u64 = 64;
const MAX_TABLE_BYTES: usize = 1 << 20;

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Exif,
    Xmp,
}

/// Reads the items of the `meta` box between two positions.
pub(super) fn read(source: &mut Source<'_>, start: u64, end: u64, fields: &mut Fields) {
    let mut at = start;
    let (mut kinds, mut places) = (Vec::new(), Vec::new());
    while let Some(found) = box_at(source, at, end) {
        match &found.kind {
            b"iinf" => kinds = items(source, &found),
            b"iloc" => places = locations(source, &found).unwrap_or_default(),
            _ => {}
        }
        at = found.end;
    }
    for (id, kind) in kinds {
        let Some((_, at, size)) = places.iter().find(|(item, ..)| *item == id) else { continue };
        let Some(bytes) = source.payload(*at, *size, MAX_CHUNK_BYTES) else { continue };
        match kind {
            Kind::Xmp => xmp::read(&bytes, fields),
            // Four bytes tell how much stands before the TIFF.
            Kind::Exif => {
                let skip = be32(&bytes, 0).map_or(0, |skip| skip as usize);
                let tiff = skip.checked_add(4).and_then(|skip| bytes.get(skip..));
                exif::read(tiff.unwrap_or_default(), fields);
            }
        }
    }
}

fn items(source: &mut Source<'_>, found: &BoxAt) -> Vec<(u32, Kind)> {
    let Some(head) = source.bytes(found.body, 8) else { return Vec::new() };
    let mut at = found.body + if head[0] == 0 { 6 } else { 8 };
    let mut kinds = Vec::new();
    for _ in 0..MAX_ITEMS {
        let Some(entry) = box_at(source, at, found.end) else { break };
        let bytes = source.up_to(entry.body, usize::try_from(entry.end - entry.body).unwrap_or(0).min(256));
        let (id, rest) = match bytes.first() {
            Some(2) => (be16(&bytes, 4).map(u32::from), 8),
            Some(3) => (be32(&bytes, 4), 10),
            _ => (None, 0),
        };
        let kind = match bytes.get(rest..rest + 4) {
            Some(b"Exif") => Some(Kind::Exif),
            Some(b"mime") => {
                let rest = &bytes[rest + 4..];
                rest.windows(19).any(|part| part == b"application/rdf+xml").then_some(Kind::Xmp)
            }
            _ => None,
        };
        kinds.extend(id.zip(kind));
        at = entry.end;
    }
    kinds
}

/// Items that lie in one piece in the file itself: number, place, size.
fn locations(source: &mut Source<'_>, found: &BoxAt) -> Option<Vec<(u32, u64, u64)>> {
    let bytes = source.payload(found.body, found.end - found.body, MAX_TABLE_BYTES)?;
    let version = *bytes.first()?;
    let (sizes, more) = (*bytes.get(4)?, *bytes.get(5)?);
    let (offset_bytes, length_bytes) = (usize::from(sizes >> 4), usize::from(sizes & 15));
    let base_bytes = usize::from(more >> 4);
    let index_bytes = if version == 1 || version == 2 { usize::from(more & 15) } else { 0 };
    let mut table = Table { bytes: &bytes, at: 6 };
    let count = if version < 2 { table.number(2)? } else { table.number(4)? };
    let mut places = Vec::new();
    for _ in 0..count.min(MAX_ITEMS as u64) {
        let id = table.number(if version < 2 { 2 } else { 4 })?;
        let method = if version == 0 { 0 } else { table.number(2)? & 15 };
        table.number(2)?;
        let base = table.number(base_bytes)?;
        let extents = table.number(2)?;
        if extents > MAX_EXTENTS {
            return None;
        }
        for extent in 0..extents {
            table.number(index_bytes)?;
            let (offset, length) = (table.number(offset_bytes)?, table.number(length_bytes)?);
            if extent == 0 && extents == 1 && method == 0 {
                places.push((u32::try_from(id).ok()?, base.checked_add(offset)?, length));
            }
        }
    }
    Some(places)
}

struct Table<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Table<'_> {
    fn number(&mut self, count: usize) -> Option<u64> {
        let bytes = self.bytes.get(self.at..self.at.checked_add(count.min(8))?)?;
        self.at += count;
        Some(bytes.iter().fold(0, |sum, &byte| sum << 8 | u64::from(byte)))
    }
}
