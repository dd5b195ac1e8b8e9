//! Reports as the detector makes them, for the tests of the page.

use dk_app::{ErrorCode, Illustration, ModelCard, ModelFailure, Quality, Report, Thumbnail};
use dk_domain::*;

use crate::Original;

/// No test decodes a picture, so any bytes stand for one.
const JPEG: &[u8] = b"a small picture";

fn p(value: f64) -> Probability {
    Probability::new(value).unwrap()
}

/// Model name, title, family, weight.
const MODELS: &[(&str, &str, &str, Weight)] = &[
    ("clip-probe", "AI-generated picture (linear probe)", "generated-image", Weight::Weak),
    ("face-forgery-net", "Face forgery (compact net)", "face-forgery", Weight::Strong),
    ("face-swap-old", "Face swap <2019>", "face-forgery", Weight::Unrated),
    ("speech-small", "Synthetic speech (small)", "synthetic-speech", Weight::Weak),
];

pub(super) fn cards() -> Vec<ModelCard> {
    let card = |&(name, title, family, weight): &(&str, &str, &str, Weight)| ModelCard {
        name: name.parse().unwrap(),
        version: "1.2.0".into(),
        title: title.into(),
        family: family.parse().unwrap(),
        weight,
        kinds: MediaKind::ALL.to_vec(),
        pipeline: "face-classifier",
        licence: "Apache-2.0".into(),
        origin: "https://example.org/model".into(),
        limits: vec![
            "Misses generators that are newer than its training data.".into(),
            "Needs faces > 60 px.".into(),
        ],
        quality: Quality::new(format!(
            "AUC 0.83 (0.79 to 0.86) on 1,204 files from 11 sources it never saw ({name})."
        )),
        state: Ok("ort 1.31.1".into()),
        is_detector: true,
        on_request: false,
    };
    MODELS.iter().map(card).collect()
}

fn finding(index: usize, outcome: Outcome) -> Finding {
    let (name, _, family, weight) = MODELS[index];
    Finding {
        model: ModelId {
            name: name.parse().unwrap(),
            version: "1.2.0".into(),
            sha256: Sha256::from([u8::try_from(index).unwrap() + 17; 32]),
            engine: "ort 1.31.1".into(),
        },
        family: family.parse().unwrap(),
        weight,
        outcome,
        origin: None,
        took_secs: 1.234,
    }
}

fn answer(index: usize, probability: f64, evidence: Evidence, spans: Vec<Span>) -> Finding {
    let rated = MODELS[index].3 != Weight::Unrated;
    let reasons = if index == 1 { vec![Reason::PartOnly] } else { Vec::new() };
    let score = Score::new(p(probability).log_odds()).unwrap();
    finding(
        index,
        Outcome::Answer(Box::new(Opinion {
            score,
            probability: p(probability),
            point: rated.then(|| OperatingPoint::new(0.2, 0.9).unwrap()),
            evidence,
            spans,
            reasons,
            left_out: 0,
        })),
    )
}

fn face(track: u32, x: f32, y: f32, probability: Option<f64>) -> Face {
    let at = FaceBox { x, y, width: 0.16, height: 0.3 };
    Face { at, sureness: 0.9, track, probability: probability.map(p) }
}

fn facts(kind: MediaKind, format: &str, duration_ms: Option<u64>) -> MediaFacts {
    let with = |kinds: &[MediaKind]| kinds.contains(&kind);
    MediaFacts {
        kind,
        format: format.into(),
        bytes: 1_432_112,
        sha256: Sha256::from([171; 32]),
        duration_ms,
        image: with(&[MediaKind::Image]).then_some(ImageFacts {
            width_px: 640,
            height_px: 427,
            animated: false,
            exif: Exif { orientation: Some(6) },
        }),
        video: with(&[MediaKind::Video]).then(|| VideoFacts {
            codec: "h264".into(),
            width_px: 640,
            height_px: 360,
            fps: Some(29.97),
            rotation_deg: 90,
            bit_depth: 8,
        }),
        audio: with(&[MediaKind::Video, MediaKind::Audio]).then(|| AudioFacts {
            codec: "aac".into(),
            sample_rate_hz: 44_100,
            channels: 2,
        }),
    }
}

fn report(
    facts: MediaFacts,
    findings: Vec<Finding>,
    failures: Vec<ModelFailure>,
    illustration: Illustration,
) -> Report {
    Report { verdict: conclude(&findings, failures.len()), facts, findings, failures, illustration }
}

fn failure(index: usize, code: ErrorCode, message: &str) -> ModelFailure {
    ModelFailure { model: MODELS[index].0.parse().unwrap(), code, message: message.into() }
}

/// A real picture where `DK_REPORT_PICTURES` names a folder of them, to look at the page with.
fn jpeg(variable: &str, number: usize) -> Vec<u8> {
    let folder = std::env::var_os("DK_REPORT_PICTURES");
    let file = folder.map(|folder| std::path::Path::new(&folder).join(format!("{variable}-{number:02}.jpg")));
    file.and_then(|file| std::fs::read(file).ok()).unwrap_or_else(|| JPEG.to_vec())
}

pub(super) fn lip_sync() -> Report {
    let moment = |i: u16| SyncMoment {
        time_ms: u64::from(i) * 100,
        mouth: f32::from(i % 7) / 6.0,
        voice: f32::from(i % 5) / 4.0,
    };
    let moments = (0..80).map(moment).collect();
    let sync = SyncEvidence { offset_ms: 420, best: 1.12, in_place: 0.21, compared_ms: 8000, moments };
    let mut finding = answer(2, 0.99, Evidence::Sync(sync), Vec::new());
    if let Outcome::Answer(opinion) = &mut finding.outcome {
        opinion.reasons = vec![Reason::SoundShifted, Reason::Unrated];
    }
    let facts = facts(MediaKind::Video, "mov,mp4", Some(8_200));
    report(facts, vec![finding], Vec::new(), Illustration::default())
}

pub(super) fn image() -> Report {
    let cells = [0.12, 0.35, 0.08, 0.55, 0.97, 0.61, 0.2, 0.93, 0.31].map(p).to_vec();
    let heatmap = Some(Heatmap { rows: 3, columns: 3, cells });
    let faces = vec![face(0, 0.3, 0.2, Some(0.97)), face(1, 0.7, 0.02, None)];
    let findings = vec![
        answer(0, 0.42, Evidence::Image { faces: Vec::new(), heatmap }, Vec::new()),
        answer(1, 0.97, Evidence::Image { faces, heatmap: None }, Vec::new()),
    ];
    let thumbnail = Thumbnail { time_ms: None, width_px: 480, height_px: 320, jpeg: jpeg("image", 0) };
    let illustration = Illustration { thumbnails: vec![thumbnail], peaks: Vec::new() };
    report(facts(MediaKind::Image, "jpeg", None), findings, Vec::new(), illustration)
}

/// 24 frames in 9.6 s; the second person is there in the middle, where the first looks altered.
fn frames(shift: f64) -> Vec<FrameScore> {
    let frame = |i: u32| {
        let time_ms = u64::from(i) * 400;
        let suspicious = (4000..=6400).contains(&time_ms);
        let value = if suspicious { 0.95 } else { 0.12 } + f64::from(i % 3) * 0.02 - shift;
        let probability = (i != 20).then(|| value.clamp(0.0, 1.0));
        let mut faces = vec![face(0, 0.3 + i as f32 * 0.005, 0.2, probability)];
        if suspicious {
            faces.push(face(1, 0.62, 0.25, Some(0.08)));
        }
        FrameScore { index: i * 12, time_ms, probability: probability.map(p), faces }
    };
    (0..24).map(frame).collect()
}

pub(super) fn video() -> Report {
    let span = |track| Span { start_ms: 4000, end_ms: 6400, track, probability: p(0.99) };
    let windows = (0..4)
        .map(|i| WindowScore {
            start_ms: i * 2000,
            end_ms: i * 2000 + 4000,
            probability: p(0.1 + i as f64 * 0.1),
        })
        .collect();
    let findings = vec![
        answer(1, 0.96, Evidence::Video { frames: frames(0.0) }, vec![span(Track::Face)]),
        answer(2, 0.4, Evidence::Video { frames: frames(0.03) }, vec![span(Track::Face)]),
        answer(3, 0.15, Evidence::Audio { windows }, Vec::new()),
    ];
    let thumbnail = |i: usize| Thumbnail {
        time_ms: Some(i as u64 * 800),
        width_px: 480,
        height_px: 270,
        jpeg: jpeg("video", i),
    };
    let peaks = (0..400).map(|i| ((i as f32 / 9.0).sin() * (i as f32 / 70.0).cos()).abs() * 0.4).collect();
    let illustration = Illustration { thumbnails: (0..12).map(thumbnail).collect(), peaks };
    let failures = vec![failure(0, ErrorCode::ModelFailed, "cannot run clip-probe: the input has no shape")];
    report(facts(MediaKind::Video, "mp4", Some(9_600)), findings, failures, illustration)
}

pub(super) fn audio() -> Report {
    let window = |i: u32| WindowScore {
        start_ms: u64::from(i) * 2000,
        end_ms: u64::from(i) * 2000 + 4000,
        probability: p((f64::from(i) * 0.7).sin().mul_add(0.3, 0.5)),
    };
    let evidence = Evidence::Audio { windows: (0..18).map(window).collect() };
    let peaks = (0..400).map(|i| ((i as f32 / 5.0).sin() * (i as f32 / 40.0).cos()).abs()).collect();
    let illustration = Illustration { thumbnails: Vec::new(), peaks };
    report(
        facts(MediaKind::Audio, "wav", Some(38_000)),
        vec![answer(3, 0.62, evidence, Vec::new())],
        Vec::new(),
        illustration,
    )
}

pub(super) fn real_audio() -> Report {
    let mut report = audio();
    if let Outcome::Answer(opinion) = &mut report.findings[0].outcome {
        opinion.probability = p(0.04);
    }
    report.verdict = conclude(&report.findings, 0);
    report
}

/// Windows of one second, all but one of them harmless.
pub(super) fn long_audio(count: u64, peak: u64) -> Report {
    let window = |i| WindowScore {
        start_ms: i * 1000,
        end_ms: i * 1000 + 1000,
        probability: p(if i == peak { 0.99 } else { 0.1 }),
    };
    let evidence = Evidence::Audio { windows: (0..count).map(window).collect() };
    let facts = facts(MediaKind::Audio, "ogg", Some(count * 1000));
    report(facts, vec![answer(3, 0.1, evidence, Vec::new())], Vec::new(), Illustration::default())
}

pub(super) fn not_applicable() -> Report {
    let findings = vec![finding(1, Outcome::NotApplicable(vec![Reason::NoFace]))];
    let failures = vec![failure(0, ErrorCode::TimedOut, "clip-probe took longer than 60 s")];
    let thumbnail = Thumbnail { time_ms: None, width_px: 480, height_px: 320, jpeg: jpeg("image", 0) };
    let illustration = Illustration { thumbnails: vec![thumbnail], peaks: Vec::new() };
    report(facts(MediaKind::Image, "png", None), findings, failures, illustration)
}

/// One of each, with a name for the page; with a player where `DK_REPORT_IMAGE`, `_VIDEO` or `_AUDIO` names a file.
pub(super) fn all() -> Vec<(&'static str, Report, Option<Original<'static>>)> {
    let original = |variable: &str, mime| {
        let path = std::env::var_os(variable)?;
        let bytes: &'static [u8] = std::fs::read(path).ok()?.leak();
        Some(Original { mime, bytes })
    };
    vec![
        ("image", image(), original("DK_REPORT_IMAGE", "image/jpeg")),
        ("video", video(), original("DK_REPORT_VIDEO", "video/mp4")),
        ("video without player", video(), None),
        ("audio", audio(), original("DK_REPORT_AUDIO", "audio/wav")),
        ("no sign", real_audio(), None),
        ("not applicable", not_applicable(), None),
        ("long", long_audio(900, 345), None),
    ]
}
