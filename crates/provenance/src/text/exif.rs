//! EXIF, that is, a small TIFF: the tags in which generators write (CIPA DC-008, TIFF 6.0). The same reader serves
//! TIFF files, whose directory may be anywhere.

use crate::fields::{Fields, MAX_TEXT_BYTES};
use crate::text::{iim, latin1, utf8_or_latin1, utf16, xmp};

/// Entries of one directory.
const MAX_ENTRIES: u16 = 512;
/// Directories that are followed.
const MAX_DIRECTORIES: u32 = 8;

const EXIF_DIRECTORY: u16 = 0x8769;
const GPS_DIRECTORY: u16 = 0x8825;

/// Gives bytes by position within the TIFF.
type Get<'a> = dyn FnMut(u64, usize) -> Option<Vec<u8>> + 'a;

/// Reads a TIFF in memory.
pub(crate) fn read(bytes: &[u8], fields: &mut Fields) {
    let mut get = |at: u64, count: usize| {
        let at = usize::try_from(at).ok()?;
        bytes.get(at..at.checked_add(count)?).map(<[u8]>::to_vec)
    };
    read_tiff(&mut get, fields);
}

/// Reads a TIFF by position.
pub(crate) fn read_tiff(get: &mut Get<'_>, fields: &mut Fields) {
    let Some(head) = get(0, 8) else { return };
    let big = match &head[..4] {
        b"MM\0*" => true,
        b"II*\0" => false,
        _ => return,
    };
    let mut tiff = Tiff { get, big };
    let Some(first) = tiff.u32(4) else { return };
    let mut waiting = vec![first];
    for _ in 0..MAX_DIRECTORIES {
        let Some(at) = waiting.pop() else { return };
        tiff.directory(u64::from(at), &mut waiting, fields);
    }
}

struct Tiff<'a, 'g> {
    get: &'a mut Get<'g>,
    big: bool,
}

impl Tiff<'_, '_> {
    fn u16(&mut self, at: u64) -> Option<u16> {
        let bytes: [u8; 2] = (self.get)(at, 2)?.try_into().ok()?;
        Some(if self.big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn u32(&mut self, at: u64) -> Option<u32> {
        let bytes: [u8; 4] = (self.get)(at, 4)?.try_into().ok()?;
        Some(if self.big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    /// A single short, long or rational number as text; `at` is where its value or the place of it stands.
    fn number(&mut self, kind: u16, at: u64) -> Option<String> {
        match kind {
            3 => self.u16(at).map(|number| number.to_string()),
            4 => self.u32(at).map(|number| number.to_string()),
            5 => {
                let place = u64::from(self.u32(at)?);
                Some(format!("{}/{}", self.u32(place)?, self.u32(place + 4)?))
            }
            _ => None,
        }
    }

    fn directory(&mut self, at: u64, waiting: &mut Vec<u32>, fields: &mut Fields) {
        let Some(count) = self.u16(at) else { return };
        for number in 0..count.min(MAX_ENTRIES) {
            let entry = at + 2 + u64::from(number) * 12;
            let (Some(tag), Some(kind), Some(count)) =
                (self.u16(entry), self.u16(entry + 2), self.u32(entry + 4))
            else {
                return;
            };
            if let Some(key) = number_name(tag) {
                if let Some(number) = self.number(kind, entry + 8) {
                    fields.add("EXIF", key, number);
                }
            } else if tag == EXIF_DIRECTORY {
                waiting.extend(self.u32(entry + 8));
            } else if tag == GPS_DIRECTORY {
                // That there is one; what it says is nobody's business.
                fields.add("EXIF", "GPSInfo", "there are coordinates");
            } else if is_read(tag) {
                // Bytes, text and undefined have one byte per value; nothing else is read here.
                let size = match kind {
                    1 | 2 | 7 => count as usize,
                    4 if tag == 0x83BB => (count as usize).saturating_mul(4),
                    _ => continue,
                };
                if size > MAX_TEXT_BYTES {
                    fields.cut = true;
                    continue;
                }
                let place = if size <= 4 { Some(entry + 8) } else { self.u32(entry + 8).map(u64::from) };
                if let Some(value) = place.and_then(|place| (self.get)(place, size)) {
                    take(tag, &value, self.big, fields);
                }
            }
        }
    }
}

/// Numbers that a camera notes.
fn number_name(tag: u16) -> Option<&'static str> {
    Some(match tag {
        0x829A => "ExposureTime",
        0xA002 => "PixelXDimension",
        0xA003 => "PixelYDimension",
        _ => return None,
    })
}

fn is_read(tag: u16) -> bool {
    name(tag).is_some() || matches!(tag, 0x02BC | 0x83BB)
}

fn name(tag: u16) -> Option<&'static str> {
    Some(match tag {
        0x010E => "ImageDescription",
        0x010F => "Make",
        0x0110 => "Model",
        0x0131 => "Software",
        0x0132 => "DateTime",
        0x9003 => "DateTimeOriginal",
        0xA434 => "LensModel",
        0x013B => "Artist",
        0x8298 => "Copyright",
        0x9286 => "UserComment",
        0x927C => "MakerNote",
        0x9C9C => "XPComment",
        _ => return None,
    })
}

fn take(tag: u16, value: &[u8], big: bool, fields: &mut Fields) {
    match tag {
        0x02BC => xmp::read(value, fields),
        0x83BB => iim::read(value, fields),
        0x9286 => fields.add("EXIF", "UserComment", user_comment(value, big)),
        0x9C9C => fields.add("EXIF", "XPComment", utf16(value, false)),
        // A camera's own note is binary; only text is of use here.
        0x927C if !value.iter().all(|&b| b == 0 || (0x20..0x7f).contains(&b)) => {}
        _ => fields.add("EXIF", name(tag).unwrap_or_default(), utf8_or_latin1(value)),
    }
}

/// Eight bytes name the encoding. Programs disagree on the order of UTF-16, so the text itself is asked.
fn user_comment(value: &[u8], big: bool) -> String {
    let Some((code, text)) = value.split_at_checked(8) else { return latin1(value) };
    if !code.starts_with(b"UNICODE") {
        return if code.iter().all(|&b| b == 0) || code.starts_with(b"ASCII") {
            utf8_or_latin1(text)
        } else {
            utf8_or_latin1(value)
        };
    }
    let start = &text[..text.len().min(400)];
    let zeros = |first: usize| start.iter().skip(first).step_by(2).filter(|&&b| b == 0).count();
    let big = match zeros(0).cmp(&zeros(1)) {
        std::cmp::Ordering::Greater => true,
        std::cmp::Ordering::Less => false,
        std::cmp::Ordering::Equal => big,
    };
    utf16(text, big)
}
