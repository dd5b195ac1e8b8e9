//! Whether a file holds more than one picture, from its structure alone; nothing is decoded.

use std::io::{self, Read, Seek, SeekFrom};

use image::ImageFormat;

/// True where a second picture begins. Broken structure counts as one picture; decoding will tell.
pub(super) fn several(file: &mut (impl Read + Seek), format: ImageFormat) -> io::Result<bool> {
    let answer = match format {
        ImageFormat::Gif => gif(file),
        ImageFormat::Png => png(file),
        ImageFormat::WebP => webp(file),
        ImageFormat::Tiff => tiff(file),
        _ => Ok(false),
    };
    match answer {
        Err(cut) if cut.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        other => other,
    }
}

fn array<const N: usize>(file: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    file.read_exact(&mut bytes)?;
    Ok(bytes)
}

fn skip(file: &mut impl Seek, bytes: impl Into<i64>) -> io::Result<()> {
    file.seek_relative(bytes.into())
}

/// Size of the colour table that the flags announce.
fn table_bytes(flags: u8) -> i64 {
    if flags & 0x80 == 0 { 0 } else { 3 << ((flags & 7) + 1) }
}

fn gif(file: &mut (impl Read + Seek)) -> io::Result<bool> {
    let header: [u8; 13] = array(file)?;
    skip(file, table_bytes(header[10]))?;
    let mut pictures = 0;
    loop {
        match array(file)? {
            [0x2c] => {
                pictures += 1;
                if pictures == 2 {
                    return Ok(true);
                }
                let descriptor: [u8; 9] = array(file)?;
                skip(file, table_bytes(descriptor[8]) + 1)?;
            }
            [0x21] => skip(file, 1)?,
            _ => return Ok(false),
        }
        loop {
            let [length] = array(file)?;
            if length == 0 {
                break;
            }
            skip(file, length)?;
        }
    }
}

fn png(file: &mut (impl Read + Seek)) -> io::Result<bool> {
    skip(file, 8)?;
    loop {
        let length = u32::from_be_bytes(array(file)?);
        match &array(file)? {
            b"acTL" => return Ok(u32::from_be_bytes(array(file)?) > 1),
            b"IDAT" | b"IEND" => return Ok(false),
            _ => skip(file, i64::from(length) + 4)?,
        }
    }
}

fn webp(file: &mut (impl Read + Seek)) -> io::Result<bool> {
    skip(file, 12)?;
    let (kind, _length, flags): ([u8; 4], [u8; 4], [u8; 1]) = (array(file)?, array(file)?, array(file)?);
    Ok(&kind == b"VP8X" && flags[0] & 2 != 0)
}

fn tiff(file: &mut (impl Read + Seek)) -> io::Result<bool> {
    let header: [u8; 8] = array(file)?;
    let little = header[0] == b'I';
    let short = |b: [u8; 2]| if little { u16::from_le_bytes(b) } else { u16::from_be_bytes(b) };
    let long = |b: [u8; 4]| if little { u32::from_le_bytes(b) } else { u32::from_be_bytes(b) };
    if short([header[2], header[3]]) != 42 {
        return Ok(false);
    }
    file.seek(SeekFrom::Start(long([header[4], header[5], header[6], header[7]]).into()))?;
    let entries = short(array(file)?);
    skip(file, i64::from(entries) * 12)?;
    Ok(long(array(file)?) != 0)
}
