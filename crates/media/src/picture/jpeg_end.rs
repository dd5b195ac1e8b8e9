//! Whether a JPEG has its end. Decoders paint what is missing in grey and say nothing.

use std::io::{self, BufReader, Read};

/// Walks the segments to the picture data, then looks for the end mark, which cannot occur within that data.
/// A thumbnail's own end mark lies inside a segment and is passed over. The inner error says what is missing.
pub(super) fn check(file: impl Read) -> io::Result<Result<(), &'static str>> {
    let mut bytes = BufReader::with_capacity(64 << 10, file).bytes();
    let mut marker = 0;
    let mut in_data = false;
    loop {
        let Some(byte) = bytes.next().transpose()? else {
            return Ok(Err(if in_data { "the picture data has no end" } else { "there is no picture data" }));
        };
        if byte == 0xff {
            marker = 0xff;
            continue;
        }
        if std::mem::take(&mut marker) != 0xff {
            continue;
        }
        match byte {
            0xd9 if in_data => return Ok(Ok(())),
            // Marks without a length, and zeros that follow a sample of 255.
            0x00 | 0x01 | 0xd0..=0xd9 => {}
            _ => {
                in_data |= byte == 0xda;
                let mut length = [0; 2];
                for slot in &mut length {
                    let Some(byte) = bytes.next().transpose()? else {
                        return Ok(Err("a segment has no end"));
                    };
                    *slot = byte;
                }
                for _ in 2..u16::from_be_bytes(length) {
                    if bytes.next().transpose()?.is_none() {
                        return Ok(Err("a segment has no end"));
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_end_mark_of_the_picture_counts() {
        let whole = b"\xff\xd8\xff\xe1\x00\x06\xff\xd8\xff\xd9\xff\xda\x00\x02\x12\xff\x00\x34\xff\xd9";
        assert_eq!(check(&whole[..]).expect("memory reads"), Ok(()));
        for end in 0..whole.len() {
            assert!(check(&whole[..end]).expect("memory reads").is_err(), "cut at {end}");
        }
    }
}
