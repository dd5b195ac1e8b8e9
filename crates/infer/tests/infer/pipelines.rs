//! Real published nets through the pipelines, on real media.

use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};

use dk_app::{Detection, Detector, Effort, Phase, Progress, Request, Silent, StopToken};
use dk_domain::{Evidence, MediaKind, Opinion, Outcome, Prediction, Reason, conclude};
use dk_infer::engine::EngineChoice;

use crate::setup::{Bench, bench, checkout, shared_weights};

fn testdata(name: &str) -> PathBuf {
    checkout().join("testdata").join(name)
}

/// A detector with the published weights; none, with the reason printed, where they are not at hand.
fn published() -> Option<Bench> {
    if shared_weights().is_none() {
        eprintln!("skipped: the published weights are not beside the checkout");
        return None;
    }
    Some(bench(EngineChoice::Auto, None))
}

fn detect(bench: &Bench, file: &str, models: &[&str], progress: &dyn Progress) -> Detection {
    let models: Vec<_> = models.iter().map(|name| name.parse().unwrap()).collect();
    let path = testdata(file);
    let request = Request { path: &path, models: &models, illustrate: false, effort: Effort::All };
    let detection = bench.detector.detect(&request, progress, &StopToken::new()).unwrap();
    assert!(detection.failures.is_empty(), "{:?}", detection.failures);
    detection
}

fn opinion(detection: &Detection) -> &Opinion {
    match &detection.findings[0].outcome {
        Outcome::Answer(opinion) => opinion,
        Outcome::NotApplicable(reasons) => panic!("no opinion: {reasons:?}"),
    }
}

/// A detector with the image probe, whose weights the set-up pulls; none where they or its engine are not here.
fn image_probe() -> Option<Bench> {
    let bench = bench(EngineChoice::Auto, None);
    let card = bench.detector.models().into_iter().find(|card| card.name.as_str() == "clip-probe").unwrap();
    match card.state {
        Ok(_) => Some(bench),
        Err(unready) => {
            eprintln!("skipped: {}", unready.why);
            None
        }
    }
}

#[test]
fn the_image_probe_judges_a_picture_and_every_frame_of_a_film() {
    let Some(bench) = image_probe() else { return };
    let picture = detect(&bench, "samples/rocket.jpg", &["clip-probe"], &Silent);
    assert_eq!(picture.findings[0].prediction(), Prediction::Real, "a photograph");
    let film = detect(&bench, "samples/portrait.mp4", &["clip-probe"], &Silent);
    let Evidence::Video { frames } = &opinion(&film).evidence else { panic!("not a film") };
    assert!(frames.len() >= 12 && frames.iter().all(|frame| frame.probability.is_some()));
}

#[test]
fn a_heat_map_covers_the_picture_when_it_is_asked_for() {
    let Some(bench) = image_probe() else { return };
    let path = testdata("astronaut.png");
    let models = ["clip-probe".parse().unwrap()];
    let request = Request { path: &path, models: &models, illustrate: true, effort: Effort::All };
    let detection = bench.detector.detect(&request, &Silent, &StopToken::new()).unwrap();
    let Evidence::Image { heatmap: Some(map), .. } = &opinion(&detection).evidence else {
        panic!("no heat map")
    };
    assert_eq!(map.cells.len(), usize::from(map.rows) * usize::from(map.columns));
    assert_eq!(detection.illustration.thumbnails.len(), 1);
}

#[test]
fn the_speech_net_calls_a_machine_fake_and_a_person_not() {
    let bench = bench(EngineChoice::Auto, None);
    let machine = detect(&bench, "speech-espeak.wav", &["synthetic-speech-small"], &Silent);
    assert_eq!(machine.findings[0].prediction(), Prediction::Fake);
    assert!(!opinion(&machine).spans.is_empty());
    let person = detect(&bench, "speech-human.wav", &["synthetic-speech-small"], &Silent);
    assert_eq!(person.findings[0].prediction(), Prediction::Inconclusive);
}

#[test]
fn the_mark_of_a_voice_generator_decides_and_its_absence_says_nothing() {
    let bench = bench(EngineChoice::Auto, None);
    let marked = detect(&bench, "marked-voice.wav", &["perth-watermark"], &Silent);
    let verdict = conclude(&marked.findings, 0);
    assert_eq!((verdict.prediction, verdict.reasons), (Prediction::Fake, vec![Reason::MarkFound]));
    assert_eq!(verdict.decided_by.unwrap().as_str(), "voice-mark");
    assert!(!opinion(&marked).spans.is_empty());
    // The same voice without the mark, and people.
    for file in ["samples/machine-voice.wav", "speech-human.wav", "samples/reading.ogg"] {
        let detection = detect(&bench, file, &["perth-watermark"], &Silent);
        let outcome = &detection.findings[0].outcome;
        assert_eq!(outcome, &Outcome::NotApplicable(vec![Reason::NoMark]), "{file}");
    }
}

#[test]
fn a_mark_in_the_sound_of_a_film_decides_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let film = folder.path().join("film.mp4");
    let made = Command::new("ffmpeg")
        .args(["-v", "error", "-nostdin", "-i"])
        .args([testdata("samples/portrait.mp4"), "-i".into(), testdata("marked-voice.wav")])
        .args(["-map", "0:v:0", "-map", "1:a:0", "-c:v", "copy", "-c:a", "aac", "-b:a", "64k", "-shortest"])
        .arg(&film)
        .status()
        .unwrap();
    assert!(made.success());
    let bench = bench(EngineChoice::Auto, None);
    let detection = detect(&bench, film.to_str().unwrap(), &["perth-watermark"], &Silent);
    assert_eq!(conclude(&detection.findings, 0).prediction, Prediction::Fake);
}

#[test]
fn mesonet_judges_the_face_of_a_picture_and_shows_where_it_is() {
    let Some(bench) = published() else { return };
    let detection = detect(&bench, "astronaut.png", &["mesonet-df"], &Silent);
    let Evidence::Image { faces, .. } = &opinion(&detection).evidence else { panic!("not a picture") };
    assert_eq!(faces.len(), 1);
    let face = faces[0].at;
    // The portrait's face lies in the upper middle of the picture.
    assert!((0.3..0.5).contains(&(face.x + face.width / 2.0)), "{face:?}");
    assert!((0.1..0.4).contains(&(face.y + face.height / 2.0)), "{face:?}");
    assert_eq!(
        detection.findings[0].prediction(),
        Prediction::Inconclusive,
        "an unrated model decides nothing"
    );
}

#[test]
fn mesonet_follows_one_face_through_a_film() {
    let Some(bench) = published() else { return };
    let detection = detect(&bench, "samples/portrait.mp4", &["mesonet-df"], &Silent);
    let Evidence::Video { frames } = &opinion(&detection).evidence else { panic!("not a film") };
    assert!(frames.len() >= 12, "{} frames", frames.len());
    assert!(frames.windows(2).all(|pair| pair[0].time_ms < pair[1].time_ms));
    let with_face = frames.iter().filter(|frame| !frame.faces.is_empty()).count();
    assert!(with_face * 10 >= frames.len() * 9, "a face in {with_face} of {} frames", frames.len());
    let largest = frames.iter().filter_map(|frame| frame.faces.first());
    assert!(largest.filter(|face| face.track == 0).count() * 10 >= with_face * 9, "one person, one number");
}

#[test]
fn lrnet_reads_runs_of_consecutive_frames() {
    let Some(bench) = published() else { return };
    let detection = detect(&bench, "samples/portrait.mp4", &["lrnet-g1", "lrnet-g2"], &Silent);
    assert_eq!(detection.findings.len(), 2);
    let Evidence::Video { frames } = &opinion(&detection).evidence else { panic!("not a film") };
    assert_eq!(frames.len() % 60, 0);
    assert!(frames.len() >= 60);
    assert!(frames[..60].windows(2).all(|pair| pair[1].index == pair[0].index + 1));
}

#[test]
fn aasist_hears_windows_of_speech() {
    let Some(bench) = published() else { return };
    let detection = detect(&bench, "speech-human.wav", &["aasist"], &Silent);
    let Evidence::Audio { windows } = &opinion(&detection).evidence else { panic!("not sound") };
    let duration_ms = detection.facts.duration_ms.unwrap();
    assert!(windows.iter().all(|w| w.start_ms < w.end_ms && w.end_ms <= duration_ms + 32));
}

#[test]
fn what_cannot_be_judged_is_named_and_never_called_real() {
    let Some(bench) = published() else { return };
    let no_face = detect(&bench, "samples/coffee.webp", &["mesonet-df"], &Silent);
    assert_eq!(no_face.findings[0].outcome, Outcome::NotApplicable(vec![Reason::NoFace]));
    assert_eq!(no_face.findings[0].prediction(), Prediction::NotApplicable);
}

#[derive(Default)]
struct Decoded(AtomicU64);

impl Progress for Decoded {
    fn advanced(&self, phase: Phase, _: u64, _: Option<u64>) {
        if phase == Phase::Frames {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
}

#[test]
fn a_second_model_decodes_nothing_again_and_changes_no_answer_of_the_first() {
    let Some(bench) = published() else { return };
    let (one, two) = (Decoded::default(), Decoded::default());
    let alone = detect(&bench, "samples/portrait.mp4", &["mesonet-df"], &one);
    let both = detect(&bench, "samples/portrait.mp4", &["mesonet-df", "mesonet-f2f"], &two);
    assert_eq!(one.0.load(Ordering::SeqCst), two.0.load(Ordering::SeqCst));
    assert_eq!(alone.findings[0].outcome, both.findings[0].outcome);
}

#[test]
fn the_same_file_gives_the_same_answer_whoever_asks_at_the_same_time() {
    let Some(bench) = published() else { return };
    let alone = detect(&bench, "speech-human.wav", &["aasist-l"], &Silent);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4)
            .map(|_| scope.spawn(|| detect(&bench, "speech-human.wav", &["aasist-l"], &Silent)))
            .collect();
        for thread in threads {
            let answer = thread.join().unwrap();
            let difference = opinion(&answer).score.get() - opinion(&alone).score.get();
            assert!(difference.abs() < 1e-4, "{difference}");
        }
    });
}

#[test]
fn every_pipeline_of_a_detector_has_a_real_net_here() {
    let Some(bench) = published() else { return };
    let ready = bench.detector.models().into_iter().filter(|card| card.is_detector && card.state.is_ok());
    let pipelines: std::collections::BTreeSet<&str> = ready.map(|card| card.pipeline).collect();
    for pipeline in ["audio-windows", "face-classifier", "frame-sequence"] {
        assert!(pipelines.contains(pipeline), "{pipelines:?}");
    }
    assert_eq!(MediaKind::ALL.len(), 3);
}

struct StopAt(StopToken);
impl Progress for StopAt {
    fn advanced(&self, phase: Phase, done: u64, _: Option<u64>) {
        if phase == Phase::Frames && done == 3 {
            self.0.stop();
        }
    }
}

#[test]
fn a_stop_in_the_middle_ends_the_work_as_stopped() {
    let Some(bench) = published() else { return };
    let stop = StopToken::new();
    let path = testdata("samples/portrait.mp4");
    let request = Request { path: &path, models: &[], illustrate: false, effort: Effort::All };
    let error = bench.detector.detect(&request, &StopAt(stop.clone()), &stop).unwrap_err();
    assert_eq!(error.code, dk_app::ErrorCode::Stopped);
}

/// A film whose sound no decoder knows: the pictures are judged, and the model that listens fails by name.
#[test]
fn sound_that_cannot_be_decoded_leaves_the_pictures_judged() {
    let Some(bench) = published() else { return };
    let film = std::fs::read(testdata("samples/portrait.mp4")).unwrap();
    let mut damaged = film.clone();
    for (word, other) in [(b"mp4a", b"zzzz"), (b"esds", b"free")] {
        while let Some(at) = damaged.windows(4).position(|bytes| bytes == word) {
            damaged[at..at + 4].copy_from_slice(other);
        }
    }
    assert_ne!(film, damaged);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("film.mp4");
    std::fs::write(&path, damaged).unwrap();
    let models = ["mesonet-df", "synthetic-speech-small"].map(|name| name.parse().unwrap());
    let request = Request { path: &path, models: &models, illustrate: false, effort: Effort::All };
    let detection = bench.detector.detect(&request, &Silent, &StopToken::new()).unwrap();
    assert_eq!(detection.findings[0].model.name.as_str(), "mesonet-df");
    assert!(matches!(detection.findings[0].outcome, Outcome::Answer(_)));
    assert_eq!(detection.failures[0].model.as_str(), "synthetic-speech-small");
}
