//! What a file is, from its first bytes alone. Names and extensions are never asked, and nothing is decoded.
//!
//! A container that passes is opened by ffmpeg with exactly the demuxer named here, so that playlists,
//! scripts and devices can never come into play.

mod sound;
mod text;

use std::io::{self, Read, Seek, SeekFrom};

use crate::MediaError;
use crate::error::Why;

/// How much of the beginning is looked at.
const HEAD_BYTES: usize = 4096;

/// What the content is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    /// A picture that the `image` crate decodes.
    Picture(image::ImageFormat),
    /// A picture that only ffmpeg decodes; the name of its format.
    CodedPicture(&'static str),
    /// Video or sound.
    Container(Container),
}

/// A container and the demuxer that reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Container {
    /// Name for people.
    pub(crate) name: &'static str,
    /// Name that ffmpeg knows.
    pub(crate) demuxer: &'static str,
}

/// Decides by content. The position of the reader afterwards is anywhere.
pub(crate) fn sniff(file: &mut (impl Read + Seek)) -> Result<Result<Content, MediaError>, io::Error> {
    let head = head_at(file, 0)?;
    if head.is_empty() {
        return Ok(Err(MediaError::Empty));
    }
    // Players skip a tag of this kind and look at what follows it.
    if let Some(length) = sound::id3_bytes(&head) {
        let after = head_at(file, length)?;
        let name = sound::raw_sound(&after).unwrap_or(Container { name: "mp3", demuxer: "mp3" });
        return Ok(Ok(Content::Container(name)));
    }
    Ok(by_head(&head))
}

fn head_at(file: &mut (impl Read + Seek), position: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(position))?;
    let mut head = Vec::with_capacity(HEAD_BYTES);
    file.take(HEAD_BYTES as u64).read_to_end(&mut head)?;
    Ok(head)
}

/// The decision on the first bytes.
pub(crate) fn by_head(head: &[u8]) -> Result<Content, MediaError> {
    if let Some(format) = picture(head) {
        return Ok(Content::Picture(format));
    }
    if let Some(content) = iso_boxes(head)? {
        return Ok(content);
    }
    if let Some(found) = container(head).or_else(|| sound::raw_sound(head)) {
        return Ok(Content::Container(found));
    }
    Err(refusal(head))
}

fn picture(head: &[u8]) -> Option<image::ImageFormat> {
    use image::ImageFormat::{Bmp, Gif, Jpeg, Png, Tiff, WebP};
    let starts = |magic: &[u8]| head.starts_with(magic);
    if starts(b"\xff\xd8\xff") {
        Some(Jpeg)
    } else if starts(b"\x89PNG\r\n\x1a\n") {
        Some(Png)
    } else if starts(b"GIF87a") || starts(b"GIF89a") {
        Some(Gif)
    } else if riff(head) == Some(b"WEBP") {
        Some(WebP)
    } else if starts(b"II*\0") || starts(b"MM\0*") || starts(b"II+\0") || starts(b"MM\0+") {
        Some(Tiff)
    } else if starts(b"BM") && matches!(head.get(14), Some(12 | 40 | 52 | 56 | 64 | 108 | 124)) {
        Some(Bmp)
    } else {
        None
    }
}

/// The kind of a RIFF file.
fn riff(head: &[u8]) -> Option<&[u8; 4]> {
    let large = [b"RF64", b"BW64"].iter().any(|magic| head.starts_with(*magic));
    if head.starts_with(b"RIFF") || large { head.get(8..12)?.try_into().ok() } else { None }
}

/// Files made of boxes: MP4 and its family, AVIF, HEIF.
fn iso_boxes(head: &[u8]) -> Result<Option<Content>, MediaError> {
    let Some(kind) = head.get(4..8) else { return Ok(None) };
    if kind != b"ftyp" {
        // Old QuickTime files begin with any of these.
        let old = [&b"moov"[..], b"mdat", b"wide", b"free", b"skip", b"pnot"].contains(&kind);
        return Ok(old.then_some(Content::Container(Container { name: "mov", demuxer: "mov" })));
    }
    let size =
        usize::try_from(u32::from_be_bytes([head[0], head[1], head[2], head[3]])).unwrap_or(usize::MAX);
    let brands = head.get(8..size.min(head.len())).unwrap_or_default();
    let has = |wanted: &[u8; 4]| brands.chunks_exact(4).any(|brand| brand == wanted);
    let major = brands.get(..4).unwrap_or_default();
    let name = match major {
        b"avif" | b"avis" => return Ok(Some(Content::CodedPicture("avif"))),
        b"mif1" | b"msf1" if has(b"avif") => return Ok(Some(Content::CodedPicture("avif"))),
        b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"mif1" | b"msf1" => {
            return Ok(Some(Content::CodedPicture("heic")));
        }
        b"crx " => return Err(MediaError::Unsupported { format: "a Canon raw picture".to_owned() }),
        b"qt  " => "mov",
        b"M4A " | b"M4B " | b"M4P " => "m4a",
        _ if major.starts_with(b"3g") => "3gp",
        _ => "mp4",
    };
    Ok(Some(Content::Container(Container { name, demuxer: "mov" })))
}

fn container(head: &[u8]) -> Option<Container> {
    let found = |name, demuxer| Some(Container { name, demuxer });
    let starts = |magic: &[u8]| head.starts_with(magic);
    if starts(b"\x1a\x45\xdf\xa3") {
        let webm = head[..head.len().min(64)].windows(4).any(|part| part == b"webm");
        return found(if webm { "webm" } else { "matroska" }, "matroska");
    }
    match riff(head) {
        Some(b"AVI ") => return found("avi", "avi"),
        Some(b"WAVE") => return found("wav", "wav"),
        _ => {}
    }
    // Packets of 188 bytes, or of 192 with a time stamp before each, as camcorders write them.
    let packets = |first: usize, step: usize| (0..3).all(|n| head.get(first + n * step) == Some(&0x47));
    if packets(0, 188) || packets(4, 192) {
        return found("mpegts", "mpegts");
    }
    match head {
        _ if starts(b"OggS") => found("ogg", "ogg"),
        _ if starts(b"fLaC") => found("flac", "flac"),
        _ if starts(b"FLV\x01") => found("flv", "flv"),
        _ if starts(b"\x30\x26\xb2\x75\x8e\x66\xcf\x11") => found("asf", "asf"),
        _ if starts(b"\0\0\x01\xba") => found("mpeg", "mpeg"),
        _ if starts(b"\0\0\x01\xb3") => found("mpegvideo", "mpegvideo"),
        _ if starts(b"FORM") && matches!(head.get(8..12), Some(b"AIFF" | b"AIFC")) => found("aiff", "aiff"),
        _ if starts(b"caff") => found("caf", "caf"),
        _ if starts(b"#!AMR") => found("amr", "amr"),
        _ if starts(b".snd") => found("au", "au"),
        _ if starts(b"riff\x2e\x91\xcf\x11") => found("w64", "w64"),
        _ if starts(b"wvpk") => found("wavpack", "wv"),
        _ if starts(b"DKIF") => found("ivf", "ivf"),
        _ => None,
    }
}

/// What people mistake for media.
const OTHERS: [(&[u8], &str); 11] = [
    (b"%PDF", "a PDF document"),
    (b"PK\x03\x04", "a ZIP archive or office document"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"7z\xbc\xaf", "a 7-Zip archive"),
    (b"Rar!", "a RAR archive"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"\xcf\xfa\xed\xfe", "a program"),
    (b"SQLite format 3", "a database"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"\xd0\xcf\x11\xe0", "an old office document"),
];

/// Why the content is not opened.
fn refusal(head: &[u8]) -> MediaError {
    if let Some(format) = other_picture(head) {
        return MediaError::Unsupported { format: format.to_owned() };
    }
    if let Some(error) = text::refusal(head) {
        return error;
    }
    let known = OTHERS.iter().find(|(magic, _)| head.starts_with(magic)).map(|(_, name)| (*name).to_owned());
    let found = known.unwrap_or_else(|| {
        if head.iter().all(|&byte| byte == 0) {
            return "nothing but zero bytes".to_owned();
        }
        let start: Vec<String> = head.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
        format!("unknown, it begins with {}", start.join(" "))
    });
    MediaError::NotMedia { found }
}

/// Pictures that exist and that nothing here decodes.
fn other_picture(head: &[u8]) -> Option<&'static str> {
    let starts = |magic: &[u8]| head.starts_with(magic);
    if starts(b"\xff\x0a") || starts(b"\0\0\0\x0cJXL ") {
        Some("a JPEG XL picture")
    } else if starts(b"\0\0\0\x0cjP  ") || starts(b"\xff\x4f\xff\x51") {
        Some("a JPEG 2000 picture")
    } else if starts(b"8BPS") {
        Some("a Photoshop document")
    } else if starts(b"\0\0\x01\0") && head.get(5) == Some(&0) {
        Some("an icon")
    } else if starts(b"\x76\x2f\x31\x01") {
        Some("an OpenEXR picture")
    } else {
        None
    }
}

/// A refusal with its reason.
fn refused(format: &'static str, why: Why) -> MediaError {
    MediaError::Refused { format, why }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Cursor;

    fn container_of(head: &[u8]) -> &'static str {
        match by_head(head) {
            Ok(Content::Container(found)) => found.name,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn containers_are_known_by_their_first_bytes() {
        assert_eq!(container_of(b"\0\0\0\x18ftypisom\0\0\0\0isommp42"), "mp4");
        assert_eq!(container_of(b"\0\0\0\x14ftypqt  \0\0\0\0qt  "), "mov");
        assert_eq!(container_of(b"\0\0\0\x14ftypM4A \0\0\0\0"), "m4a");
        assert_eq!(container_of(b"\0\0\0\x08wide\0\0\0\0mdat"), "mov");
        assert_eq!(container_of(b"\x1a\x45\xdf\xa3\x93\x42\x82\x84webm"), "webm");
        assert_eq!(container_of(b"\x1a\x45\xdf\xa3\x93\x42\x82\x88matroska"), "matroska");
        assert_eq!(container_of(b"RIFF\0\0\0\0WAVEfmt "), "wav");
        assert_eq!(container_of(b"RF64\xff\xff\xff\xffWAVEds64"), "wav");
        assert_eq!(container_of(b"RIFF\0\0\0\0AVI LIST"), "avi");
        let mut packets = vec![0; 600];
        (packets[0], packets[188], packets[376]) = (0x47, 0x47, 0x47);
        assert_eq!(container_of(&packets), "mpegts");
    }

    #[test]
    fn pictures_in_boxes_are_told_from_video_in_boxes() {
        let by = |head: &[u8]| by_head(head).expect("a picture");
        assert_eq!(by(b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf"), Content::CodedPicture("avif"));
        assert_eq!(by(b"\0\0\0\x1cftypmif1\0\0\0\0mif1avifmiaf"), Content::CodedPicture("avif"));
        assert_eq!(by(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic"), Content::CodedPicture("heic"));
    }

    #[test]
    fn a_tag_before_the_sound_is_skipped() {
        let mut file = b"ID3\x04\0\0\0\0\x01\x00".to_vec();
        file.resize(10 + 128, 0);
        file.extend_from_slice(b"fLaC\0\0\0\x22");
        let content = sniff(&mut Cursor::new(file)).expect("memory reads").expect("known");
        assert_eq!(content, Content::Container(Container { name: "flac", demuxer: "flac" }));
    }

    #[test]
    fn every_prefix_of_every_magic_is_handled() {
        let seeds: [&[u8]; 6] = [
            b"\0\0\0\x18ftypisom",
            b"RIFF\0\0\0\0WAVE",
            b"ID3\x04\0\0",
            b"\xff\xfb",
            b"BM\0",
            b"\xff\xd8\xff",
        ];
        for seed in seeds {
            for end in 0..=seed.len() {
                let _ = sniff(&mut Cursor::new(&seed[..end])).expect("memory reads");
            }
        }
    }
}
