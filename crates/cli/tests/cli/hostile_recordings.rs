//! Video and sound that is broken, cut off, endless, or points to something else.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};

use crate::hostile::{Hostile, cuts, each_is_judged_or_refused};
use crate::package::Package;
use crate::support::Home;

fn home() -> Home {
    let home = Home::new();
    Package::brightness().put(&home);
    Package::loudness().put(&home);
    home
}

/// Cuts a file everywhere, turns bytes of it, and has all of these judged in one run.
fn spoil(home: &Home, whole: &Path) {
    let bytes = fs::read(whole).unwrap();
    let name = whole.file_name().unwrap().to_string_lossy().into_owned();
    let mut files: Vec<PathBuf> = vec![PathBuf::from(&name)];
    for cut in cuts(bytes.len()) {
        files.push(format!("{cut}-{name}").into());
        home.write(files.last().unwrap(), &bytes[..cut]);
    }
    for step in 0..6 {
        let mut turned = bytes.clone();
        // Near the begin, where the headers are, and spread over the whole.
        for at in [step * 37 % bytes.len(), bytes.len() * (step * 2 + 1) / 12] {
            turned[at] ^= 0xff;
        }
        files.push(format!("turned-{step}-{name}").into());
        home.write(files.last().unwrap(), turned);
    }
    let documents = each_is_judged_or_refused(home, &files);
    assert!(documents[0]["verdict"].is_object(), "the whole file is read: {}", documents[0]);
    assert!(documents[1..3].iter().all(|cut| cut["error"].is_object()), "a few bytes are no recording");
}

#[test]
fn a_video_cut_off_or_turned_anywhere_is_judged_or_refused() {
    let home = home();
    for (name, rest) in [
        ("a.mp4", "-c:v libx264 -c:a aac"),
        ("fast.mp4", "-c:v libx264 -c:a aac -movflags +faststart"),
        ("pieces.mp4", "-c:v libx264 -c:a aac -movflags frag_keyframe+empty_moov"),
        ("a.mkv", "-c:v mpeg4 -c:a flac"),
    ] {
        spoil(&home, &home.clip(name, "white", rest));
    }
}

#[test]
fn a_video_of_other_containers_cut_off_or_turned_anywhere_is_judged_or_refused() {
    let home = home();
    for (name, rest) in [
        ("a.webm", "-c:v libvpx -c:a libvorbis"),
        ("a.mov", "-c:v mpeg4 -c:a pcm_s16le"),
        ("a.avi", "-c:v mjpeg -c:a pcm_s16le"),
        ("a.ts", "-c:v libx264 -c:a aac"),
    ] {
        spoil(&home, &home.clip(name, "white", rest));
    }
}

#[test]
fn a_sound_cut_off_or_turned_anywhere_is_judged_or_refused() {
    let home = home();
    for (name, rest) in [
        ("a.wav", ""),
        ("a.mp3", "-c:a libmp3lame"),
        ("a.flac", ""),
        ("a.ogg", "-c:a libvorbis"),
        ("a.m4a", ""),
    ] {
        spoil(&home, &home.tone(name, rest));
    }
}

/// A WAV header of 16-bit sound and `data` behind it.
fn wav(channels: u16, rate_hz: u32, claimed_bytes: u32, data: &[u8]) -> Vec<u8> {
    let block = channels.wrapping_mul(2);
    let mut file = b"RIFF".to_vec();
    file.extend_from_slice(&claimed_bytes.wrapping_add(36).to_le_bytes());
    file.extend_from_slice(b"WAVEfmt \x10\0\0\0\x01\0");
    file.extend_from_slice(&channels.to_le_bytes());
    file.extend_from_slice(&rate_hz.to_le_bytes());
    file.extend_from_slice(&rate_hz.wrapping_mul(u32::from(block)).to_le_bytes());
    file.extend_from_slice(&block.to_le_bytes());
    file.extend_from_slice(b"\x10\0data");
    file.extend_from_slice(&claimed_bytes.to_le_bytes());
    [file.as_slice(), data].concat()
}

#[test]
fn a_recording_without_time_streams_or_sense_is_refused_by_name() {
    let home = home();
    home.write("nothing.wav", wav(1, 16_000, 0, b""));
    Hostile::new("nothing.wav", "no_duration", "lasts no time").is_refused_in(&home);
    home.write("words.srt", "1\n00:00:00,000 --> 00:00:01,000\nwords\n");
    home.make("words.mkv", ["-i", home.media("words.srt").to_str().unwrap(), "-c:s", "srt"]);
    Hostile::new("words.mkv", "no_streams", "holds neither video nor sound").is_refused_in(&home);
    for (name, bytes) in [
        ("no-rate.wav", wav(1, 0, 3200, &vec![0; 3200])),
        ("no-channel.wav", wav(0, 16_000, 3200, &vec![0; 3200])),
        ("only-box.mp4", b"\0\0\0\x18ftypisom\0\0\0\0isommp42".to_vec()),
        ("endless-box.mp4", b"\0\0\0\x18ftypisom\0\0\0\0isommp42\xff\xff\xff\xffmoov".to_vec()),
        ("small-box.mp4", b"\0\0\0\x18ftypisom\0\0\0\0isommp42\0\0\0\x01moov\0\0\0\0\0\0\0\x01".to_vec()),
        ("empty.mkv", b"\x1a\x45\xdf\xa3\x80".to_vec()),
        ("endless.mkv", b"\x1a\x45\xdf\xa3\x01\xff\xff\xff\xff\xff\xff\xff".to_vec()),
        ("empty.ogg", [b"OggS".as_slice(), &[0; 60]].concat()),
        ("empty.flac", b"fLaC\x80\0\0\x22".to_vec()),
        ("empty.avi", b"RIFF\x04\0\0\0AVI ".to_vec()),
        ("tag.mp3", b"ID3\x04\0\0\x7f\x7f\x7f\x7f".to_vec()),
        ("empty.flv", b"FLV\x01\x05\0\0\0\x09\0\0\0\0".to_vec()),
    ] {
        home.write(name, bytes);
        let outcome = home.analyze_json([name]);
        outcome.is_orderly();
        let code = outcome.document()["error"]["code"].clone();
        assert_eq!(outcome.code, Some(3), "{name}: {outcome:?}");
        let refused = ["unreadable_media", "no_duration", "no_streams", "unsupported_media"];
        assert!(refused.iter().any(|known| code == *known), "{name}: {outcome:?}");
    }
}

#[test]
fn a_recording_that_lies_about_its_size_costs_no_more_than_it_holds() {
    let home = home();
    home.write("claims.wav", wav(1, 16_000, 0x7fff_ff00, &vec![0; 64_000]));
    home.write("thousands.wav", wav(60_000, 16_000, 240_000, &vec![0; 240_000]));
    home.write("fast.wav", wav(1, u32::MAX, 64_000, &vec![0; 64_000]));
    home.write("slow.wav", wav(1, 1, 64_000, &vec![0; 64_000]));
    for name in ["claims.wav", "thousands.wav", "fast.wav", "slow.wav"] {
        let outcome = home.analyze_json([name]);
        outcome.is_orderly();
        assert_eq!(outcome.code, Some(3), "{name}: {outcome:?}");
        assert_eq!(outcome.documents().len(), 1, "{name}");
    }
    let slow = home.analyze_json(["slow.wav"]).document();
    assert_eq!(slow["error"]["code"], "too_long", "9 hours: {slow}");
}

#[test]
fn a_recording_of_too_many_streams_or_too_large_frames_is_refused() {
    let home = home();
    let tone = home.tone("tone.wav", "-t 1");
    let maps = ["-map", "0:a"].repeat(20);
    let args = ["-i", tone.to_str().unwrap()].into_iter().chain(maps).chain(["-c:a", "pcm_s16le"]);
    home.make("streams.mkv", args);
    Hostile::new("streams.mkv", "too_many_streams", "20 streams, the limit is 16").is_refused_in(&home);
    let frame = "color=c=black:s=9000x6000:r=1:d=1";
    home.make("large.mkv", ["-f", "lavfi", "-i", frame, "-c:v", "mjpeg", "-pix_fmt", "yuvj420p"]);
    Hostile::new("large.mkv", "too_many_pixels", "9000 x 6000 pixels").is_refused_in(&home);
}

#[test]
fn what_only_points_elsewhere_is_refused_and_nothing_is_followed() {
    let home = home();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let address = format!("http://{}/a.ts", listener.local_addr().unwrap());
    let secret = home.clip("secret.mp4", "white", "-c:v libx264 -an");
    let secret = secret.to_str().unwrap();
    for (name, content, words) in [
        ("live.m3u8", format!("#EXTM3U\n#EXTINF:1,\n{address}\n#EXT-X-ENDLIST\n"), "playlist (M3U, HLS)"),
        ("local.mp4", format!("#EXTM3U\n#EXTINF:1,\n{secret}\n"), "playlist (M3U, HLS)"),
        ("list.mkv", format!("ffconcat version 1.0\nfile '{secret}'\n"), "list of files (ffconcat)"),
        ("file.mp4", format!("file '{address}'\n"), "list of files (ffconcat)"),
        ("dash.mp4", format!("<MPD><BaseURL>{address}</BaseURL></MPD>"), "playlist (DASH)"),
        ("radio.mp3", format!("[playlist]\nFile1={address}\n"), "playlist (PLS)"),
        ("asx.wav", format!("<asx><entry><ref href=\"{address}\"/></entry></asx>"), "playlist (ASX)"),
        ("call.mp4", "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=audio 5004 RTP/AVP 0\r\n".into(), "SDP"),
        ("words.mp4", "WEBVTT\n\n00:00.000 --> 00:01.000\nhello\n".into(), "subtitle file (WebVTT)"),
    ] {
        home.write(name, content);
        Hostile::new(name, "refused_format", words).is_refused_in(&home);
    }
    assert!(listener.accept().is_err(), "nobody may ask for the address");
}

#[test]
fn an_address_in_place_of_a_name_is_a_file_that_does_not_exist() {
    let home = home();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    for name in [
        format!("http://{}/a.mp4", listener.local_addr().unwrap()),
        format!("tcp://{}", listener.local_addr().unwrap()),
        "concat:a.mp4|b.mp4".into(),
        "file:a.mp4".into(),
        "fd:0".into(),
        "lavfi:testsrc".into(),
    ] {
        let outcome = home.analyze_json([&name]);
        assert_eq!(outcome.is_orderly().code, Some(3), "{name}: {outcome:?}");
        assert_eq!(outcome.document()["error"]["code"], "io", "{name}");
    }
    assert!(listener.accept().is_err(), "nobody may ask for the address");
}
