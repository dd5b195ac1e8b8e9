//! Frames come from the right place, at the right time, the right way up, whatever the file does.

mod support;

use std::fs;

use dk_app::{Silent, StopToken};
use dk_domain::MediaKind;
use dk_media::{Frame, FramePlan, Limits, MediaError, MediaFile};
use support::{Folder, H264, check_numbers, every, frames, number_in, open, tools};

#[test]
fn numbers_and_times_are_exact_in_every_container() {
    let folder = Folder::new();
    for (name, rest) in [
        ("a.mp4", H264),
        ("a.mov", "-c:v mpeg4 -q:v 1 -bf 2"),
        ("a.mkv", H264),
        ("a.webm", "-c:v libvpx -crf 4 -b:v 4M -auto-alt-ref 0"),
        ("a.ts", H264),
        ("a.flv", H264),
        ("a.avi", "-c:v mjpeg -q:v 1 -pix_fmt yuvj420p"),
        ("fragmented.mp4", "-c:v libx264 -crf 1 -pix_fmt yuv420p -movflags frag_keyframe+empty_moov"),
    ] {
        let path = folder.counting(name, 60, rest);
        let found = frames(&path, &every(60));
        assert_eq!(found.len(), 60, "{name}");
        check_numbers(&found, 40);
        let few = frames(&path, &every(4));
        assert_eq!(few.len(), 4, "{name}");
        check_numbers(&few, 40);
    }
}

#[test]
fn times_that_are_only_guessed_stay_near() {
    let folder = Folder::new();
    // An AVI stores no times of showing; with B-frames they can only be derived.
    let path = folder.counting("b.avi", 60, "-c:v mpeg4 -q:v 1 -bf 2");
    let found = frames(&path, &every(6));
    assert_eq!(found.len(), 6);
    for frame in &found {
        assert!(number_in(&frame.picture).abs_diff(frame.index) <= 1, "{frame:?}");
    }
}

#[test]
fn variable_frame_rate_keeps_each_frame_at_its_own_time() {
    let folder = Folder::new();
    let times = "setpts='N*40+mod(N\\,3)*10'";
    let path = folder.counting_through(
        "vfr.mkv",
        60,
        &format!("settb=1/1000,{times}"),
        "-fps_mode passthrough -c:v libx264 -crf 1 -pix_fmt yuv420p",
    );
    for frame in frames(&path, &every(20)) {
        assert_eq!(number_in(&frame.picture), frame.index);
        assert_eq!(frame.time_ms, u64::from(frame.index) * 40 + u64::from(frame.index % 3) * 10);
    }
}

#[test]
fn key_frames_alone_are_taken_where_they_suffice() {
    let folder = Folder::new();
    let path = folder.counting("keys.mp4", 100, H264);
    let plan = FramePlan { spread: 8, min_spread: 4, ..every(8) };
    let found = frames(&path, &plan);
    assert_eq!(found.len(), 8);
    assert!(found.iter().all(|frame| frame.index % 10 == 0));
    check_numbers(&found, 40);
}

#[test]
fn skipped_frames_are_replaced_by_their_neighbours() {
    let folder = Folder::new();
    let path = folder.counting("long.mp4", 100, "-c:v libx264 -crf 1 -bf 3 -g 50 -pix_fmt yuv420p");
    let found = frames(&path, &every(5));
    assert_eq!(found.len(), 5);
    check_numbers(&found, 40);
    assert!(found.windows(2).all(|pair| pair[1].index - pair[0].index >= 8));
}

#[test]
fn windows_are_runs_of_consecutive_frames() {
    let folder = Folder::new();
    let path = folder.counting("runs.mp4", 100, H264);
    let plan = FramePlan { spread: 2, min_spread: 2, windows: 3, window_frames: 8, max_side_px: 64 };
    let found = frames(&path, &plan);
    let (alone, runs): (Vec<Frame>, Vec<Frame>) = found.into_iter().partition(|frame| frame.window.is_none());
    assert_eq!((alone.len(), runs.len()), (2, 24));
    check_numbers(&runs, 40);
    for (window, run) in (0..).zip(runs.chunks(8)) {
        assert!(run.iter().all(|frame| frame.window == Some(window)));
        assert_eq!(run[7].index - run[0].index, 7);
    }
}

#[test]
fn distant_frames_are_reached_by_seeking() {
    let folder = Folder::new();
    // Large enough that decoding the way would cost more than a new child.
    for (name, rest) in
        [("far.mkv", "-c:v mjpeg -q:v 2 -pix_fmt yuvj420p"), ("far.mp4", "-c:v mpeg4 -q:v 2 -g 1")]
    {
        let path =
            folder.counting_through(name, 100, "loop=loop=3:size=100,setpts=N/25/TB,scale=1600:1200", rest);
        let bytes = fs::read(&path).expect("it was made");
        assert!(!bytes.is_empty());
        let found = frames(&path, &FramePlan { max_side_px: 64, ..every(2) });
        assert_eq!(found.len(), 2, "{name}");
        for frame in found {
            assert_eq!(number_in(&frame.picture), frame.index % 100, "{name}");
            assert_eq!(frame.time_ms, u64::from(frame.index) * 40, "{name}");
        }
    }
}

#[test]
fn time_begins_where_the_showing_begins() {
    let folder = Folder::new();
    let whole = folder.counting("whole.mp4", 80, "-c:v libx264 -crf 1 -g 50 -pix_fmt yuv420p");
    // Cut inside a group of frames: an edit list hides those that only help to decode.
    let whole = whole.to_str().expect("plain name");
    let path = folder.make("cut.mp4", ["-ss", "0.8", "-i", whole, "-c", "copy"]);
    let found = frames(&path, &every(60));
    assert_eq!((found[0].index, found[0].time_ms), (0, 0));
    for frame in &found {
        assert_eq!(number_in(&frame.picture), frame.index + 20, "{frame:?}");
        assert_eq!(frame.time_ms, u64::from(frame.index) * 40);
    }
}

#[test]
fn a_file_without_a_stated_length_is_measured() {
    let folder = Folder::new();
    let whole = folder.counting("whole.webm", 50, "-c:v libvpx -b:v 1M");
    // Written into a pipe, as browsers record, the length stays unknown.
    let live = std::process::Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-i"])
        .arg(&whole)
        .args(["-c", "copy", "-f", "webm", "-live", "1", "pipe:1"])
        .output()
        .expect("ffmpeg is installed");
    let path = folder.write("live.webm", live.stdout);
    let facts = open(&path).expect("valid").facts;
    assert_eq!((facts.kind, facts.format.as_str()), (MediaKind::Video, "webm"));
    let duration_ms = facts.duration_ms.expect("measured");
    assert!((1960..=2040).contains(&duration_ms), "{duration_ms}");
}

#[test]
fn a_length_that_lies_is_found_out_before_decoding() {
    let folder = Folder::new();
    let path = folder.counting("short.mp4", 100, H264);
    let limits = Limits { max_duration_ms: 4000, ..Limits::default() };
    let mut bytes = fs::read(path).expect("it was made");
    // The length in the file's and the track's headers becomes one second.
    for (mark, at) in [(&b"mvhd"[..], 4 + 16), (b"tkhd", 4 + 20), (b"mdhd", 4 + 16)] {
        let header = bytes.windows(4).position(|part| part == mark).expect("a header");
        let scale = if mark == b"mdhd" { 12_800_u32 } else { 1000 };
        bytes[header + at..header + at + 4].copy_from_slice(&scale.to_be_bytes());
    }
    let path = folder.write("liar.mp4", bytes);
    let limits = Limits { max_duration_ms: 3000, ..limits };
    let stop = StopToken::new();
    let result = MediaFile::open(&path, &tools(), &limits, &Silent, &stop);
    let result = result.and_then(|media| media.frames(&every(4), &stop).map(drop));
    assert!(matches!(result, Err(MediaError::TooLong { .. })), "{result:?}");
}

#[test]
fn what_is_left_of_a_cut_off_video_is_read() {
    let folder = Folder::new();
    let path = folder.counting("whole.mp4", 100, &format!("{H264} -movflags +faststart"));
    let bytes = fs::read(path).expect("it was made");
    let path = folder.write("cut.mp4", &bytes[..bytes.len() * 2 / 3]);
    let found = frames(&path, &every(100));
    assert!((1..100).contains(&found.len()), "{} frames", found.len());
    check_numbers(&found[..found.len() - 1], 40);
}

#[test]
fn a_stop_ends_the_frames_and_a_drop_ends_the_child() {
    let folder = Folder::new();
    let path = folder.counting("stop.mp4", 100, H264);
    let media = open(&path).expect("valid");
    let stop = StopToken::new();
    let mut stream = media.frames(&every(100), &stop).expect("frames");
    assert!(stream.planned() == 100 && matches!(stream.next(), Some(Ok(_))));
    stop.stop();
    // A few decoded ones may still be on their way.
    let last = stream.by_ref().take(10).last();
    assert!(matches!(last, Some(Err(MediaError::Stopped))), "{last:?}");
    assert!(stream.next().is_none());
    drop(media.frames(&every(100), &StopToken::new()).expect("frames"));
    let late = media.frames(&every(4), &stop);
    assert!(matches!(
        late.map(|mut frames| frames.next()),
        Err(MediaError::Stopped) | Ok(Some(Err(MediaError::Stopped)))
    ));
}

#[test]
fn a_file_that_changes_is_not_mixed_with_its_former_self() {
    let folder = Folder::new();
    let path = folder.counting("changing.mp4", 10, H264);
    let media = open(&path).expect("valid");
    fs::write(&path, "something else").expect("writable");
    assert!(matches!(media.frames(&every(4), &StopToken::new()), Err(MediaError::Changed)));
}

#[test]
fn a_missing_tool_is_named_with_the_way_to_get_it() {
    let folder = Folder::new();
    let path = folder.counting("any.mp4", 3, H264);
    let mut without = tools();
    without.ffprobe = None;
    let result = MediaFile::open(&path, &without, &Limits::default(), &Silent, &StopToken::new());
    let error = result.expect_err("it needs ffprobe");
    assert!(matches!(error, MediaError::MissingTool { name: "ffprobe" }));
    assert!(error.hint().expect("a hint").contains("install ffmpeg"));
}
