//! Pictures that are broken, cut off, or far larger than their file.

use std::fs;
use std::path::PathBuf;

use crate::hostile::{Hostile, cuts, each_is_judged_or_refused};
use crate::media::{DARK, bmp};
use crate::package::Package;
use crate::support::{Home, text};

fn home() -> Home {
    let home = Home::new();
    Package::brightness().put(&home);
    home
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc: u32, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 },
        )
    })
}

fn chunk(kind: &[u8], data: &[u8]) -> Vec<u8> {
    let body = [kind, data].concat();
    let length = u32::try_from(data.len()).unwrap().to_be_bytes();
    [length.as_slice(), &body, &crc32(&body).to_be_bytes()].concat()
}

/// A PNG that claims this size, with `more` behind its header.
fn png(width_px: u32, height_px: u32, more: &[Vec<u8>]) -> Vec<u8> {
    let size = [width_px.to_be_bytes(), height_px.to_be_bytes()].concat();
    let header = chunk(b"IHDR", &[size.as_slice(), &[8, 2, 0, 0, 0]].concat());
    [b"\x89PNG\r\n\x1a\n".as_slice(), &header, &more.concat()].concat()
}

/// The begin of some pixels, and the end.
fn pixels() -> [Vec<u8>; 2] {
    [chunk(b"IDAT", b"\x78\x9c"), chunk(b"IEND", b"")]
}

/// A BMP that claims this size.
fn bmp_of(width_px: i32, height_px: i32) -> Vec<u8> {
    let mut file = bmp(DARK);
    file[18..22].copy_from_slice(&width_px.to_le_bytes());
    file[22..26].copy_from_slice(&height_px.to_le_bytes());
    file
}

fn gif_of(width_px: u16, height_px: u16) -> Vec<u8> {
    let size = [width_px.to_le_bytes(), height_px.to_le_bytes()].concat();
    let frame = [b"\x2c\0\0\0\0".as_slice(), &size, b"\0\x02\x02\x4c\x01\0\x3b"].concat();
    [b"GIF89a".as_slice(), &size, b"\x80\0\0\0\0\0\xff\xff\xff", &frame].concat()
}

/// A WebP whose picture claims 16384 by 16384 pixels.
fn large_webp() -> Vec<u8> {
    let picture = [0x2f, 0xff, 0xff, 0xff, 0x0f, 0, 0, 0, 0, 0];
    let body = [b"WEBPVP8L\x0a\0\0\0".as_slice(), &picture].concat();
    let length = u32::try_from(body.len()).unwrap().to_le_bytes();
    [b"RIFF".as_slice(), &length, &body].concat()
}

/// A TIFF header and a directory that says it stands at `offset`.
fn tiff(offset: u32) -> Vec<u8> {
    [b"II*\0".as_slice(), &offset.to_le_bytes(), &[0xff; 32]].concat()
}

#[test]
fn a_picture_larger_than_its_file_is_refused_before_a_pixel_is_stored() {
    let home = home();
    let jpeg = home.make("small.jpg", ["-f", "lavfi", "-i", "color=s=32x32", "-frames:v", "1"]);
    let mut large_jpeg = fs::read(jpeg).unwrap();
    let header = large_jpeg.windows(2).position(|mark| mark == b"\xff\xc0").expect("a frame header");
    large_jpeg[header + 5..header + 9].copy_from_slice(&[0xff; 4]);
    for (name, bytes) in [
        ("bomb.png", png(100_000, 100_000, &pixels())),
        ("bomb.gif", gif_of(65_535, 65_535)),
        ("bomb.bmp", bmp_of(60_000, 60_000)),
        ("bomb.jpg", large_jpeg),
    ] {
        home.write(name, bytes);
        Hostile::new(name, "too_many_pixels", "more than the limit of").is_refused_in(&home);
    }
    home.write("most.png", png(0x7fff_ffff, 0x7fff_ffff, &pixels()));
    Hostile::new("most.png", "limit_reached", "needs more than").is_refused_in(&home);
    home.write("most.bmp", bmp_of(i32::MAX, i32::MIN + 1));
    Hostile::new("most.bmp", "unreadable_media", "too large").is_refused_in(&home);
    home.write("thin.png", png(100_000, 1, &pixels()));
    Hostile::new("thin.png", "too_many_pixels", "one side has 100000 pixels").is_refused_in(&home);
    home.write("tall.png", png(1, 100_000, &pixels()));
    Hostile::new("tall.png", "too_many_pixels", "one side has 100000 pixels").is_refused_in(&home);
}

#[test]
fn a_picture_that_contradicts_itself_is_damaged() {
    let home = home();
    let wrong_sum = {
        let mut bytes = png(8, 8, &pixels());
        bytes[30] ^= 0xff;
        bytes
    };
    for (name, bytes) in [
        ("nothing.png", png(0, 8, &[chunk(b"IEND", b"")])),
        ("no-data.png", png(8, 8, &[chunk(b"IEND", b"")])),
        ("no-zlib.png", png(8, 8, &[chunk(b"IDAT", b"this is not zlib"), chunk(b"IEND", b"")])),
        ("wrong-sum.png", wrong_sum),
        ("long-chunk.png", png(8, 8, &[b"\x7f\xff\xff\xffIDATx".to_vec()])),
        ("nothing.gif", gif_of(0, 0)),
        ("far.tiff", tiff(0xffff_fff0)),
        ("itself.tiff", tiff(0)),
        ("noise.tiff", tiff(8)),
        ("only-mark.jpg", b"\xff\xd8\xff".to_vec()),
        ("only-marks.jpg", b"\xff\xd8\xff\xd9\xff\xd8\xff\xd9".to_vec()),
        ("long-segment.jpg", b"\xff\xd8\xff\xe1\xff\xffExif\0\0".to_vec()),
        ("bomb.webp", large_webp()),
        ("no-size.webp", b"RIFF\x04\0\0\0WEBP".to_vec()),
        ("filled.webp", [b"RIFF\xff\xff\xff\xffWEBPVP8L".as_slice(), &[0xff; 200]].concat()),
    ] {
        home.write(name, bytes);
        Hostile::new(name, "unreadable_media", name.rsplit('.').next().map_or("", format_of))
            .is_refused_in(&home);
    }
}

/// The name of a format in messages.
fn format_of(extension: &str) -> &'static str {
    match extension {
        "jpg" => "the jpeg file is",
        "png" => "the png file is",
        "gif" => "the gif file is",
        "bmp" => "the bmp file is",
        "tiff" => "the tiff file is",
        _ => "the webp file is",
    }
}

#[test]
fn a_small_file_that_unpacks_to_gigabytes_costs_no_gigabytes() {
    let home = home();
    // 9999 x 5000 pixels are allowed. The text chunk and the colour profile unpack to far more than they say.
    let zeros = |blocks: usize| {
        let mut stream = vec![0x78, 0x9c];
        for block in 0..blocks {
            stream.push(u8::from(block + 1 == blocks));
            stream.extend_from_slice(b"\xff\xff\0\0");
            stream.resize(stream.len() + 0xffff, 0);
        }
        stream
    };
    let profile = [b"icc\0\0".as_slice(), &zeros(40)].concat();
    home.write("profile.png", png(16, 16, &[chunk(b"iCCP", &profile), chunk(b"IEND", b"")]));
    home.write("short.png", png(9_999, 5_000, &[chunk(b"IDAT", &zeros(4)), chunk(b"IEND", b"")]));
    for name in ["profile.png", "short.png"] {
        Hostile::new(name, "unreadable_media", "the png file is").is_refused_in(&home);
    }
}

#[test]
fn a_picture_cut_off_anywhere_is_judged_or_refused_and_never_both() {
    let home = home();
    for name in ["a.jpg", "a.png", "a.gif", "a.bmp", "a.tiff", "a.webp"] {
        let whole = home.make(name, ["-f", "lavfi", "-i", "testsrc=s=160x120", "-frames:v", "1"]);
        let bytes = fs::read(whole).unwrap();
        let mut files: Vec<PathBuf> = vec![name.into()];
        for cut in cuts(bytes.len()) {
            files.push(format!("{cut}-{name}").into());
            home.write(files.last().unwrap(), &bytes[..cut]);
        }
        let documents = each_is_judged_or_refused(&home, &files);
        assert!(documents[0]["verdict"].is_object(), "the whole picture is read: {}", documents[0]);
        assert!(documents[1..6].iter().all(|cut| cut["error"].is_object()), "a few bytes are no picture");
        let half = &documents[9];
        let whole_answer = &documents[0]["analyses"][0]["score"];
        assert!(half["error"].is_object() || half["analyses"][0]["score"] != *whole_answer, "{half}");
    }
}

#[test]
fn a_picture_with_a_byte_turned_anywhere_is_judged_or_refused() {
    let home = home();
    for name in ["a.jpg", "a.png", "a.gif", "a.webp"] {
        let whole = home.make(name, ["-f", "lavfi", "-i", "testsrc=s=64x48", "-frames:v", "1"]);
        let bytes = fs::read(whole).unwrap();
        let files: Vec<PathBuf> = (0..40)
            .map(|step| {
                let mut turned = bytes.clone();
                let at = turned.len() * step / 40;
                turned[at] ^= 0xff;
                let file = PathBuf::from(format!("{step}-{name}"));
                home.write(&file, turned);
                file
            })
            .collect();
        each_is_judged_or_refused(&home, &files);
    }
}

#[test]
fn what_is_no_picture_is_named_for_what_it_is() {
    let home = home();
    for (name, bytes, code, words) in [
        ("page.jpg", &b"<!doctype html><html><img src=x>"[..], "unsupported_media", "an HTML page"),
        ("login.png", b"\xef\xbb\xbf<HTML>Sign in", "unsupported_media", "an HTML page"),
        (
            "drawing.png",
            b"<svg xmlns='x'><image href='file:///etc/passwd'/></svg>",
            "refused_format",
            "drawing (SVG)",
        ),
        ("paper.jpg", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3", "unsupported_media", "a PDF document"),
        ("archive.png", b"PK\x03\x04", "unsupported_media", "a ZIP archive"),
        ("program.gif", b"\x7fELF\x02\x01", "unsupported_media", "a program"),
        ("zeros.bmp", &[0; 5000], "unsupported_media", "nothing but zero bytes"),
        ("future.jpg", b"\xff\x0a\xfa", "unsupported_media", "JPEG XL"),
        ("raw.jpg", b"\x76\x2f\x31\x01\0\0", "unsupported_media", "OpenEXR"),
        ("words.webp", b"I am a picture, honestly.", "unsupported_media", "text"),
        ("avif.avif", b"\0\0\0\x1cftypavif\0\0\0\0avifmif1miaf", "unsupported_media", "AVIF picture"),
        (
            "heic.heic",
            b"\0\0\0\x18ftypheic\0\0\0\0mif1heic\0\0\0\x08meta",
            "unsupported_media",
            "HEIC picture",
        ),
    ] {
        home.write(name, bytes);
        Hostile::new(name, code, words).is_refused_in(&home);
    }
}

#[test]
fn a_wrong_extension_changes_nothing() {
    let home = home();
    home.write("picture.mp4", bmp(DARK));
    home.clip("video.jpg.mp4", "black", "-c:v libx264 -an");
    fs::rename(home.media("video.jpg.mp4"), home.media("video.jpg")).unwrap();
    let outcome = home.analyze_json(["picture.mp4", "video.jpg"]);
    let kinds: Vec<_> = outcome.documents().iter().map(|d| text(&d["media"]["media_type"])).collect();
    assert_eq!((kinds, outcome.code), (vec!["image".to_owned(), "video".to_owned()], Some(0)));
}
