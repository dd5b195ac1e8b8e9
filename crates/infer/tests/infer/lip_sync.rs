//! A mouth that is drawn into a portrait and moves with a voice: in sync, shifted, with another voice, and still.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use dk_app::{Detector, Effort, Request, Silent, StopToken};
use dk_domain::{Evidence, Finding, Outcome, Reason, SyncEvidence};
use dk_infer::engine::EngineChoice;

use crate::setup::{Bench, bench, checkout, engines, package};

const FPS: usize = 25;
const RATE_HZ: usize = 16_000;
const SIDE: usize = 512;
/// The mouth in `astronaut.png`.
const MOUTH: (f32, f32) = (222.0, 147.0);

fn testdata(name: &str) -> PathBuf {
    checkout().join("testdata").join(name)
}

fn ffmpeg(args: &[&str]) -> Command {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-v", "error", "-y"]).args(args);
    command
}

fn decoded(name: &str, format: &[&str]) -> Vec<u8> {
    let path = testdata(name);
    let output = ffmpeg(&["-i", path.to_str().unwrap()]).args(format).arg("pipe:1").output().unwrap();
    assert!(output.status.success());
    output.stdout
}

/// Sound for `secs`, repeated where it is shorter.
fn sound(name: &str, secs: usize) -> Vec<f32> {
    let bytes = decoded(name, &["-f", "f32le", "-ac", "1", "-ar", "16000"]);
    let samples: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
    samples.into_iter().cycle().take(secs * RATE_HZ).collect()
}

/// How loud each frame is, 0 to 1.
fn openings(sound: &[f32]) -> Vec<f32> {
    let rms = |part: &[f32]| (part.iter().map(|s| s * s).sum::<f32>() / part.len() as f32).sqrt();
    let loud: Vec<f32> = sound.chunks_exact(RATE_HZ / FPS).map(rms).collect();
    let most = loud.iter().copied().fold(1e-6, f32::max);
    loud.iter().map(|l| (l / most).sqrt()).collect()
}

/// The portrait with a dark mouth, open by 0 to 1.
fn draw(portrait: &[u8], open: f32) -> Vec<u8> {
    let mut picture = portrait.to_vec();
    let (half_width, half_height) = (17.0, 1.0 + 11.0 * open);
    for y in 0..SIDE {
        for x in 0..SIDE {
            let (dx, dy) = ((x as f32 - MOUTH.0) / half_width, (y as f32 - MOUTH.1) / half_height);
            if dx * dx + dy * dy < 1.0 {
                picture[(y * SIDE + x) * 3..][..3].copy_from_slice(&[40, 10, 10]);
            }
        }
    }
    picture
}

/// A film in which the mouth moves as `moves` tell, with `voice` as its sound.
fn film(folder: &Path, name: &str, moves: &[f32], voice: &[f32]) -> PathBuf {
    let (raw, path) = (folder.join("voice.f32"), folder.join(name));
    std::fs::write(&raw, voice.iter().flat_map(|s| s.to_le_bytes()).collect::<Vec<u8>>()).unwrap();
    let portrait = decoded("astronaut.png", &["-f", "rawvideo", "-pix_fmt", "rgb24"]);
    let mut child =
        ffmpeg(&["-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "512x512", "-r", "25", "-i", "pipe:0"])
            .args(["-f", "f32le", "-ac", "1", "-ar", "16000", "-i", raw.to_str().unwrap()])
            .args(["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-c:a", "aac"])
            .arg(&path)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
    let mut pipe = child.stdin.take().unwrap();
    for open in moves {
        pipe.write_all(&draw(&portrait, *open)).unwrap();
    }
    drop(pipe);
    assert!(child.wait().unwrap().success());
    path
}

fn judge(bench: &Bench, path: &Path) -> Finding {
    judge_by("lip-sync", bench, path)
}

fn judge_by(model: &str, bench: &Bench, path: &Path) -> Finding {
    let models = [model.parse().unwrap()];
    let request = Request { path, models: &models, illustrate: false, effort: Effort::All };
    let detection = bench.detector.detect(&request, &Silent, &StopToken::new()).unwrap();
    assert!(detection.failures.is_empty(), "{:?}", detection.failures);
    assert_eq!(detection.findings.len(), 1);
    detection.findings.into_iter().next().unwrap()
}

fn compared(finding: &Finding) -> (&[Reason], &SyncEvidence) {
    let Outcome::Answer(opinion) = &finding.outcome else { panic!("{:?}", finding.outcome) };
    let Evidence::Sync(sync) = &opinion.evidence else { panic!("{:?}", opinion.evidence) };
    assert!(opinion.point.is_none() && opinion.spans.is_empty(), "it decides nothing");
    (&opinion.reasons, sync)
}

#[test]
fn a_mouth_goes_with_its_own_voice_and_with_no_other() {
    let bench = bench(EngineChoice::Auto, None);
    let folder = tempfile::tempdir().unwrap();
    let voice = sound("speech-human.wav", 7);
    let moves = openings(&voice);

    let own = judge(&bench, &film(folder.path(), "own.mp4", &moves, &voice));
    let (reasons, sync) = compared(&own);
    assert_eq!(reasons, [Reason::SoundInSync, Reason::Unrated], "{sync:?}");
    assert!(sync.offset_ms.abs() <= 100 && sync.compared_ms > 6000, "{sync:?}");
    assert!(sync.moments.len() > 50);

    let late: Vec<f32> = std::iter::repeat_n(0.0, RATE_HZ / 2).chain(voice.iter().copied()).collect();
    let late = judge(&bench, &film(folder.path(), "late.mp4", &moves, &late));
    let (reasons, sync) = compared(&late);
    assert_eq!(reasons, [Reason::SoundShifted, Reason::Unrated], "{sync:?}");
    assert!((400..=600).contains(&sync.offset_ms), "{sync:?}");

    let other =
        judge(&bench, &film(folder.path(), "other.mp4", &moves, &sound("samples/machine-voice.wav", 7)));
    let (reasons, sync) = compared(&other);
    assert_eq!(reasons, [Reason::SoundForeign, Reason::Unrated], "{sync:?}");
}

/// A net of `tests/nets` that sees how dark a mouth is and hears how loud a voice is.
const TOWERS: &str = r#"pipeline = "audio-visual"
kinds = ["video"]

[tensor]
input = "voice"
layout = "wave"
output = "voice_embedding"
activation = "none"
positive = "synthetic"

[lip_sync]
frames = 200
min_side_px = 64
compare = "embeddings"
side_px = 64
samples = 3200

[video]
spread = 0
min_spread = 0
windows = 1
"#;

#[test]
fn a_net_of_two_embeddings_tells_voices_in_sync_shifted_and_foreign() {
    let root = tempfile::tempdir().unwrap();
    package(root.path(), "towers", "towers.onnx", TOWERS);
    let folder = tempfile::tempdir().unwrap();
    let voice = sound("speech-human.wav", 5);
    let moves = openings(&voice);
    let own = film(folder.path(), "own.mp4", &moves, &voice);
    let late: Vec<f32> = std::iter::repeat_n(0.0, RATE_HZ * 2 / 5).chain(voice.iter().copied()).collect();
    let late = film(folder.path(), "late.mp4", &moves, &late);
    let other = film(folder.path(), "other.mp4", &moves, &sound("samples/machine-voice.wav", 5));
    let told = |engine: EngineChoice, path: &Path, says: Reason| {
        let bench = bench(engine, Some(root.path().to_owned()));
        let finding = judge_by("towers", &bench, path);
        let (reasons, sync) = compared(&finding);
        assert_eq!(reasons, [says, Reason::Unrated], "{engine:?}: {sync:?}");
        assert!(sync.moments.len() > 30);
        sync.offset_ms
    };
    for (engine, _) in engines() {
        let offset_ms = told(EngineChoice::Only(engine), &own, Reason::SoundInSync);
        assert!(offset_ms.abs() <= 40, "{engine:?}: {offset_ms}");
    }
    let offset_ms = told(EngineChoice::Auto, &late, Reason::SoundShifted);
    assert!((360..=440).contains(&offset_ms), "{offset_ms}");
    told(EngineChoice::Auto, &other, Reason::SoundForeign);
}

#[test]
fn a_still_mouth_a_silent_one_and_a_film_without_sound_are_named_and_not_judged() {
    let bench = bench(EngineChoice::Auto, None);
    let folder = tempfile::tempdir().unwrap();
    let voice = sound("speech-human.wav", 6);
    let moves = openings(&voice);
    let why = |path: &Path| match judge(&bench, path).outcome {
        Outcome::NotApplicable(why) => why,
        Outcome::Answer(opinion) => panic!("{opinion:?}"),
    };
    let still = film(folder.path(), "still.mp4", &vec![0.3; moves.len()], &voice);
    assert_eq!(why(&still), [Reason::MouthStill]);
    let wide: Vec<f32> = moves.iter().map(|open| open * 2.0).collect();
    let silent = film(folder.path(), "silent.mp4", &wide, &vec![0.0; voice.len()]);
    assert_eq!(why(&silent), [Reason::NoSpeech, Reason::MouthSilent]);
    let mute = folder.path().join("mute.mp4");
    let status = ffmpeg(&["-i", silent.to_str().unwrap(), "-an", "-c", "copy"]).arg(&mute).status().unwrap();
    assert!(status.success());
    assert_eq!(why(&mute), [Reason::NoAudioTrack]);
}

#[test]
fn it_runs_only_where_it_is_named() {
    let bench = bench(EngineChoice::Auto, None);
    let folder = tempfile::tempdir().unwrap();
    let voice = sound("speech-human.wav", 1);
    let path = film(folder.path(), "short.mp4", &openings(&voice)[..10], &voice);
    let request = Request { path: &path, models: &[], illustrate: false, effort: Effort::All };
    let detection = bench.detector.detect(&request, &Silent, &StopToken::new()).unwrap();
    assert!(detection.findings.iter().all(|finding| finding.model.name.as_str() != "lip-sync"));
    assert_eq!(judge(&bench, &path).model.name.as_str(), "lip-sync");
    let on_request = bench.detector.models().into_iter().filter(|card| card.on_request);
    assert_eq!(on_request.map(|card| card.name.to_string()).collect::<Vec<_>>(), ["lip-sync"]);
}
