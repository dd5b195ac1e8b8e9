//! Pictures come out upright, in eight-bit RGB, whatever they were stored as, and bombs are refused unopened.

mod support;

use std::io::Cursor;
use std::path::Path;

use dk_app::StopToken;
use dk_domain::MediaKind;
use dk_media::{MediaError, Picture};
use image::{DynamicImage, ImageFormat, Rgb, RgbImage};
use support::{Folder, open};

/// Wider than high; red at the top left, blue elsewhere.
fn sample() -> DynamicImage {
    let pixel = |x, y| if x < 8 && y < 8 { Rgb([250, 5, 5]) } else { Rgb([5, 5, 250]) };
    RgbImage::from_fn(32, 16, pixel).into()
}

fn encoded(image: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    image.write_to(&mut bytes, format).expect("memory takes it");
    bytes.into_inner()
}

fn picture(path: &Path) -> Picture {
    open(path).expect("a picture").picture(&StopToken::new()).expect("decodable")
}

fn pixel(picture: &Picture, x: u32, y: u32) -> [u8; 3] {
    let at = (y * picture.width_px + x) as usize * 3;
    [picture.rgb[at], picture.rgb[at + 1], picture.rgb[at + 2]]
}

fn is_red([red, green, blue]: [u8; 3]) -> bool {
    red > 200 && green < 60 && blue < 60
}

#[test]
fn every_format_is_known_by_content_and_decoded() {
    let folder = Folder::new();
    for (format, name) in [
        (ImageFormat::Png, "png"),
        (ImageFormat::Jpeg, "jpeg"),
        (ImageFormat::WebP, "webp"),
        (ImageFormat::Gif, "gif"),
        (ImageFormat::Tiff, "tiff"),
        (ImageFormat::Bmp, "bmp"),
    ] {
        let path = folder.write("misleading.mp4", encoded(&sample(), format));
        let facts = open(&path).expect(name).facts;
        assert_eq!((facts.kind, facts.format.as_str()), (MediaKind::Image, name));
        let image = facts.image.expect("a picture");
        assert_eq!((image.width_px, image.height_px, image.animated), (32, 16, false), "{name}");
        let picture = picture(&path);
        assert!(is_red(pixel(&picture, 3, 3)) && !is_red(pixel(&picture, 28, 12)), "{name}");
    }
}

#[test]
fn avif_comes_through_ffmpeg() {
    let folder = Folder::new();
    let encoders = std::process::Command::new("ffmpeg").args(["-v", "error", "-encoders"]).output();
    let encoders = encoders.expect("ffmpeg is installed").stdout;
    if !String::from_utf8_lossy(&encoders).contains("libaom-av1") {
        println!("skipped: this ffmpeg cannot make AVIF");
        return;
    }
    let still = "-frames:v 1 -c:v libaom-av1 -still-picture 1 -crf 5";
    let path = folder.counting("a.avif", 1, still);
    let media = open(&path).expect("a picture");
    assert_eq!((media.facts.kind, media.facts.format.as_str()), (MediaKind::Image, "avif"));
    let picture = media.picture(&StopToken::new()).expect("decodable");
    assert_eq!((picture.width_px, picture.height_px), (64, 48));
    let bytes = std::fs::read(path).expect("it was made");
    let cut = folder.write("cut.avif", &bytes[..bytes.len() / 2]);
    let result = open(&cut).and_then(|media| media.picture(&StopToken::new()));
    assert!(matches!(result, Err(MediaError::Truncated { .. } | MediaError::Damaged { .. })), "{result:?}");
}

#[test]
fn heic_that_ffmpeg_does_not_know_is_told_apart_from_damage() {
    let folder = Folder::new();
    let boxes = b"\0\0\0\x18ftypheic\0\0\0\0mif1heic\0\0\0\x0cmeta\0\0\0\0";
    let error = open(&folder.write("a.heic", boxes)).expect_err("nothing is in it");
    assert!(matches!(error, MediaError::Unsupported { .. }), "{error:?}");
    assert!(error.hint().expect("a hint").contains("convert"));
    let error = open(&folder.write("b.heic", &boxes[..30])).expect_err("it is cut off");
    assert!(matches!(error, MediaError::Truncated { .. }), "{error:?}");
}

#[test]
fn deep_grey_and_transparent_pictures_become_rgb() {
    let folder = Folder::new();
    let deep = image::ImageBuffer::<Rgb<u16>, _>::from_pixel(4, 4, Rgb([65_535, 0, 32_896]));
    let path = folder.write("deep.png", encoded(&deep.into(), ImageFormat::Png));
    assert_eq!(pixel(&picture(&path), 1, 1), [255, 0, 128]);
    let grey = image::GrayImage::from_pixel(4, 4, image::Luma([77]));
    let path = folder.write("grey.png", encoded(&grey.into(), ImageFormat::Png));
    assert_eq!(pixel(&picture(&path), 1, 1), [77, 77, 77]);
    let clear = image::RgbaImage::from_pixel(4, 4, image::Rgba([10, 20, 30, 0]));
    let path = folder.write("clear.png", encoded(&clear.into(), ImageFormat::Png));
    assert_eq!(pixel(&picture(&path), 1, 1), [10, 20, 30], "what is stored under transparency");
}

/// Puts an EXIF segment that holds only the orientation behind the start of a JPEG.
fn with_orientation(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut exif = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend_from_slice(&[orientation, 0, 0, 0, 0, 0, 0]);
    let length = u16::try_from(exif.len() + 2).expect("short").to_be_bytes();
    [&jpeg[..2], b"\xff\xe1", &length, &exif, &jpeg[2..]].concat()
}

#[test]
fn all_eight_orientations_are_undone() {
    let folder = Folder::new();
    let jpeg = encoded(&sample(), ImageFormat::Jpeg);
    // Where the red corner is shown: (right, low).
    let corners = [(0, 0), (1, 0), (1, 1), (0, 1), (0, 0), (1, 0), (1, 1), (0, 1)];
    for (orientation, corner) in (1..=8).zip(corners) {
        let path = folder.write("turned.jpg", with_orientation(&jpeg, orientation));
        let image = open(&path).expect("a picture").facts.image.expect("a picture");
        let size = if orientation < 5 { (32, 16) } else { (16, 32) };
        assert_eq!(image.exif.orientation, Some(orientation));
        assert_eq!((image.width_px, image.height_px), size, "{orientation}");
        let picture = picture(&path);
        assert_eq!((picture.width_px, picture.height_px), size, "{orientation}");
        for (right, low) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            let (x, y) = (3 + right * (size.0 - 7), 3 + low * (size.1 - 7));
            assert_eq!(is_red(pixel(&picture, x, y)), (right, low) == corner, "{orientation} at {x},{y}");
        }
    }
    for nonsense in [0, 9, 255] {
        let path = folder.write("nonsense.jpg", with_orientation(&jpeg, nonsense));
        assert_eq!(open(&path).expect("a picture").facts.image.expect("a picture").exif.orientation, None);
    }
}

#[test]
fn animations_are_named_and_give_their_first_picture() {
    let folder = Folder::new();
    let source = "testsrc2=s=32x32:r=5";
    for (name, rest) in
        [("a.gif", &["-f", "gif"][..]), ("a.png", &["-f", "apng"]), ("a.webp", &["-c:v", "libwebp_anim"])]
    {
        let args = ["-f", "lavfi", "-i", source, "-frames:v", "4"];
        let path = folder.make(name, args.iter().chain(rest));
        let facts = open(&path).expect(name).facts;
        assert_eq!(facts.kind, MediaKind::Image);
        assert!(facts.image.expect("a picture").animated, "{name}");
        assert_eq!(picture(&path).width_px, 32);
    }
}

#[test]
fn other_things_are_not_asked_of_a_picture() {
    let folder = Folder::new();
    let media = open(&folder.write("a", encoded(&sample(), ImageFormat::Png))).expect("a picture");
    let stop = StopToken::new();
    assert!(matches!(media.frames(&dk_media::FramePlan::default(), &stop), Err(MediaError::NoVideo)));
    assert!(matches!(media.sound(&stop), Err(MediaError::NoSound)));
    stop.stop();
    assert!(matches!(media.picture(&stop), Err(MediaError::Stopped)));
}
