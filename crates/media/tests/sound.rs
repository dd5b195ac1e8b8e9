//! Sound comes as mono at 16 kHz, whole, in chunks, from every kind of file.

mod support;

use std::f32::consts::TAU;

use dk_app::{Silent, StopToken};
use dk_domain::MediaKind;
use dk_media::{Limits, MediaError, MediaFile, SAMPLE_RATE_HZ};
use support::{Folder, open, sound, tools};

const SINE: [&str; 4] = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100:duration=2.5"];

/// Strength of one frequency in the middle second, between 0 and about the amplitude.
fn strength(samples: &[f32], hz: f32) -> f32 {
    let rate = SAMPLE_RATE_HZ as f32;
    let middle = &samples[samples.len() / 2 - 8000..samples.len() / 2 + 8000];
    let (mut cosine, mut sine) = (0.0, 0.0);
    for (n, &sample) in (0_u16..).zip(middle) {
        let angle = TAU * hz * f32::from(n) / rate;
        cosine += sample * angle.cos();
        sine += sample * angle.sin();
    }
    f32::hypot(cosine, sine) * 2.0 / middle.len() as f32
}

#[test]
fn every_codec_gives_the_same_sound() {
    let folder = Folder::new();
    for (name, rest) in [
        ("a.wav", &["-c:a", "pcm_s16le"][..]),
        ("b.wav", &["-c:a", "pcm_u8", "-ar", "8000"]),
        ("a.mp3", &["-c:a", "libmp3lame"]),
        ("a.flac", &["-c:a", "flac"]),
        ("a.ogg", &["-c:a", "libvorbis"]),
        ("a.opus", &["-c:a", "libopus"]),
        ("a.m4a", &["-c:a", "aac"]),
        ("a.aac", &["-c:a", "aac"]),
        ("a.aiff", &["-c:a", "pcm_s16be"]),
        ("a.webm", &["-c:a", "libopus"]),
        ("a.ac3", &["-c:a", "ac3"]),
    ] {
        let path = folder.make(name, SINE.iter().chain(rest));
        let facts = open(&path).expect(name).facts;
        assert_eq!(facts.kind, MediaKind::Audio, "{name}");
        assert!((2400..2700).contains(&facts.duration_ms.expect("a length")), "{name}: {facts:?}");
        let samples = sound(&path);
        assert!((38_000..43_000).contains(&samples.len()), "{name}: {} samples", samples.len());
        assert!(strength(&samples, 440.0) > 0.08 && strength(&samples, 700.0) < 0.01, "{name}");
    }
}

#[test]
fn chunks_are_seconds_and_the_last_one_is_the_rest() {
    let folder = Folder::new();
    let media = open(&folder.make("a.wav", SINE)).expect("valid");
    let mut stream = media.sound(&StopToken::new()).expect("sound");
    let lengths: Vec<usize> = stream.by_ref().map(|chunk| chunk.expect("decodable").len()).collect();
    assert_eq!(lengths, [16_000, 16_000, 8_000]);
    assert_eq!((stream.start_ms(), stream.heard_ms()), (0, 2500));
}

#[test]
fn channels_are_mixed_in_equal_parts() {
    let folder = Folder::new();
    let filter = "aevalsrc='sin(2*PI*440*t)|-sin(2*PI*440*t)':d=2:s=16000";
    let against = folder.make("against.wav", ["-f", "lavfi", "-i", filter]);
    assert!(sound(&against).iter().all(|sample| sample.abs() < 0.01), "opposite channels cancel");
}

#[test]
fn cover_art_does_not_make_a_video() {
    let folder = Folder::new();
    let cover = folder.make("cover.png", ["-f", "lavfi", "-i", "testsrc2=s=64x64", "-frames:v", "1"]);
    let cover = cover.to_str().expect("plain name");
    for name in ["a.mp3", "a.m4a", "a.flac"] {
        let cover =
            ["-i", cover, "-map", "0:a", "-map", "1:v", "-c:v", "copy", "-disposition:v", "attached_pic"];
        let path = folder.make(name, SINE.iter().chain(&cover));
        let media = open(&path).expect(name);
        assert_eq!((media.facts.kind, media.facts.video.is_none()), (MediaKind::Audio, true), "{name}");
        assert!(strength(&sound(&path), 440.0) > 0.08, "{name}");
    }
}

#[test]
fn the_sound_of_a_video_is_on_the_same_clock() {
    let folder = Folder::new();
    let args = ["-f", "lavfi", "-i", "testsrc2=s=64x48:r=25:d=3", "-itsoffset", "0.5"];
    let path = folder.make("late.mkv", args.iter().chain(&SINE).chain(&["-c:v", "libx264", "-c:a", "flac"]));
    let media = open(&path).expect("valid");
    assert_eq!(media.facts.kind, MediaKind::Video);
    let start_ms = media.sound(&StopToken::new()).expect("sound").start_ms();
    assert!((450..=550).contains(&start_ms), "{start_ms}");
    let silent = folder.make("silent.mp4", &args[..4]);
    let media = open(&silent).expect("valid");
    assert!(media.facts.audio.is_none());
    assert!(matches!(media.sound(&StopToken::new()), Err(MediaError::NoSound)));
}

#[test]
fn values_that_are_no_numbers_become_silence() {
    let folder = Folder::new();
    let samples = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, 1e38, 0.25].repeat(3200);
    let data: Vec<u8> = samples.iter().flat_map(|sample| sample.to_le_bytes()).collect();
    let length = u32::try_from(data.len()).expect("short").to_le_bytes();
    let mut wav =
        b"RIFF\xff\xff\xff\xffWAVEfmt \x10\0\0\0\x03\0\x01\0\x80\x3e\0\0\0\xfa\0\0\x04\0\x20\0data".to_vec();
    wav.extend_from_slice(&length);
    wav.extend_from_slice(&data);
    let heard = sound(&folder.write("nan.wav", wav));
    assert_eq!(heard.len(), samples.len());
    assert!(heard.iter().all(|sample| sample.is_finite() && sample.abs() <= 8.0));
}

#[test]
fn more_sound_than_the_header_says_is_stopped() {
    let folder = Folder::new();
    let path =
        folder.make("long.mp3", ["-f", "lavfi", "-i", "sine=duration=9", "-b:a", "64k", "-write_xing", "0"]);
    let mut bytes = std::fs::read(path).expect("it was made");
    // A first frame of a far higher rate makes the estimated length far too short.
    let fast =
        folder.make("fast.mp3", ["-f", "lavfi", "-i", "sine=duration=1", "-b:a", "320k", "-write_xing", "0"]);
    bytes.splice(..0, std::fs::read(fast).expect("it was made"));
    let limits = Limits { max_duration_ms: 5000, ..Limits::default() };
    let stop = StopToken::new();
    let read = MediaFile::open(&folder.write("liar.mp3", bytes), &tools(), &limits, &Silent, &stop)
        .and_then(|media| media.sound(&stop)?.collect::<Result<Vec<_>, _>>());
    assert!(matches!(read, Err(MediaError::TooLong { .. })), "{:?}", read.map(|chunks| chunks.len()));
}

#[test]
fn a_stop_ends_the_sound() {
    let folder = Folder::new();
    let media = open(&folder.make("a.wav", ["-f", "lavfi", "-i", "sine=duration=600"])).expect("valid");
    let stop = StopToken::new();
    let mut stream = media.sound(&stop).expect("sound");
    assert!(matches!(stream.next(), Some(Ok(_))));
    stop.stop();
    let last = stream.by_ref().take(600).last();
    assert!(matches!(last, Some(Err(MediaError::Stopped))), "{:?}", last.map(|item| item.map(|s| s.len())));
    assert!(stream.next().is_none());
}
