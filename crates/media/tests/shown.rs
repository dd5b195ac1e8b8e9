//! Frames look as a player shows them: upright, in shape, in colour.

mod support;

use std::fs;

use dk_media::FramePlan;
use support::{Folder, H264, check_numbers, every, frames, open};

/// Writes a display matrix into the only track of an MP4.
fn with_matrix(bytes: &[u8], [a, b, c, d]: [i32; 4]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    let header = bytes.windows(4).position(|part| part == b"tkhd").expect("a track");
    let fixed = |value: i32| (value << 16).to_be_bytes();
    for (cell, value) in [(0, a), (1, b), (3, c), (4, d)] {
        let at = header + 4 + 40 + cell * 4;
        bytes[at..at + 4].copy_from_slice(&fixed(value));
    }
    bytes
}

#[test]
fn every_turn_and_mirror_is_undone() {
    let folder = Folder::new();
    // White at the top left, black elsewhere, wider than high.
    let source = "color=black:s=64x48:r=25,drawbox=x=0:y=0:w=16:h=12:color=white:t=fill";
    let made = folder.make(
        "upright.mp4",
        [
            "-f",
            "lavfi",
            "-i",
            source,
            "-frames:v",
            "3",
            "-c:v",
            "libx264",
            "-crf",
            "5",
            "-pix_fmt",
            "yuv420p",
        ],
    );
    let bytes = fs::read(made).expect("it was made");
    for (matrix, size, corner, degrees) in [
        ([1, 0, 0, 1], (64, 48), (0, 0), 0),
        ([0, 1, -1, 0], (48, 64), (1, 0), 90),
        ([-1, 0, 0, -1], (64, 48), (1, 1), 180),
        ([0, -1, 1, 0], (48, 64), (0, 1), 270),
        ([-1, 0, 0, 1], (64, 48), (1, 0), 0),
        ([1, 0, 0, -1], (64, 48), (0, 1), 0),
        ([0, 1, 1, 0], (48, 64), (0, 0), 270),
        ([0, -1, -1, 0], (48, 64), (1, 1), 90),
    ] {
        let path = folder.write("turned.mp4", with_matrix(&bytes, matrix));
        let facts = open(&path).expect("valid").facts.video.expect("a video");
        assert_eq!(((facts.width_px, facts.height_px), facts.rotation_deg), (size, degrees), "{matrix:?}");
        let picture = frames(&path, &every(1)).remove(0).picture;
        assert_eq!((picture.width_px, picture.height_px), size, "{matrix:?}");
        for (right, low) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            let (x, y) = (2 + right * (size.0 - 5), 2 + low * (size.1 - 5));
            let bright = picture.rgb[(y * size.0 + x) as usize * 3] > 128;
            assert_eq!(bright, (right, low) == corner, "{matrix:?} at {x},{y}");
        }
    }
}

#[test]
fn odd_sizes_and_flat_samples_come_out_as_shown() {
    let folder = Folder::new();
    let odd = folder.counting_through("odd.mkv", 5, "scale=101:57,setsar=1,format=yuv444p", "-c:v ffv1");
    let picture = frames(&odd, &every(1)).remove(0).picture;
    assert_eq!((picture.width_px, picture.height_px), (101, 57));
    let wide = folder.counting_through("wide.mp4", 5, "setsar=2", H264);
    assert_eq!(open(&wide).expect("valid").facts.video.expect("a video").width_px, 128);
    let picture = frames(&wide, &every(1)).remove(0).picture;
    assert_eq!((picture.width_px, picture.height_px), (128, 48));
}

#[test]
fn frames_are_scaled_down_to_the_wanted_side_and_never_up() {
    let folder = Folder::new();
    let path = folder.counting("small.mp4", 5, H264);
    for (side, size) in [(32, (32, 24)), (64, (64, 48)), (4000, (64, 48)), (1, (1, 1))] {
        let picture = frames(&path, &FramePlan { max_side_px: side, ..every(1) }).remove(0).picture;
        assert_eq!((picture.width_px, picture.height_px), size);
    }
}

#[test]
fn deep_and_high_range_colours_are_not_broken() {
    let folder = Folder::new();
    let deep = folder.counting("deep.mp4", 30, "-c:v libx264 -crf 1 -pix_fmt yuv420p10le");
    assert_eq!(open(&deep).expect("valid").facts.video.expect("a video").bit_depth, 10);
    check_numbers(&frames(&deep, &every(30)), 40);
    for transfer in ["smpte2084", "arib-std-b67"] {
        let tags = format!(
            "-c:v libx264 -crf 1 -pix_fmt yuv420p10le -color_trc {transfer} -color_primaries bt2020 -colorspace bt2020nc"
        );
        let path = folder.counting("range.mp4", 100, &tags);
        let found = frames(&path, &every(100));
        assert_eq!(found.len(), 100, "{transfer}");
        let grey: Vec<[u8; 3]> =
            found.iter().map(|frame| [0, 1, 2].map(|at| frame.picture.rgb[at])).collect();
        for pixel in &grey {
            let spread = pixel.iter().max().expect("three") - pixel.iter().min().expect("three");
            assert!(spread <= 2, "{transfer}: grey stays grey, not {pixel:?}");
        }
        assert!(grey.windows(2).all(|pair| pair[0][1] <= pair[1][1]), "{transfer}: brighter stays brighter");
        assert!(grey[0][1] < 20 && grey[99][1] > 150, "{transfer}: {:?} to {:?}", grey[0], grey[99]);
    }
}

#[test]
fn a_change_of_size_in_the_middle_changes_no_picture_size() {
    let folder = Folder::new();
    let first = fs::read(folder.counting("1.ts", 30, H264)).expect("it was made");
    let larger = format!("{H264} -output_ts_offset 1.2");
    let second = folder.counting_through("2.ts", 30, "scale=128:96", &larger);
    let second = fs::read(second).expect("it was made");
    let path = folder.write("both.ts", [first, second].concat());
    let found = frames(&path, &every(60));
    assert!(found.len() > 40, "{} frames", found.len());
    assert!(found.iter().all(|frame| (frame.picture.width_px, frame.picture.height_px) == (64, 48)));
}

#[test]
fn interlaced_video_gives_its_frames() {
    let folder = Folder::new();
    let path = folder.counting("laced.ts", 30, "-c:v mpeg2video -q:v 1 -flags +ildct+ilme -top 1");
    check_numbers(&frames(&path, &every(30)), 40);
}
