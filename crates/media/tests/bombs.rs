//! Small files that claim to be enormous. They are refused by what their headers say, before memory is taken.

#[macro_use]
mod support;

use dk_media::MediaError;
use image::ImageFormat;
use support::{Folder, encoded, read};

/// A picture whose header claims any size; the data does not matter.
fn png_header(width_px: u32, height_px: u32) -> Vec<u8> {
    let mut header = b"IHDR".to_vec();
    header.extend(width_px.to_be_bytes());
    header.extend(height_px.to_be_bytes());
    header.extend([8, 2, 0, 0, 0]);
    let crc = crc32(&header).to_be_bytes();
    [b"\x89PNG\r\n\x1a\n\0\0\0\x0d", &header[..], &crc, b"\0\0\0\x0aIDAT"].concat()
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        (0..8).fold(
            crc ^ u32::from(byte),
            |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 },
        )
    })
}

#[test]
fn picture_bombs_are_refused_by_their_headers() {
    let folder = Folder::new();
    refuses!(folder.write("bomb.png", png_header(60_000, 60_000)), MediaError::TooManyPixels { .. });
    refuses!(
        folder.write("max.png", png_header(0x7fff_ffff, 0x7fff_ffff)),
        MediaError::TooManyPixels { .. } | MediaError::Damaged { .. } | MediaError::OutOfMemory { .. }
    );
    refuses!(
        folder.write("thin.png", png_header(100_000, 1)),
        MediaError::SideTooLong { side_px: 100_000, .. }
    );
    refuses!(folder.write("none.png", png_header(0, 5)), MediaError::Damaged { .. });
    let mut gif = b"GIF89a\xff\xff\xff\xff\0\0\0".to_vec();
    gif.extend(b"\x2c\0\0\0\0\xff\xff\xff\xff\0\x02\x01\x01\0\x3b");
    refuses!(folder.write("bomb.gif", gif), MediaError::TooManyPixels { .. });
    let mut bmp = b"BM\x36\0\0\0\0\0\0\0\x36\0\0\0\x28\0\0\0".to_vec();
    bmp.extend(60_000_u32.to_le_bytes());
    bmp.extend(60_000_u32.to_le_bytes());
    bmp.extend(b"\x01\0\x18\0");
    bmp.resize(54, 0);
    refuses!(folder.write("bomb.bmp", bmp), MediaError::TooManyPixels { .. });
    let webp = b"RIFF\x1a\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0\xff\xff\0\xff\xff\0";
    refuses!(
        folder.write("bomb.webp", webp),
        MediaError::TooManyPixels { .. } | MediaError::Damaged { .. } | MediaError::Truncated { .. }
    );
    refuses!(
        folder.write("bomb.tiff", tiff(60_000, 60_000)),
        MediaError::TooManyPixels { .. } | MediaError::OutOfMemory { .. }
    );
    let jpeg = encoded(ImageFormat::Jpeg);
    let frame = jpeg.windows(2).position(|part| part == b"\xff\xc0").expect("a frame header");
    let mut bomb = jpeg.clone();
    bomb[frame + 5..frame + 9].copy_from_slice(&[0xff, 0xff, 0xff, 0xff]);
    refuses!(folder.write("bomb.jpg", bomb), MediaError::TooManyPixels { .. });
}

/// One strip that claims to be far larger than the file.
fn tiff(width_px: u32, height_px: u32) -> Vec<u8> {
    let mut bytes = b"II*\0\x08\0\0\0\x09\0".to_vec();
    let fields = [
        (256, width_px),
        (257, height_px),
        (258, 8),
        (259, 1),
        (262, 1),
        (273, 200),
        (277, 1),
        (278, height_px),
        (279, u32::MAX),
    ];
    for (tag, value) in fields {
        bytes.extend(u16::to_le_bytes(tag));
        bytes.extend(b"\x04\0\x01\0\0\0");
        bytes.extend(value.to_le_bytes());
    }
    bytes.resize(300, 0);
    bytes
}

#[test]
fn a_tiff_that_lies_about_its_strips_is_damaged() {
    let folder = Folder::new();
    refuses!(
        folder.write("strips.tiff", tiff(100, 100)),
        MediaError::Damaged { .. } | MediaError::Truncated { .. } | MediaError::OutOfMemory { .. }
    );
}

#[test]
fn an_animation_with_thousands_of_pictures_costs_one() {
    let folder = Folder::new();
    let mut gif = encoded(ImageFormat::Gif);
    let end = gif.pop().expect("the end mark");
    let second = gif.iter().rposition(|&byte| byte == 0x2c).expect("a picture");
    let again = gif[second..].to_vec();
    (0..20_000).for_each(|_| gif.extend(&again));
    gif.push(end);
    assert_eq!(read(&folder.write("many.gif", gif)).expect("one picture").pictures, 1);
}
