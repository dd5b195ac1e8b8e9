//! What a person reads on the terminal about one file.

use std::fmt::Write;

use dk_app::{ModelCard, Report};
use dk_domain::{
    Evidence, Finding, MediaFacts, MediaKind, Opinion, Outcome, Prediction, Reason, TraceKind, timecode,
};

use crate::style::{Paint, visible};

/// Most spans that are listed; the JSON and the report have them all.
const MAX_SPANS: usize = 8;

/// Several lines, without the last line break.
pub(super) fn render(name: &str, report: &Report, cards: &[ModelCard], paint: Paint) -> String {
    let verdict = &report.verdict;
    let mut text = format!("{}\n  {}\n\n", paint.bold(name), paint.dim(&facts(&report.facts)));
    let word = paint.prediction(verdict.prediction, verdict.prediction.as_str());
    let probability = verdict.probability.map_or(String::new(), |p| format!("  P(synthetic) {:.2}", p.get()));
    // Writing to a string cannot fail.
    let _ = writeln!(text, "  {word}{probability}  {}", verdict.prediction.in_words());
    for reason in &verdict.reasons {
        let _ = writeln!(text, "  {}", sentence(*reason));
    }
    if !report.findings.is_empty() {
        text.push_str(&models(&report.findings, paint));
    }
    for failure in &report.failures {
        let _ = writeln!(text, "  {} failed: {}", failure.model, visible(&failure.message));
    }
    text.push_str(&origin(&report.findings));
    text.push_str(&sync(&report.findings));
    text.push_str(&spans(&report.findings));
    text.push_str(&limits(&report.findings, cards, report.facts.kind));
    text
}

fn sentence(reason: Reason) -> String {
    match reason.advice() {
        "" => reason.in_words().to_owned(),
        advice => format!("{} {advice}", reason.in_words()),
    }
}

fn facts(facts: &MediaFacts) -> String {
    let mut parts = vec![format!("{} ({})", facts.kind, facts.format)];
    if let Some(image) = &facts.image {
        parts.push(format!("{} x {}", image.width_px, image.height_px));
    }
    if let Some(video) = &facts.video {
        let fps = video.fps.map_or(String::new(), |fps| format!(" at {fps:.2} fps"));
        parts.push(format!("{} {} x {}{fps}", video.codec, video.width_px, video.height_px));
    }
    if let Some(audio) = &facts.audio {
        parts.push(format!("{} {} Hz, {} ch", audio.codec, audio.sample_rate_hz, audio.channels));
    }
    parts.extend(facts.duration_ms.map(timecode));
    parts.push(size(facts.bytes));
    parts.push(format!("sha256 {}…", facts.sha256.to_string().get(..12).unwrap_or_default()));
    parts.join(" · ")
}

fn size(bytes: u64) -> String {
    match bytes {
        0..=9_999 => format!("{bytes} B"),
        10_000..=999_999 => format!("{:.0} kB", bytes as f64 / 1e3),
        _ => format!("{:.1} MB", bytes as f64 / 1e6),
    }
}

fn models(findings: &[Finding], paint: Paint) -> String {
    let mut rows = vec![
        ["model", "says", "P(synthetic)", "FAKE from", "REAL below", "evidence", "time"].map(str::to_owned),
    ];
    rows.extend(findings.iter().map(row));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: Vec<usize> = (0..7).map(width).collect();
    let mut text = String::from("\n");
    for (number, row) in rows.iter().enumerate() {
        let cells: Vec<String> =
            row.iter().zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        let line = cells.join("  ");
        let line = line.trim_end();
        let _ = writeln!(text, "  {}", if number == 0 { paint.dim(line) } else { line.to_owned() });
    }
    text
}

fn row(finding: &Finding) -> [String; 7] {
    let number = |value: f64| format!("{value:.2}");
    let opinion = answer(finding);
    let point = opinion.and_then(|o| o.point);
    let dash = || "–".to_owned();
    let says = match &finding.outcome {
        Outcome::Answer(_) => finding.prediction().to_string(),
        Outcome::NotApplicable(reasons) => {
            let codes: Vec<&str> = reasons.iter().map(|reason| reason.code()).collect();
            format!("{} ({})", Prediction::NotApplicable, codes.join(", "))
        }
    };
    [
        format!("{} {}", finding.model.name, finding.model.version),
        says,
        opinion.map_or_else(dash, |o| number(o.probability.get())),
        point.map_or_else(dash, |p| number(p.fake_at().get())),
        point.map_or_else(dash, |p| match p.real_below().get() {
            0.0 => "never".to_owned(),
            below => number(below),
        }),
        finding.weight.to_string(),
        format!("{:.1} s", finding.took_secs),
    ]
}

fn answer(finding: &Finding) -> Option<&Opinion> {
    match &finding.outcome {
        Outcome::Answer(opinion) => Some(opinion),
        Outcome::NotApplicable(_) => None,
    }
}

/// What the file says of itself. All of it is the file's own text.
fn origin(findings: &[Finding]) -> String {
    let mut text = String::new();
    let mut line = |indent: &str, words: &str| {
        let _ = writeln!(text, "{}", format!("  {indent}{}", visible(words)).trim_end());
    };
    for origin in findings.iter().filter_map(|finding| finding.origin.as_deref()) {
        line("", "");
        line("", "what the file says of its origin");
        for trace in &origin.traces {
            let kind = match trace.kind {
                TraceKind::Declaration => "declares AI",
                TraceKind::Hint => "hint",
            };
            let by =
                if trace.generator.is_empty() { String::new() } else { format!(" ({})", trace.generator) };
            line("", &format!("{kind}{by}, {}: {}", trace.place, trace.says));
        }
        if let Some(found) = &origin.credentials {
            line("", &format!("Content Credentials, {}: {}", found.state, found.state.in_words()));
            if !found.problems.is_empty() {
                line("  ", &format!("found wrong: {}", found.problems.join(", ")));
            }
            for one in &found.manifests {
                line("  ", &dk_report::origin::line(one));
                one.actions.iter().for_each(|action| line("    ", &dk_report::origin::action_line(action)));
                for part in &one.ingredients {
                    line("    ", &format!("made from ({}): {}", part.relationship, part.title));
                }
                for claim in &one.identities {
                    line("    ", &format!("claims an identity, not checked: {}", claim.kind));
                }
            }
        }
        for note in &origin.notes {
            line("", &format!("{} ({})", dk_report::origin::note_line(note), note.place));
        }
        if origin.cut {
            line("", "the file holds more than was read");
        }
    }
    text
}

/// How mouth and voice go together.
fn sync(findings: &[Finding]) -> String {
    let mut text = String::new();
    for (finding, opinion) in findings.iter().filter_map(|finding| Some((finding, answer(finding)?))) {
        let Evidence::Sync(sync) = &opinion.evidence else { continue };
        let _ = writeln!(text, "\n  mouth and voice ({})", finding.model.name);
        for reason in opinion.reasons.iter().filter(|reason| **reason != Reason::Unrated) {
            let _ = writeln!(text, "  {}", sentence(*reason));
        }
        let _ = writeln!(text, "  {}", dk_report::sync::line(sync));
    }
    text
}

fn spans(findings: &[Finding]) -> String {
    let all: Vec<(&Finding, _)> = findings
        .iter()
        .filter_map(|finding| Some((finding, answer(finding)?)))
        .flat_map(|(finding, opinion)| opinion.spans.iter().map(move |span| (finding, span)))
        .collect();
    let mut text = String::new();
    if !all.is_empty() {
        text.push_str("\n  suspicious spans\n");
    }
    for (finding, span) in all.iter().take(MAX_SPANS) {
        let (start, end) = (timecode(span.start_ms), timecode(span.end_ms));
        let (track, name) = (span.track.as_str(), &finding.model.name);
        let _ = writeln!(text, "  {start} – {end}  {track}  up to {:.2}  {name}", span.probability.get());
    }
    if all.len() > MAX_SPANS {
        let _ = writeln!(text, "  and {} more; --json and --out have them all", all.len() - MAX_SPANS);
    }
    text
}

fn limits(findings: &[Finding], cards: &[ModelCard], kind: MediaKind) -> String {
    let mut text = String::new();
    for finding in findings.iter().filter(|finding| answer(finding).is_some()) {
        let Some(card) = cards.iter().find(|card| card.name == finding.model.name) else { continue };
        let _ = writeln!(text, "\n  {}: {}", card.name, visible(&card.title));
        let _ = writeln!(text, "    measured: {}", visible(&card.quality.on(kind)));
        for limit in &card.limits {
            let _ = writeln!(text, "    limit: {}", visible(limit));
        }
    }
    text
}
