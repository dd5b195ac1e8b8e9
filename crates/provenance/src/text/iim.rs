//! IPTC-IIM records (version 4.2), as Photoshop wraps them and as TIFF carries them bare.

use crate::fields::Fields;
use crate::text::{be16, be32, utf8_or_latin1};

const MAX_RECORDS: usize = 512;

/// Reads bare records.
pub(crate) fn read(bytes: &[u8], fields: &mut Fields) {
    let mut at = 0;
    for _ in 0..MAX_RECORDS {
        let (Some(&0x1C), Some(&record), Some(&set)) = (bytes.get(at), bytes.get(at + 1), bytes.get(at + 2))
        else {
            return;
        };
        let Some(size) = be16(bytes, at + 3).map(usize::from) else { return };
        // The highest bit stands for an extended length, which no text here needs.
        let Some(value) = bytes.get(at + 5..at + 5 + size).filter(|_| size < 0x8000) else { return };
        let name = match (record, set) {
            (2, 65) => "OriginatingProgram",
            (2, 80) => "By-line",
            (2, 110) => "Credit",
            (2, 115) => "Source",
            _ => "",
        };
        if !name.is_empty() {
            fields.add("IPTC", name, utf8_or_latin1(value));
        }
        at += 5 + size;
    }
}

/// Reads Photoshop's image resources and in them the IPTC block (number 0x0404).
pub(crate) fn read_photoshop(bytes: &[u8], fields: &mut Fields) {
    let mut at = 0;
    for _ in 0..MAX_RECORDS {
        if bytes.get(at..at + 4) != Some(b"8BIM") {
            return;
        }
        let (Some(number), Some(&name)) = (be16(bytes, at + 4), bytes.get(at + 6)) else { return };
        let after_name = at + 6 + (usize::from(name) + 1).next_multiple_of(2);
        let Some(size) = be32(bytes, after_name).and_then(|size| usize::try_from(size).ok()) else { return };
        let start = after_name + 4;
        let Some(value) = start.checked_add(size).and_then(|end| bytes.get(start..end)) else { return };
        if number == 0x0404 {
            read(value, fields);
        }
        at = start + size.div_ceil(2) * 2;
    }
}
