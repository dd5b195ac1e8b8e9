//! Walks through containers: one reader per family, chosen by the first bytes. Each gathers text with the place where
//! it stood and sees whether Content Credentials are there; none decodes a picture or a sound.

mod bmff;
mod heif;
mod id3;
mod jpeg;
mod matroska;
mod ogg;
mod png;
mod riff;

use crate::fields::Fields;
use crate::source::Source;
use crate::text::exif;

/// Credentials and XMP packets are no larger than this where they are read whole.
const MAX_CHUNK_BYTES: usize = crate::fields::MAX_TEXT_BYTES;

/// Reads whatever the file is.
pub(crate) fn read(source: &mut Source<'_>) -> Fields {
    let mut fields = Fields::default();
    let head = source.up_to(0, 64);
    let starts = |magic: &[u8]| head.starts_with(magic);
    if starts(b"\x89PNG\r\n\x1a\n") {
        png::read(source, &mut fields);
    } else if starts(b"\xff\xd8\xff") {
        jpeg::read(source, &mut fields);
    } else if starts(b"RIFF") || starts(b"RF64") || starts(b"BW64") {
        riff::read(source, &mut fields);
    } else if head.get(4..8) == Some(b"ftyp") || head.get(4..8) == Some(b"moov") {
        bmff::read(source, &mut fields);
    } else if starts(b"ID3") || starts(b"\xff\xfb") || starts(b"\xff\xf3") {
        id3::read(source, &mut fields);
    } else if starts(b"fLaC") {
        ogg::read_flac(source, 0, &mut fields);
    } else if starts(b"OggS") {
        ogg::read(source, &mut fields);
    } else if starts(b"\x1a\x45\xdf\xa3") {
        matroska::read(source, &mut fields);
    } else if starts(b"II*\0") || starts(b"MM\0*") {
        exif::read_tiff(&mut |at, count| source.bytes(at, count), &mut fields);
        // TIFF keeps credentials in a tag of its own (0xCD41); the validator finds out.
        fields.has_credentials = fields.cut || tiff_has_credentials(source, starts(b"MM"));
    }
    fields
}

/// Whether the first directory has the tag of the C2PA manifest store.
fn tiff_has_credentials(source: &mut Source<'_>, big: bool) -> bool {
    let number = |bytes: Vec<u8>| bytes.iter().fold(0u64, |sum, &b| sum << 8 | u64::from(b));
    let mut read = |at: u64, count: usize| {
        let mut bytes = source.bytes(at, count)?;
        if !big {
            bytes.reverse();
        }
        Some(number(bytes))
    };
    let Some(at) = read(4, 4) else { return false };
    let count = read(at, 2).unwrap_or(0).min(512);
    (0..count).any(|entry| read(at + 2 + entry * 12, 2) == Some(0xCD41))
}
