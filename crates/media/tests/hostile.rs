//! Files that want to do harm, or that are none. Each ends in its own error, within the limits, without a
//! panic, without a look at any other file or address.

#[macro_use]
mod support;

use std::fs::{self, File};
use std::net::TcpListener;
use std::process::Command;

use dk_app::{Silent, StopToken};
use dk_media::{Limits, MediaError, MediaFile, Why};
use support::{Folder, open, read, read_all, tools};

#[test]
fn what_is_no_file_is_said_so() {
    let folder = Folder::new();
    refuses!(folder.write("empty.mp4", ""), MediaError::Empty);
    refuses!(folder.path(""), MediaError::NotAFile { found: "folder" });
    refuses!(folder.path("missing.mp4"), MediaError::Io { .. });
    refuses!(std::path::PathBuf::from("/dev/zero"), MediaError::NotAFile { found: "device" });
    let pipe = folder.path("pipe.mp4");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo is everywhere").success());
    refuses!(pipe, MediaError::NotAFile { found: "pipe" });
    let socket = folder.path("socket.mp4");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
    refuses!(socket, MediaError::NotAFile { found: "socket" });
    let dangling = folder.path("dangling.mp4");
    std::os::unix::fs::symlink(folder.path("nowhere"), &dangling).expect("a link");
    refuses!(dangling, MediaError::Io { .. });
}

#[test]
fn an_unreadable_file_is_said_so() {
    let folder = Folder::new();
    let path = folder.write("locked.png", "x");
    let mut rights = fs::metadata(&path).expect("it is there").permissions();
    std::os::unix::fs::PermissionsExt::set_mode(&mut rights, 0);
    fs::set_permissions(&path, rights).expect("it is ours");
    if File::open(&path).is_ok() {
        println!("skipped: this user may read everything");
        return;
    }
    refuses!(path, MediaError::Io { .. });
}

#[test]
fn names_and_extensions_decide_nothing() {
    let folder = Folder::new();
    for content in ["<!DOCTYPE html><html><body>not found</body></html>", "just words", "{\"a\": 1}"] {
        for name in ["a.jpg", "a.mp4", "a.wav", "a"] {
            refuses!(folder.write(name, content), MediaError::NotMedia { .. });
        }
    }
    for content in [&b"%PDF-1.7"[..], b"PK\x03\x04", b"\x7fELF", b"\0\0\0\0\0\0\0\0\0\0", b"\x01\x02\x03\x04"]
    {
        refuses!(folder.write("a.png", content), MediaError::NotMedia { .. });
    }
    refuses!(folder.write("a.jpg", b"\xff\x0a\0\0\0\0"), MediaError::Unsupported { .. });
}

#[test]
fn files_that_only_point_elsewhere_are_refused() {
    let folder = Folder::new();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    listener.set_nonblocking(true).expect("a listener");
    let address = format!("http://{}/a.ts", listener.local_addr().expect("bound"));
    for content in [
        format!("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{address}\n#EXT-X-ENDLIST\n"),
        format!("ffconcat version 1.0\nfile '{address}'\n"),
        "file '/etc/passwd'\n".to_owned(),
        format!("<?xml version=\"1.0\"?><MPD><BaseURL>{address}</BaseURL></MPD>"),
        "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=video 5004 RTP/AVP 96\r\n".to_owned(),
        format!("[playlist]\nFile1={address}\n"),
        format!("<asx version=\"3\"><entry><ref href=\"{address}\"/></entry></asx>"),
    ] {
        for name in ["a.mp4", "a.m3u8", "a.jpg", "a%03d.png"] {
            refuses!(folder.write(name, &content), MediaError::Refused { why: Why::PointsElsewhere, .. });
        }
    }
    assert!(listener.accept().is_err(), "nobody called");
    for content in ["[Script Info]\nTitle: a", "WEBVTT\n\n", "1\n00:00:00,000 --> 00:00:01,000\na\n"] {
        refuses!(folder.write("a.mp4", content), MediaError::Refused { why: Why::OnlyText, .. });
    }
    let drawing = format!("<svg xmlns=\"http://www.w3.org/2000/svg\"><image href=\"{address}\"/></svg>");
    refuses!(folder.write("a.png", drawing), MediaError::Refused { why: Why::Drawing, .. });
}

#[test]
fn names_that_look_like_something_else_are_only_names() {
    let folder = Folder::new();
    let bytes = fs::read(folder.counting("plain.mp4", 5, "-c:v libx264")).expect("it was made");
    for name in [
        "--help",
        "-i",
        "two\nlines.mp4",
        "http:a.mp4",
        "a%03d.mp4",
        "concat:a|b",
        "'; rm -r x",
        "ü\u{202e}4pm",
        "*?[a]",
    ] {
        let path = folder.write(name, &bytes);
        assert_eq!(read(&path).expect(name).frames, 5 + 4, "{name}");
    }
    let name = std::ffi::OsString::from(std::ffi::OsStr::new("not\u{fffd}utf8"));
    assert!(read(&folder.write(name, &bytes)).is_ok());
}

#[test]
fn an_outside_reference_inside_a_container_is_not_followed() {
    let folder = Folder::new();
    let secret = folder.counting("secret.mp4", 5, "-c:v mpeg4");
    let mut bytes = fs::read(folder.counting("a.mov", 5, "-c:v mpeg4")).expect("it was made");
    // The data reference is no longer "in this file" but a path; the picture data is blanked.
    let mark = bytes.windows(4).position(|part| part == b"dref").expect("a data reference");
    let entry = mark + 12;
    let url = format!("file://{}\0", secret.display());
    let added = u32::try_from(url.len()).expect("short");
    bytes[entry + 8..entry + 12].copy_from_slice(&[0, 0, 0, 0]);
    bytes.splice(entry + 12..entry + 12, url.bytes());
    for kind in [&b"dref"[..], b"dinf", b"minf", b"mdia", b"trak", b"moov"] {
        let at = bytes.windows(4).position(|part| part == kind).expect("a box") - 4;
        grow(&mut bytes, at, added);
    }
    grow(&mut bytes, entry, added);
    let data = bytes.windows(4).position(|part| part == b"mdat").expect("data") + 4;
    let end = bytes.windows(4).position(|part| part == b"moov").expect("a header") - 4;
    bytes[data..end].fill(0);
    let result = read(&folder.write("dref.mov", bytes));
    assert!(result.is_err(), "nothing of the other file came: {result:?}");
}

fn grow(bytes: &mut [u8], at: usize, added: u32) {
    let size: [u8; 4] = bytes[at..at + 4].try_into().expect("four bytes");
    bytes[at..at + 4].copy_from_slice(&(u32::from_be_bytes(size) + added).to_be_bytes());
}

#[test]
fn limits_hold_before_anything_is_decoded() {
    let folder = Folder::new();
    let path = folder.counting("a.mp4", 50, "-c:v libx264");
    let with = |limits: Limits| read_all(&path, &limits).expect_err("beyond the limit");
    let usual = Limits::default;
    assert!(matches!(
        with(Limits { max_bytes: 100, ..usual() }),
        MediaError::TooLarge { limit_bytes: 100, .. }
    ));
    assert!(matches!(with(Limits { max_pixels: 1000, ..usual() }), MediaError::TooManyPixels { .. }));
    assert!(matches!(
        with(Limits { max_side_px: 63, ..usual() }),
        MediaError::SideTooLong { side_px: 64, .. }
    ));
    assert!(matches!(
        with(Limits { max_duration_ms: 1000, ..usual() }),
        MediaError::TooLong { duration_ms: 2000, .. }
    ));
    assert!(matches!(with(Limits { max_frames: 10, ..usual() }), MediaError::TooManyFrames { limit: 10 }));
    assert!(matches!(
        with(Limits { max_output_bytes: 10, ..usual() }),
        MediaError::TooMuchOutput { limit_bytes: 10 }
    ));
    assert!(matches!(with(Limits { child_wall_secs: 0, ..usual() }), MediaError::TimedOut { .. }));
    if cfg!(target_os = "linux") {
        assert!(matches!(
            with(Limits { child_memory_bytes: 24 << 20, ..usual() }),
            MediaError::OutOfMemory { .. }
        ));
    }
    let stop = StopToken::new();
    stop.stop();
    assert!(matches!(MediaFile::open(&path, &tools(), &usual(), &Silent, &stop), Err(MediaError::Stopped)));
}

#[test]
fn a_sparse_file_of_any_size_is_not_read() {
    let folder = Folder::new();
    let path = folder.write("huge.mp4", b"\0\0\0\x18ftypisom");
    File::options().write(true).open(&path).expect("it is ours").set_len(1 << 40).expect("sparse");
    refuses!(path, MediaError::TooLarge { .. });
}

#[test]
fn containers_without_use_are_told_apart() {
    let folder = Folder::new();
    // Twenty streams.
    let many = ["-f", "lavfi", "-i", "sine=d=0.1"]
        .into_iter()
        .chain(["-map", "0:a"].repeat(20))
        .chain(["-c:a", "pcm_s16le"]);
    refuses!(folder.make("twenty.mkv", many), MediaError::TooManyStreams { streams: 20, limit: 16 });
    // Words alone.
    let words = folder.write("words.srt", "1\n00:00:00,000 --> 00:00:01,000\nhello\n");
    let words = words.to_str().expect("plain name");
    refuses!(folder.make("words.mkv", ["-i", words]), MediaError::NoStreams { .. });
    // A header and no data.
    let nothing =
        b"RIFF\x24\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0\x80\x3e\0\0\0\x7d\0\0\x02\0\x10\0data\0\0\0\0";
    refuses!(folder.write("zero.wav", nothing), MediaError::NoDuration | MediaError::Damaged { .. });
    // Longer than allowed.
    let long = ["-f", "lavfi", "-i", "anullsrc=r=8000:cl=mono:d=1300", "-c:a", "pcm_u8"];
    refuses!(folder.make("long.wav", long), MediaError::TooLong { .. });
    // Frames larger than allowed, in a file of a few kilobytes.
    let large = ["-f", "lavfi", "-i", "color=s=8192x6400:r=1:d=1", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p"];
    refuses!(folder.make("large.avi", large), MediaError::TooManyPixels { .. });
}

#[test]
fn a_sound_file_has_no_frames_and_no_picture() {
    let folder = Folder::new();
    let media = open(&folder.make("a.wav", ["-f", "lavfi", "-i", "sine=d=1"])).expect("valid");
    let stop = StopToken::new();
    assert!(matches!(media.frames(&dk_media::FramePlan::default(), &stop), Err(MediaError::NoVideo)));
    assert!(matches!(media.picture(&stop), Err(MediaError::NoPicture)));
}
