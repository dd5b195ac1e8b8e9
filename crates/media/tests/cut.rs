//! Files that end too early or were damaged on the way. What is left is read, or the error is about the
//! content; never a panic, never a hang.

#[macro_use]
mod support;

use std::fs;

use dk_media::MediaError;
use image::ImageFormat;
use support::{Folder, encoded, read};

/// Lengths to cut a file at: the first bytes, then evenly.
fn cuts(length: usize, parts: usize) -> impl Iterator<Item = usize> {
    [1, 3, 7, 11, 16, 30]
        .into_iter()
        .chain((1..parts).map(move |part| length * part / parts))
        .filter(move |&cut| cut < length)
}

#[test]
fn pictures_cut_anywhere_are_refused() {
    use MediaError::{Damaged, NotMedia, OutOfMemory, Truncated, Unsupported};
    let folder = Folder::new();
    for format in [
        ImageFormat::Jpeg,
        ImageFormat::Png,
        ImageFormat::Gif,
        ImageFormat::WebP,
        ImageFormat::Bmp,
        ImageFormat::Tiff,
    ] {
        let bytes = encoded(format);
        for cut in cuts(bytes.len(), 8) {
            let result = read(&folder.write("cut", &bytes[..cut]));
            let fine = matches!(
                &result,
                Err(Truncated { .. }
                    | Damaged { .. }
                    | NotMedia { .. }
                    | Unsupported { .. }
                    | OutOfMemory { .. })
            );
            assert!(fine, "{format:?} cut at {cut} of {}: {result:?}", bytes.len());
        }
    }
    let jpeg = encoded(ImageFormat::Jpeg);
    refuses!(folder.write("half.jpg", &jpeg[..jpeg.len() / 2]), Truncated { .. });
    refuses!(folder.write("nearly.jpg", &jpeg[..jpeg.len() - 2]), Truncated { .. });
    let png = encoded(ImageFormat::Png);
    refuses!(folder.write("half.png", &png[..png.len() / 2]), Truncated { .. });
}

/// Cuts a recording at many points; each part gives what is left in it, or an error about its content.
fn cut_anywhere(name: &str, args: &[&str]) {
    use MediaError::{Damaged, NoDuration, NoStreams, NotMedia, Truncated, Unsupported};
    let folder = Folder::new();
    let both = ["-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=1", "-f", "lavfi", "-i", "sine=d=1"];
    let bytes = fs::read(folder.make(name, both.iter().chain(args))).expect("it was made");
    for cut in cuts(bytes.len(), 4) {
        let result = read(&folder.write("cut", &bytes[..cut]));
        let damage =
            matches!(&result, Err(Truncated { .. } | Damaged { .. } | NotMedia { .. } | Unsupported { .. }));
        let about_content = damage || matches!(&result, Ok(_) | Err(NoDuration | NoStreams { .. }));
        assert!(about_content, "{name} cut at {cut} of {}: {result:?}", bytes.len());
    }
}

#[test]
fn videos_cut_anywhere_give_what_is_left_or_their_error() {
    cut_anywhere("a.mp4", &["-c:v", "libx264", "-c:a", "aac"]);
    cut_anywhere("fast.mp4", &["-c:v", "libx264", "-c:a", "aac", "-movflags", "+faststart"]);
}

#[test]
fn other_videos_cut_anywhere_give_what_is_left_or_their_error() {
    cut_anywhere("a.mkv", &["-c:v", "libx264", "-c:a", "flac"]);
    cut_anywhere("a.webm", &["-c:v", "libvpx", "-c:a", "libopus"]);
}

#[test]
fn sounds_cut_anywhere_give_what_is_left_or_their_error() {
    for name in ["a.wav", "a.mp3", "a.flac"] {
        cut_anywhere(name, &["-vn"]);
    }
}

#[test]
fn a_video_whose_index_was_never_written_is_cut_off() {
    let folder = Folder::new();
    let bytes = fs::read(folder.counting("whole.mp4", 25, "-c:v libx264")).expect("it was made");
    refuses!(folder.write("half.mp4", &bytes[..bytes.len() / 2]), MediaError::Truncated { .. });
}

#[test]
fn bytes_turned_over_at_random_do_no_harm() {
    let folder = Folder::new();
    let both = ["-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=1", "-f", "lavfi", "-i", "sine=d=1"];
    let video = fs::read(folder.make("a.mp4", both)).expect("it was made");
    let seeds = [video, encoded(ImageFormat::Jpeg), encoded(ImageFormat::Png), encoded(ImageFormat::Tiff)];
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    for seed in &seeds {
        for _ in 0..8 {
            let mut bytes = seed.clone();
            for _ in 0..20 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let at = usize::try_from(state >> 8).expect("64 bits") % bytes.len();
                bytes[at] = (state & 0xff) as u8;
            }
            // Any answer is fine; a panic or a hang is not.
            let _ = read(&folder.write("turned", bytes));
        }
    }
}
