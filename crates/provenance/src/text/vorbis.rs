//! Vorbis comments, as Ogg and FLAC carry them: `NAME=text`, lengths in little-endian.

use crate::fields::Fields;
use crate::text::{le32, utf8_or_latin1};

const MAX_COMMENTS: u32 = 512;

pub(crate) fn read(bytes: &[u8], place: &'static str, fields: &mut Fields) {
    let mut rest = bytes;
    let Some(vendor) = text(&mut rest) else { return };
    fields.add(place, "vendor", utf8_or_latin1(vendor));
    let Some(count) = le32(rest, 0) else { return };
    rest = &rest[4..];
    for _ in 0..count.min(MAX_COMMENTS) {
        let Some(comment) = text(&mut rest) else { return };
        let comment = utf8_or_latin1(comment);
        if let Some((key, value)) = comment.split_once('=') {
            fields.add(place, key.to_ascii_lowercase(), value);
        }
    }
}

fn text<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let size = usize::try_from(le32(rest, 0)?).ok()?;
    let (text, after) = rest.get(4..)?.split_at_checked(size)?;
    *rest = after;
    Some(text)
}
