//! Small pictures of what is to be seen, and files whose checksum is known already.

mod support;

use std::fs;

use dk_app::StopToken;
use dk_app::ports::Content;
use dk_media::{Limits, MediaError, MediaFile, Picture};
use support::{Folder, H264, number_in, open, tools};

fn small(path: &std::path::Path, max_side_px: u32) -> Option<Picture> {
    let file = open(path).expect("a file that is read");
    file.thumbnail(max_side_px, &StopToken::new()).expect("a picture, or none")
}

#[test]
fn a_picture_is_scaled_down_never_up_and_keeps_its_shape() {
    let folder = Folder::new();
    for (name, size, expected) in [
        ("wide.png", "1000x500", (320, 160)),
        ("tall.jpg", "90x3000", (9, 320)),
        ("line.png", "2000x2", (320, 1)),
        ("small.png", "64x48", (64, 48)),
    ] {
        let source = format!("color=c=0x204080:s={size}");
        let path = folder.make(name, ["-f", "lavfi", "-i", &source, "-frames:v", "1"]);
        let picture = small(&path, 320).unwrap();
        assert_eq!((picture.width_px, picture.height_px), expected, "{name}");
        let middle = picture.rgb.len() / 6 * 3;
        let near = picture.rgb[middle..middle + 3].iter().zip([0x20, 0x40, 0x80]);
        assert!(near.into_iter().all(|(found, meant)| found.abs_diff(meant) < 8), "{name}");
    }
}

#[test]
fn a_video_shows_a_frame_near_a_tenth_of_its_length() {
    let folder = Folder::new();
    let picture = small(&folder.counting("a.mp4", 100, H264), 320).unwrap();
    assert!((8..=12).contains(&number_in(&picture)), "frame {}", number_in(&picture));
    let shrunk = small(&folder.counting("b.mkv", 60, H264), 32).unwrap();
    assert_eq!((shrunk.width_px, shrunk.height_px), (32, 24));
}

#[test]
fn a_sound_has_nothing_to_be_seen() {
    let folder = Folder::new();
    let path = folder.make("a.wav", ["-f", "lavfi", "-i", "sine=d=1"]);
    assert!(small(&path, 320).is_none());
}

#[test]
fn a_known_checksum_is_believed_and_another_length_is_not() {
    let folder = Folder::new();
    let path = folder.counting("a.mp4", 5, H264);
    let bytes = fs::metadata(&path).unwrap().len();
    let known = Content { sha256: [7; 32].into(), bytes };
    let open = |known| MediaFile::open_known(&path, known, &tools(), &Limits::default(), &StopToken::new());
    assert_eq!(open(known).unwrap().facts.sha256, known.sha256);
    assert!(matches!(open(Content { bytes: bytes + 1, ..known }), Err(MediaError::Changed)));
}
