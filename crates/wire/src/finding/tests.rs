//! What is written is read back, for every kind of evidence.

use dk_domain::{AudioFacts, Exif, Family, ImageFacts, OperatingPoint, Sha256, Track, VideoFacts, Weight};

use super::*;
use crate::MAX_SERIES;

fn p(value: f64) -> Probability {
    Probability::new(value).unwrap()
}

fn facts(kind: MediaKind) -> MediaFacts {
    let image = ImageFacts { width_px: 640, height_px: 427, animated: false, exif: Exif::default() };
    let video = VideoFacts {
        codec: "h264".into(),
        width_px: 640,
        height_px: 360,
        fps: Some(29.97),
        rotation_deg: 90,
        bit_depth: 8,
    };
    let audio = AudioFacts { codec: "aac".into(), sample_rate_hz: 44_100, channels: 2 };
    MediaFacts {
        kind,
        format: "any".into(),
        bytes: 1_432_112,
        sha256: Sha256::from([171; 32]),
        duration_ms: (kind != MediaKind::Image).then_some(9_600),
        image: (kind == MediaKind::Image).then_some(image),
        video: (kind == MediaKind::Video).then_some(video),
        audio: (kind != MediaKind::Image).then_some(audio),
    }
}

fn finding(weight: Weight, outcome: Outcome) -> Finding {
    Finding {
        model: ModelId {
            name: "some-model".parse().unwrap(),
            version: "1.2.0".into(),
            sha256: Sha256::from([7; 32]),
            engine: "rten 0.27".into(),
        },
        family: "synthetic-image".parse::<Family>().unwrap(),
        weight,
        outcome,
        origin: None,
        took_secs: 1.234_567,
    }
}

fn opinion(probability: f64, evidence: Evidence) -> Opinion {
    Opinion {
        score: Score::new(-12.345_678).unwrap(),
        probability: p(probability),
        point: Some(OperatingPoint::new(0.1 + 0.2, 0.931_400_000_000_1).unwrap()),
        evidence,
        spans: vec![Span { start_ms: 400, end_ms: 800, track: Track::Face, probability: p(0.987_65) }],
        reasons: vec![Reason::PartOnly],
        left_out: 0,
    }
}

fn answer(probability: f64, evidence: Evidence) -> Finding {
    finding(Weight::Weak, Outcome::Answer(Box::new(opinion(probability, evidence))))
}

fn face(track: u32) -> Face {
    let at = FaceBox { x: 0.123_456, y: 0.2, width: 1.0 / 3.0, height: 0.3 };
    Face { at, sureness: 0.987_654, track, probability: Some(p(0.555_55)) }
}

fn picture() -> Evidence {
    let cells = (0..9).map(|i| p(f64::from(i) / 9.0)).collect();
    Evidence::Image { faces: vec![face(0), face(1)], heatmap: Some(Heatmap { rows: 3, columns: 3, cells }) }
}

fn frames(count: u32) -> Evidence {
    let frame = |index: u32| FrameScore {
        index,
        time_ms: u64::from(index) * 40,
        probability: (index % 3 != 1).then(|| p(f64::from(index % 7) / 7.0)),
        faces: if index.is_multiple_of(2) { vec![face(index)] } else { Vec::new() },
    };
    Evidence::Video { frames: (0..count).map(frame).collect() }
}

fn windows(count: u64) -> Evidence {
    let window = |i: u64| WindowScore {
        start_ms: i * 1000,
        end_ms: i * 1000 + 1500,
        probability: p((i % 11) as f64 / 11.0),
    };
    Evidence::Audio { windows: (0..count).map(window).collect() }
}

fn sync() -> Evidence {
    let moment = |i: u64| SyncMoment { time_ms: i * 100, mouth: 0.1, voice: (i % 9) as f32 / 9.0 };
    let moments = (0..160).map(moment).collect();
    Evidence::Sync(SyncEvidence {
        offset_ms: -420,
        best: 1.234_56,
        in_place: 0.1,
        compared_ms: 16_000,
        moments,
    })
}

/// What is made of a finding, sent as text, read back, and made again.
fn there_and_back(finding: &Finding, facts: &MediaFacts) -> (ResultPayload, Finding, ResultPayload) {
    let first = ResultPayload::new(finding, facts);
    let text = serde_json::to_string(&first).unwrap();
    let received: ResultPayload = serde_json::from_str(&text).unwrap();
    let read = Finding::try_from(&received).unwrap();
    let second = ResultPayload::new(&read, facts);
    (first, read, second)
}

#[test]
fn a_payload_read_back_gives_the_same_payload() {
    let unrated = Opinion { point: None, reasons: vec![Reason::Unrated], ..opinion(0.5, picture()) };
    let silent = Outcome::NotApplicable(vec![Reason::NoFace, Reason::FaceTooSmall]);
    let mark = Outcome::Answer(Box::new(opinion(0.999, windows(24))));
    let all = [
        (finding(Weight::Declared, mark), MediaKind::Audio),
        (answer(0.95, picture()), MediaKind::Image),
        (answer(0.5, Evidence::Image { faces: Vec::new(), heatmap: None }), MediaKind::Image),
        (finding(Weight::Unrated, Outcome::Answer(Box::new(unrated))), MediaKind::Image),
        (answer(0.05, frames(24)), MediaKind::Video),
        (answer(0.95, sync()), MediaKind::Video),
        (answer(0.95, frames(0)), MediaKind::Video),
        (answer(0.95, windows(24)), MediaKind::Video),
        (answer(1.0 / 3.0, windows(24)), MediaKind::Audio),
        (finding(Weight::Strong, silent), MediaKind::Video),
        (answer(0.95, frames(MAX_SERIES as u32 * 3 + 1)), MediaKind::Video),
        (answer(0.05, windows(MAX_SERIES as u64 + 1)), MediaKind::Audio),
    ];
    for (finding, kind) in all {
        let (first, read, second) = there_and_back(&finding, &facts(kind));
        assert_eq!(first, second);
        assert_eq!((read.prediction(), read.vote()), (finding.prediction(), finding.vote()));
    }
}

#[test]
fn a_thinned_series_says_how_much_was_left_out() {
    let count = MAX_SERIES as u32 * 2 + 10;
    let (first, read, _) = there_and_back(&answer(0.95, frames(count)), &facts(MediaKind::Video));
    assert!(first.metrics.thinned);
    let Outcome::Answer(opinion) = read.outcome else { panic!("an answer") };
    let Evidence::Video { frames } = &opinion.evidence else { panic!("frames") };
    assert!(frames.len() <= MAX_SERIES);
    assert_eq!(frames.len() + opinion.left_out, count as usize);
}

fn document(findings: &[Finding], kind: MediaKind) -> FileDocument {
    let failures = vec![FailureMessage {
        model: "other-model".into(),
        code: "timed_out".into(),
        message: "took longer than 60 s".into(),
    }];
    let verdict = conclude(findings, failures.len());
    FileDocument::new("clip.mp4".into(), &facts(kind), &verdict, findings, failures)
}

#[test]
fn a_document_read_back_gives_the_same_document_and_an_unrounded_verdict() {
    let document = document(&[answer(1.0 / 3.0, frames(3)), answer(0.2, windows(3))], MediaKind::Video);
    let read = Judged::try_from(&document).unwrap();
    assert_eq!(read.facts, facts(MediaKind::Video));
    assert_eq!(read.failures[0].code, ErrorCode::TimedOut);
    assert_ne!(read.verdict.probability.map(Probability::get), document.verdict.probability);
    let again = FileDocument::new(
        "clip.mp4".into(),
        &read.facts,
        &read.verdict,
        &read.findings,
        document.failures.clone(),
    );
    assert_eq!(again, document);
}

#[test]
fn a_verdict_that_the_rule_does_not_come_to_is_taken_as_it_is() {
    let mut document = document(&[answer(0.95, picture())], MediaKind::Image);
    document.verdict.prediction = "INCONCLUSIVE".into();
    let read = Judged::try_from(&document).unwrap();
    assert_eq!(read.verdict.prediction, Prediction::Inconclusive);
}

#[test]
fn what_cannot_be_is_refused_by_the_name_of_its_field() {
    let good = ResultPayload::new(&answer(0.95, frames(3)), &facts(MediaKind::Video));
    let refused = |change: &dyn Fn(&mut ResultPayload)| {
        let mut payload = good.clone();
        change(&mut payload);
        Finding::try_from(&payload).unwrap_err().field
    };
    assert_eq!(refused(&|p| p.prediction = "REAL".into()), "prediction");
    assert_eq!(refused(&|p| p.score = None), "score");
    assert_eq!(refused(&|p| p.frame_predictions = None), "frame_predictions");
    assert_eq!(refused(&|p| p.segments[0].end_ms = 0), "segments");
    assert_eq!(refused(&|p| p.segments[0].track = "smell".into()), "segments.track");
    assert_eq!(refused(&|p| p.model.sha256.clear()), "model.sha256");
    assert_eq!(
        refused(&|p| p.frame_predictions.as_mut().unwrap()[0].score = Some(2.0)),
        "frame_predictions.score"
    );
    assert_eq!(refused(&|p| p.frame_predictions.as_mut().unwrap()[0].faces[0].r#box[0] = 1e300), "faces.box");
    let mut image = ResultPayload::new(&answer(0.95, picture()), &facts(MediaKind::Image));
    image.heatmap.as_mut().unwrap().columns = 4;
    assert_eq!(Finding::try_from(&image).unwrap_err().field, "heatmap");
    let mut document = document(&[], MediaKind::Image);
    document.schema = "something else".into();
    assert_eq!(Judged::try_from(&document).unwrap_err().field, "schema");
}
