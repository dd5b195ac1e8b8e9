//! Sound without a container: MPEG audio, AAC, AC-3, FLAC behind a tag. Their marks are short, so the
//! header's fields are checked too.

use super::Container;

/// Length of an `ID3v2` tag at the beginning, header and footer included.
pub(super) fn id3_bytes(head: &[u8]) -> Option<u64> {
    let header = head.get(..10)?;
    if !header.starts_with(b"ID3") || header[6..].iter().any(|byte| byte & 0x80 != 0) {
        return None;
    }
    let size = header[6..].iter().fold(0_u64, |size, &byte| size << 7 | u64::from(byte));
    let footer = if header[5] & 0x10 == 0 { 0 } else { 10 };
    Some(10 + size + footer)
}

/// The kind of bare sound that begins here.
pub(super) fn raw_sound(head: &[u8]) -> Option<Container> {
    let found = |name, demuxer| Some(Container { name, demuxer });
    match head {
        [b'f', b'L', b'a', b'C', ..] => found("flac", "flac"),
        [0x0b, 0x77, ..] => found("ac3", "ac3"),
        // The layer bits, which MPEG audio never leaves zero, are zero.
        [0xff, second, third, ..] if second & 0xf6 == 0xf0 && third >> 2 & 0xf < 13 => found("aac", "aac"),
        _ if is_mpeg_audio(head) => found("mp3", "mp3"),
        _ => None,
    }
}

/// A header that could be one, followed by a second one where the first says, as far as that can be seen.
fn is_mpeg_audio(head: &[u8]) -> bool {
    let Some(bytes) = frame_bytes(head) else { return false };
    match head.get(bytes..bytes + 4) {
        Some(next) => frame_bytes(next).is_some(),
        None => true,
    }
}

/// Length of the MPEG audio frame that begins here (ISO 11172-3, 13818-3).
fn frame_bytes(head: &[u8]) -> Option<usize> {
    const V1: [[usize; 14]; 3] = [
        [32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
        [32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
        [32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    ];
    const V2: [[usize; 14]; 3] = [
        [32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
        [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
        [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
    ];
    let &[0xff, second, third, _] = head.get(..4)? else { return None };
    let version = second >> 3 & 3;
    let layer = 4 - usize::from(second >> 1 & 3);
    let bitrate = usize::from(third >> 4).checked_sub(1)?;
    let rate_hz = [44_100, 48_000, 32_000].get(usize::from(third >> 2 & 3))?;
    if second & 0xe0 != 0xe0 || version == 1 || layer == 4 {
        return None;
    }
    let kbit = *(if version == 3 { V1 } else { V2 })[layer - 1].get(bitrate)?;
    let rate_hz = match version {
        3 => *rate_hz,
        2 => rate_hz / 2,
        _ => rate_hz / 4,
    };
    let padding = usize::from(third >> 1 & 1);
    Some(match layer {
        1 => (12_000 * kbit / rate_hz + padding) * 4,
        3 if version != 3 => 72_000 * kbit / rate_hz + padding,
        _ => 144_000 * kbit / rate_hz + padding,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_header_confirms_the_first() {
        let mut head = vec![0; 1024];
        head[..4].copy_from_slice(&[0xff, 0xfb, 0x90, 0x00]);
        assert_eq!(frame_bytes(&head), Some(417));
        assert_eq!(raw_sound(&head), None, "nothing follows");
        head[417..421].copy_from_slice(&[0xff, 0xfb, 0x90, 0x00]);
        assert_eq!(raw_sound(&head).map(|found| found.name), Some("mp3"));
    }

    #[test]
    fn a_byte_order_mark_is_no_sound() {
        assert_eq!(raw_sound(b"\xff\xfe<\0?\0x\0"), None);
    }
}
