//! What the page promises. With `DK_REPORT_OUT` set to a folder, the samples are written there to be looked at.

use dk_app::ErrorCode;
use dk_domain::Prediction;

use super::*;

mod samples;
use samples as of;

#[test]
fn every_kind_of_report_is_a_whole_page_that_needs_nothing_else() {
    for (name, report, original) in of::all() {
        let page = html(name, &report, &of::cards(), original);
        check_balance(&page);
        check_alone(&page);
        if let Some(folder) = std::env::var_os("DK_REPORT_OUT") {
            let file = std::path::Path::new(&folder).join(format!("{name}.html"));
            std::fs::write(file, page).unwrap();
        }
    }
}

#[test]
fn a_mouth_and_a_voice_are_two_curves_with_their_offset_in_words() {
    let page = html("shifted.mp4", &of::lip_sync(), &of::cards(), None);
    check_balance(&page);
    check_alone(&page);
    assert!(page.contains("with the sound 0.42 s later than the mouth"), "the offset is told");
    assert!(page.contains("The voice comes too early or too late for the mouth."));
    for curve in ["<path class=\"mouth\" d=\"M0.0 ", "<path class=\"voice\" d=\"M0.0 "] {
        assert!(page.contains(curve), "{curve}");
    }
}

/// Every element that is opened is closed in the right order, and quotes in tags are in pairs.
pub(crate) fn check_balance(page: &str) {
    const VOID: &[&str] = &["meta", "img", "input", "!doctype"];
    let mut open: Vec<String> = Vec::new();
    let mut rest = page;
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>').expect("a tag ends");
        let tag = &rest[start + 1..end];
        rest = &rest[end + 1..];
        assert_eq!(tag.matches('"').count() % 2, 0, "quotes in <{tag}>");
        let name = tag.trim_start_matches('/').split([' ', '/']).next().unwrap().to_lowercase();
        if tag.starts_with('/') {
            assert_eq!(open.pop().as_deref(), Some(name.as_str()), "</{name}> closes another element");
        } else if !tag.ends_with('/') && !VOID.contains(&name.as_str()) {
            if name == "style" || name == "script" {
                rest = &rest[rest.find("</").expect("style and script end")..];
            }
            open.push(name);
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
}

/// No address outside the page, no inline handler, no inline style, and a policy that says so.
fn check_alone(page: &str) {
    let without_data = page.split("base64,").map(|part| part.split_once('"').map_or(part, |(_, rest)| rest));
    let page: String = without_data.collect();
    for never in
        ["http:", "https:", "//cdn", "@import", "url(", " style=\"", " onclick", " onerror=", "javascript:"]
    {
        assert!(!page.contains(never), "{never} is in the page");
    }
    assert!(
        page.contains("content=\"default-src 'none'; img-src data:; media-src data:; style-src 'sha256-")
    );
    assert!(!page.contains("unsafe-inline"));
}

#[test]
fn the_policy_names_the_hash_of_the_style_and_the_script_that_stand_in_the_page() {
    use base64::Engine as _;
    use sha2::Digest as _;
    let page = html("a.jpg", &of::image(), &of::cards(), None);
    for (element, directive) in [("style", "style-src"), ("script", "script-src")] {
        let start = page.find(&format!("<{element}>")).unwrap() + element.len() + 2;
        let content = &page[start..start + page[start..].find(&format!("</{element}>")).unwrap()];
        let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(content));
        assert!(page.contains(&format!("{directive} 'sha256-{hash}'")), "{element}");
    }
}

#[test]
fn nothing_that_a_file_or_a_package_says_becomes_markup() {
    let bad = "<script>alert(1)</script>\"'\n\u{202e}gpj";
    let mut report = of::video();
    report.facts.format = bad.into();
    report.facts.video.as_mut().unwrap().codec = bad.into();
    report.facts.audio.as_mut().unwrap().codec = bad.into();
    report.failures[0].message = bad.into();
    for finding in &mut report.findings {
        finding.model.version = bad.into();
        finding.model.engine = bad.into();
    }
    let mut cards = of::cards();
    for card in &mut cards {
        card.title = bad.into();
        card.limits = vec![bad.into()];
        card.quality.0 = bad.into();
    }
    let page = html(bad, &report, &cards, Some(Original { mime: bad, bytes: b"x" }));
    assert_eq!(page.matches("<script").count(), 1, "only the script of the report");
    assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;␊⟨U+202E⟩gpj"));
    assert!(!page.contains('\u{202e}'));
    check_balance(&page);
}

#[test]
fn every_model_has_a_card_with_its_limits_quality_and_checksum() {
    for (name, report, _) in of::all() {
        let page = html(name, &report, &of::cards(), None);
        for finding in &report.findings {
            let card = of::cards().into_iter().find(|card| card.name == finding.model.name).unwrap();
            for said in [card.title, card.quality.0, card.limits[0].clone(), finding.model.sha256.to_string()]
            {
                assert!(page.contains(&escape::text(&said).to_string()), "{name}: {said}");
            }
        }
        for failure in &report.failures {
            assert!(page.contains(failure.code.as_str()) && page.contains(&failure.message));
        }
    }
}

#[test]
fn every_frame_window_and_span_can_be_gone_to() {
    let page = html("clip.mp4", &of::video(), &of::cards(), None);
    for time_ms in (0..24).map(|i| i * 400) {
        assert!(page.contains(&format!("data-seek=\"{time_ms}\" role=\"button\"")), "{time_ms}");
    }
    assert!(page.contains("<button type=\"button\" data-seek=\"4000\">0:04.000 – 0:06.400</button>"));
    let page = html("voice.wav", &of::audio(), &of::cards(), None);
    assert!(page.contains("data-seek=\"6000\" role=\"button\" tabindex=\"-1\"><title>0:06.000 – 0:10.000: "));
    assert!(page.contains("class=\"wave\""));
}

#[test]
fn the_same_moments_are_there_as_a_table() {
    let page = html("clip.mp4", &of::video(), &of::cards(), None);
    assert!(page.contains("<td><button type=\"button\" data-seek=\"4400\">0:04.400</button></td><td>9"));
    assert!(page.contains("<td>–</td><td>not judged</td>"));
}

#[test]
fn a_long_file_stays_small_and_keeps_its_peak() {
    let report = of::long_audio(20_000, 12_345);
    let page = html("long.ogg", &report, &of::cards(), None);
    assert!(page.len() < 700_000, "{} bytes", page.len());
    assert!(page.contains(&format!("data-seek=\"{}\"", 12_345 * 1000)));
    assert!(page.contains("of 20000 moments"));
}

#[test]
fn many_frames_become_a_short_strip_that_says_so() {
    let mut report = of::video();
    let first = report.illustration.thumbnails[0].clone();
    report.illustration.thumbnails = vec![first; 1000];
    let page = html("long.mp4", &report, &of::cards(), None);
    assert!(page.matches("data-frame=").count() <= 96);
    assert!(page.contains("One of every 11 frames"));
}

#[test]
fn frames_are_not_joined_over_a_gap_that_nobody_looked_at() {
    let mut report = of::video();
    let dk_domain::Outcome::Answer(opinion) = &mut report.findings[0].outcome else { panic!("an answer") };
    let dk_domain::Evidence::Video { frames } = &mut opinion.evidence else { panic!("frames") };
    frames.drain(4..12);
    let page = html("gap.mp4", &report, &of::cards(), None);
    let line = page.split("class=\"line\"").nth(1).unwrap().split("</svg>").next().unwrap();
    assert_eq!(
        line.matches('M').count(),
        3,
        "begin, after the gap, after the frame that was not judged: {line}"
    );
}

#[test]
fn faces_are_drawn_and_told_with_the_person_and_the_probability() {
    let page = html("clip.mp4", &of::video(), &of::cards(), None);
    assert!(page.contains(">1 · 9"));
    assert!(page.contains("Person 2: "));
    let page = html("two.jpg", &of::image(), &of::cards(), None);
    assert!(page.contains("Person 1: 97\u{a0}%, sign found (Face forgery"));
}

#[test]
fn a_heat_map_can_be_switched_and_read_as_a_table() {
    let page = html("two.jpg", &of::image(), &of::cards(), None);
    assert!(page.contains("data-switch=\"heat-0\"") && page.contains("data-layer=\"heat-0\""));
    assert!(page.contains("half the picture’s width and height"));
    assert_eq!(page.matches("fill-opacity").count(), 9);
    assert!(page.contains("Heat map as a table"));
}

#[test]
fn without_the_file_there_is_no_player_and_the_page_says_so() {
    let page = html("clip.mp4", &of::video(), &of::cards(), None);
    assert!(!page.contains("<video") && page.contains("There is no player in this report"));
    let page =
        html("clip.mp4", &of::video(), &of::cards(), Some(Original { mime: "video/mp4", bytes: b"abc" }));
    assert!(page.contains("src=\"data:video/mp4;base64,YWJj\"></video>"));
    assert!(page.contains("data-from=\"") && !page.contains("There is no player"));
    let page =
        html("voice.wav", &of::audio(), &of::cards(), Some(Original { mime: "audio/wav", bytes: b"abc" }));
    assert!(page.contains("src=\"data:audio/wav;base64,YWJj\"></audio>"));
}

#[test]
fn the_verdict_is_said_in_words_with_what_it_does_not_mean() {
    for (name, report, _) in of::all() {
        let page = html(name, &report, &of::cards(), None);
        let prediction = report.verdict.prediction;
        assert!(page.contains(&format!("Verdict: <strong>{prediction}</strong>")));
        assert!(page.contains(words::means(prediction)) && page.contains(words::means_not(prediction)));
        for reason in &report.verdict.reasons {
            assert!(page.contains(&escape::text(reason.in_words()).to_string()));
        }
    }
}

#[test]
fn what_could_not_be_looked_at_is_never_worded_as_real() {
    let report = of::not_applicable();
    assert_eq!(report.verdict.prediction, Prediction::NotApplicable);
    assert!(report.failures.iter().any(|failure| failure.code == ErrorCode::TimedOut));
    let page = html("wall.png", &report, &of::cards(), None);
    assert!(page.contains("Not evaluated") && page.contains("never as REAL"));
    assert!(!page.contains("Probability that it was made"));
    assert!(page.contains("No face was found.") && page.contains("Use a file in which a face is seen"));
}

#[test]
fn an_unrated_model_is_shown_and_said_to_decide_nothing() {
    let page = html("clip.mp4", &of::video(), &of::cards(), None);
    assert!(page.contains("Its score is shown and decides nothing."));
    assert!(page.contains("unrated, decides nothing; 24 frames"));
    let track = page.split("id=\"lane-face-swap-old\"").nth(1).unwrap().split("</div>").next().unwrap();
    assert!(track.contains("96.0\u{a0}%, unrated") && track.contains("href=\"#s-plain\""));
    for reading in ["sign found", "no sign", "zone-fake"] {
        assert!(
            !track.contains(reading),
            "thresholds of an unrated model mean nothing, and {reading} is said"
        );
    }
    assert!(page.contains("<dt>FAKE from</dt><dd>not set</dd>"));
}

#[test]
fn a_model_whose_card_is_missing_is_shown_under_its_name() {
    let page = html("clip.mp4", &of::video(), &[], None);
    assert!(page.contains("<h3>face-forgery-net</h3>") && page.contains("quality and limits are unknown"));
}

#[test]
fn a_file_without_models_pictures_or_sound_still_gives_a_page() {
    let mut report = of::video();
    report.findings.clear();
    report.failures.clear();
    report.illustration = dk_app::Illustration::default();
    report.verdict = dk_domain::conclude(&[], 0);
    let page = html("", &report, &[], None);
    check_balance(&page);
    assert!(page.contains("No model looked at this file.") && !page.contains("NaN"));
}
