//! RIFF: WebP with its EXIF and XMP, WAVE and AVI with their INFO lists, `bext`, ID3 and XMP, and `C2PA`.

use super::{MAX_CHUNK_BYTES, id3};
use crate::fields::Fields;
use crate::source::Source;
use crate::text::{exif, le32, utf8_or_latin1, xmp};

pub(super) fn read(source: &mut Source<'_>, fields: &mut Fields) {
    let mut at = 12;
    while source.step() {
        let Some(head) = source.bytes(at, 8) else { return };
        let Some(size) = le32(&head, 4).map(u64::from) else { return };
        let payload = at + 8;
        match &head[..4] {
            b"EXIF" => {
                if let Some(bytes) = source.payload(payload, size, MAX_CHUNK_BYTES) {
                    // Some programs keep the header that JPEG wants.
                    exif::read(bytes.strip_prefix(b"Exif\0\0").unwrap_or(&bytes), fields);
                }
            }
            b"XMP " | b"_PMX" => {
                if let Some(bytes) = source.payload(payload, size, MAX_CHUNK_BYTES) {
                    xmp::read(&bytes, fields);
                }
            }
            b"C2PA" => fields.has_credentials = true,
            b"id3 " | b"ID3 " => id3::read_at(source, payload, fields),
            b"bext" => {
                if let Some(bytes) = source.payload(payload, size.min(602), 602) {
                    let texts =
                        [("Description", 0..256), ("Originator", 256..288), ("OriginationDate", 320..330)];
                    for (key, range) in texts {
                        fields.add("WAVE bext", key, utf8_or_latin1(bytes.get(range).unwrap_or_default()));
                    }
                }
            }
            b"LIST"
                if (4..=MAX_CHUNK_BYTES as u64).contains(&size)
                    && source.bytes(payload, 4).as_deref() == Some(b"INFO") =>
            {
                if let Some(bytes) = source.payload(payload, size, MAX_CHUNK_BYTES) {
                    info(&bytes[4..], fields);
                }
            }
            _ => {}
        }
        at = payload + size.div_ceil(2) * 2;
    }
}

fn info(bytes: &[u8], fields: &mut Fields) {
    let mut at = 0;
    while let (Some(key), Some(size)) = (bytes.get(at..at + 4), le32(bytes, at + 4)) {
        let Some(value) = bytes.get(at + 8..).and_then(|rest| rest.get(..size as usize)) else { return };
        fields.add("RIFF INFO", utf8_or_latin1(key), utf8_or_latin1(value));
        at += 8 + (size as usize).div_ceil(2) * 2;
    }
}
