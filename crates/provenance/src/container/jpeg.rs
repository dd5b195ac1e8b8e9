//! JPEG segments up to the first scan (ITU-T T.81, ISO 16684-3): APP1 with EXIF, XMP and extended XMP, APP13 with
//! IPTC, comments, and APP11 with JUMBF, in which C2PA lives.

use crate::fields::{Fields, MAX_TEXT_BYTES};
use crate::source::Source;
use crate::text::{be16, be32, exif, iim, utf8_or_latin1, xmp};

const EXTENDED: &[u8] = b"http://ns.adobe.com/xmp/extension/\0";

pub(super) fn read(source: &mut Source<'_>, fields: &mut Fields) {
    let mut at = 2;
    let mut extended = Extended::default();
    while source.step() {
        let Some(head) = source.bytes(at, 4) else { break };
        let (marker, Some(size)) = (head[1], be16(&head, 2)) else { break };
        if head[0] != 0xFF {
            break;
        }
        match marker {
            // Fill bytes before a marker.
            0xFF => {
                at += 1;
                continue;
            }
            // A scan or the end: metadata stands before it.
            0xDA | 0xD9 => break,
            0x01 | 0xD0..=0xD7 => {
                at += 2;
                continue;
            }
            _ if size < 2 => break,
            0xE1 | 0xEB | 0xED | 0xFE => {
                let Some(payload) = source.bytes(at + 4, usize::from(size) - 2) else { break };
                segment(marker, &payload, &mut extended, fields);
            }
            _ => {}
        }
        at += 2 + u64::from(size);
    }
    xmp::read(&extended.bytes, fields);
}

fn segment(marker: u8, payload: &[u8], extended: &mut Extended, fields: &mut Fields) {
    match marker {
        0xFE => fields.add("JPEG comment", "", utf8_or_latin1(payload)),
        0xED => {
            if let Some(resources) = payload.strip_prefix(b"Photoshop 3.0\0") {
                iim::read_photoshop(resources, fields);
            }
        }
        0xEB => fields.has_credentials |= payload.starts_with(b"JP") && payload.get(12..16) == Some(b"jumb"),
        _ => {
            if let Some(tiff) = payload.strip_prefix(b"Exif\0\0") {
                exif::read(tiff, fields);
            } else if let Some(packet) = payload.strip_prefix(b"http://ns.adobe.com/xap/1.0/\0") {
                xmp::read(packet, fields);
            } else if let Some(part) = payload.strip_prefix(EXTENDED) {
                extended.add(part, fields);
            }
        }
    }
}

/// XMP that is too long for one segment: a digest, the whole length, the place of this part, the part.
#[derive(Default)]
struct Extended {
    bytes: Vec<u8>,
}

impl Extended {
    fn add(&mut self, part: &[u8], fields: &mut Fields) {
        let (Some(whole), Some(place), Some(part)) = (be32(part, 32), be32(part, 36), part.get(40..)) else {
            return;
        };
        // Parts come in order; one that does not continue what is there belongs to another packet.
        if whole as usize > MAX_TEXT_BYTES {
            fields.cut = true;
        } else if place as usize == self.bytes.len() && self.bytes.len() + part.len() <= whole as usize {
            self.bytes.extend_from_slice(part);
        }
    }
}
