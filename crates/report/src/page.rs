//! The frame of the page: head, verdict, facts of the file, and how it was decided.

use std::fmt::Display;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dk_domain::{
    Finding, MediaFacts, OperatingPoint, Outcome, Prediction, Probability, Reason, Weight, timecode,
};
use sha2::{Digest, Sha256};

use super::escape::text;
use super::reading::Reading;
use super::{View, put, words};

const STYLE: &str = include_str!("report.css");
const SCRIPT: &str = include_str!("report.js");

/// Shapes that say the reading without colour; used by headline, cards, and marks of the timeline.
const SHAPES: &str = r#"<svg class="shapes" aria-hidden="true" width="0" height="0"><defs>
<path id="s-fake" d="M0-6.5 6.5 5h-13z"/>
<rect id="s-open" x="-4.5" y="-4.5" width="9" height="9" transform="rotate(45)"/>
<circle id="s-real" r="4.5"/>
<path id="s-none" d="M-4-4 4 4M4-4-4 4"/>
<path id="s-plain" d="M-3.5-3.5h7v7h-7z"/>
<path id="d-fake" d="M0-4.5 4.5 3.5h-9z"/>
<rect id="d-open" x="-2.8" y="-2.8" width="5.6" height="5.6" transform="rotate(45)"/>
<circle id="d-real" r="2.6"/>
<path id="d-none" d="M-2-2 2 2M2-2-2 2"/>
<path id="d-plain" d="M-2-2h4v4h-4z"/>
</defs></svg>
"#;

/// Everything before the first section.
pub(super) fn head(out: &mut String, view: &View<'_>) {
    put!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; img-src data:; media-src data:; \
         style-src 'sha256-{}'; script-src 'sha256-{}'; base-uri 'none'; form-action 'none'\">\n\
         <meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>{}: {}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{SHAPES}",
        hash(STYLE),
        hash(SCRIPT),
        view.report.verdict.prediction,
        text(view.file_name),
    );
    put!(
        out,
        "<header>\n<p class=\"brand\">Drishtiksha report</p>\n<h1><bdi>{}</bdi></h1>\n</header>\n<main>\n",
        text(view.file_name)
    );
}

/// The end of the page. The script stands last, so that everything it looks for is there.
pub(super) fn foot(out: &mut String) {
    put!(
        out,
        "</main>\n<footer><p>Everything that this page shows is inside it: it loads nothing from \
         elsewhere and sends nothing.</p></footer>\n<script>{SCRIPT}</script>\n</body>\n</html>\n"
    );
}

/// A hash as the content security policy wants it.
fn hash(content: &str) -> String {
    STANDARD.encode(Sha256::digest(content.as_bytes()))
}

/// What is said of the file, and what that means.
pub(super) fn verdict(out: &mut String, view: &View<'_>) {
    let verdict = &view.report.verdict;
    let (prediction, class) = (verdict.prediction, Reading::from(verdict.prediction).class());
    put!(
        out,
        "<section class=\"verdict {class}\" aria-labelledby=\"h-verdict\">\n\
         <svg class=\"sign\" viewBox=\"-9 -9 18 18\" aria-hidden=\"true\"><use href=\"#s-{class}\"/></svg>\n\
         <div><h2 id=\"h-verdict\">{}</h2>\n<p class=\"code\">Verdict: <strong>{prediction}</strong></p>\n",
        words::headline(prediction),
    );
    if let Some(probability) = verdict.probability {
        let members = deciding(view);
        put!(
            out,
            "<p class=\"chance\">Probability that it was made or altered by AI: <strong>{}</strong></p>\n",
            words::percent(probability)
        );
        let point = match members.as_slice() {
            [(_, only)] => Some(*only),
            _ => None,
        };
        scale(out, probability, point);
        put!(out, "<p class=\"soft\">{}</p>\n", text(&basis(view, &members)));
    }
    put!(
        out,
        "</div>\n<div class=\"meaning\"><div><h3>What it means</h3><p>{}</p></div>\n\
         <div><h3>What it does not mean</h3><p>{}</p></div></div>\n",
        words::means(prediction),
        words::means_not(prediction),
    );
    reasons(out, &verdict.reasons, "h3", "Why");
    out.push_str("</section>\n");
}

/// The rated models of the family that decided, with their thresholds.
fn deciding<'a>(view: &View<'a>) -> Vec<(&'a Finding, OperatingPoint)> {
    let family = view.report.verdict.decided_by.as_ref();
    let of_family = view.report.findings.iter().filter(|f| Some(&f.family) == family);
    of_family
        .filter_map(|finding| match &finding.outcome {
            Outcome::Answer(opinion) => Some((finding, opinion.point?)),
            Outcome::NotApplicable(_) => None,
        })
        .collect()
}

/// On what the probability rests, and how much that carries.
fn basis(view: &View<'_>, members: &[(&Finding, OperatingPoint)]) -> String {
    let titles: Vec<&str> = members.iter().map(|(finding, _)| view.title(finding)).collect();
    let family = view.report.verdict.decided_by.as_ref().map_or("", |family| family.as_str());
    let mut basis = format!("It comes from the family “{family}”: {}.", titles.join(", "));
    if !members.is_empty() && members.iter().all(|(finding, _)| finding.weight == Weight::Weak) {
        basis.push_str(
            " This is weak evidence: better than chance on files the models never saw, and often wrong.",
        );
    }
    basis
}

/// A bar from 0 to 100 % with the probability and, where one pair of them means something, the thresholds.
pub(super) fn scale(out: &mut String, probability: Probability, point: Option<OperatingPoint>) {
    let at = probability.get() * 100.0;
    let (shape, told) = match point {
        Some(point) => {
            let told = format!(
                "; no sign below {}, sign from {} on",
                words::fine_percent(point.real_below()),
                words::fine_percent(point.fake_at())
            );
            (Reading::from(point.prediction(probability)).class(), told)
        }
        None => ("plain", String::new()),
    };
    put!(
        out,
        "<svg class=\"scale\" role=\"img\" aria-label=\"{}{told}\">\
         <rect class=\"bar\" y=\"14\" width=\"100%\" height=\"8\" rx=\"4\"/>",
        words::fine_percent(probability)
    );
    if let Some(point) = point {
        let (low, high) = (point.real_below().get() * 100.0, point.fake_at().get() * 100.0);
        put!(
            out,
            "<rect class=\"zone-real\" y=\"14\" width=\"{low:.2}%\" height=\"8\" rx=\"4\"/>\
             <rect class=\"zone-fake\" x=\"{high:.2}%\" y=\"14\" width=\"{:.2}%\" height=\"8\" rx=\"4\"/>\
             <line x1=\"{low:.2}%\" x2=\"{low:.2}%\" y1=\"10\" y2=\"26\"/>\
             <line x1=\"{high:.2}%\" x2=\"{high:.2}%\" y1=\"10\" y2=\"26\"/>\
             <text x=\"0\" y=\"38\">no sign</text><text class=\"end\" x=\"100%\" y=\"38\">sign</text>",
            100.0 - high
        );
    }
    put!(out, "<use class=\"m {shape}\" href=\"#s-{shape}\" x=\"{at:.2}%\" y=\"18\"/></svg>\n");
}

/// Reasons in words, each with what helps.
pub(super) fn reasons(out: &mut String, reasons: &[Reason], level: &str, heading: &str) {
    if reasons.is_empty() {
        return;
    }
    put!(out, "<div class=\"reasons\"><{level}>{heading}</{level}><ul>");
    for reason in reasons {
        put!(
            out,
            "<li>{} <span class=\"soft\">{}</span></li>",
            text(reason.in_words()),
            text(reason.advice())
        );
    }
    out.push_str("</ul></div>\n");
}

/// What is known of the file itself.
pub(super) fn facts(out: &mut String, view: &View<'_>) {
    let facts = &view.report.facts;
    out.push_str(
        "<section aria-labelledby=\"h-facts\"><h2 id=\"h-facts\">The file</h2>\n<dl class=\"facts\">",
    );
    term(out, "Kind", words::kind(facts.kind));
    term(out, "Format", text(&facts.format));
    term(out, "Size", format_args!("{} ({} bytes)", words::size(facts.bytes), words::grouped(facts.bytes)));
    if let Some(ms) = facts.duration_ms {
        term(out, "Duration", timecode(ms));
    }
    streams(out, facts);
    put!(
        out,
        "<div class=\"wide\"><dt>SHA-256</dt><dd class=\"sum\">{}</dd></div></dl></section>\n",
        facts.sha256
    );
}

fn streams(out: &mut String, facts: &MediaFacts) {
    if let Some(image) = &facts.image {
        term(out, "Picture", format_args!("{} × {} px", image.width_px, image.height_px));
        if let Some(turn) = image.exif.orientation.filter(|turn| *turn != 1) {
            term(out, "Orientation", format_args!("EXIF {turn}, applied"));
        }
        if image.animated {
            term(out, "Animated", "only its first picture was judged");
        }
    }
    if let Some(video) = &facts.video {
        term(
            out,
            "Picture",
            format_args!("{} × {} px, {} bit", video.width_px, video.height_px, video.bit_depth),
        );
        term(out, "Video codec", text(&video.codec));
        if let Some(fps) = video.fps {
            term(out, "Frames per second", format_args!("{fps:.2}"));
        }
        if video.rotation_deg != 0 {
            term(out, "Turned by", format_args!("{}°, applied", video.rotation_deg));
        }
    }
    if let Some(audio) = &facts.audio {
        term(out, "Audio codec", text(&audio.codec));
        term(out, "Sound", format_args!("{} Hz, channels: {}", audio.sample_rate_hz, audio.channels));
    }
}

/// A term of a description list. What comes from outside is escaped by the caller.
pub(super) fn term(out: &mut String, name: &str, value: impl Display) {
    put!(out, "<div><dt>{name}</dt><dd>{value}</dd></div>");
}

/// The rule in two sentences, and what did not work.
pub(super) fn decided(out: &mut String, view: &View<'_>) {
    out.push_str(
        "<section aria-labelledby=\"h-rule\"><h2 id=\"h-rule\">How it was decided</h2>\n<p>Models that look for the same \
         trace form a family and count once; the file is FAKE if one family says so, else INCONCLUSIVE if \
         one cannot tell, else REAL, that is, no family found a sign. Models that could not look, that failed, or \
         that were never rated decide nothing and are never counted as REAL; when nobody else is left, the file is \
         NOT_APPLICABLE.</p>\n",
    );
    if view.report.verdict.prediction == Prediction::Fake && view.report.findings.len() > 1 {
        out.push_str("<p>Each family adds its own false alarms, so more families mean more files called FAKE by mistake.</p>\n");
    }
    out.push_str("</section>\n");
}
