//! The timeline: one track per model over the same axis, the loudness, the spans, and all of it as tables.

use dk_domain::{MediaKind, OperatingPoint, Weight, timecode};

use super::escape::text;
use super::reading::Reading;
use super::series::{self, Mark, Series};
use super::{View, put, words};

/// From this many marks on they are drawn small.
const DENSE: usize = 80;
/// Frames that are further apart than this many usual steps are not joined.
const GAP_STEPS: u64 = 5;
/// Steps of the axis, the first that gives at most six labels is used.
const STEPS_MS: &[u64] = &[
    100, 200, 500, 1_000, 2_000, 5_000, 10_000, 15_000, 30_000, 60_000, 120_000, 300_000, 600_000, 1_800_000,
    3_600_000, 7_200_000, 14_400_000,
];

pub(super) fn write(out: &mut String, view: &View<'_>) {
    if view.report.facts.kind == MediaKind::Image {
        return;
    }
    let all = series::all(view);
    let peaks = &view.report.illustration.peaks;
    if all.is_empty() && peaks.is_empty() {
        return;
    }
    let total_ms = total_ms(view, &all);
    out.push_str("<section aria-labelledby=\"h-timeline\"><h2 id=\"h-timeline\">Timeline</h2>\n");
    legend(out, &all);
    put!(
        out,
        "<p id=\"readout\" aria-live=\"polite\">No moment is chosen yet.</p>\n<div class=\"lanes\" data-total=\"{total_ms}\">\n"
    );
    axis(out, total_ms);
    if !peaks.is_empty() {
        wave(out, peaks, share(view.report.facts.duration_ms.unwrap_or(total_ms), total_ms));
    }
    for series in &all {
        lane(out, view, series, total_ms);
    }
    out.push_str("<div class=\"cursor\" aria-hidden=\"true\"></div></div>\n");
    spans(out, view, &all);
    for series in &all {
        table(out, view, series);
    }
    out.push_str("</section>\n");
}

/// Evidence may reach a little past the length that the file tells.
fn total_ms(view: &View<'_>, all: &[Series<'_>]) -> u64 {
    let ends = all.iter().flat_map(|series| series.marks.iter().map(|mark| mark.end_ms));
    ends.chain(view.report.facts.duration_ms).max().unwrap_or(1).max(1)
}

fn legend(out: &mut String, all: &[Series<'_>]) {
    if all.is_empty() {
        return;
    }
    out.push_str("<ul class=\"legend\">");
    let shown =
        |reading: &Reading| all.iter().any(|s| s.marks.iter().any(|mark| s.reading(mark) == *reading));
    for reading in Reading::ALL.into_iter().filter(shown) {
        put!(
            out,
            "<li><svg viewBox=\"-8 -8 16 16\" aria-hidden=\"true\"><use class=\"m {class}\" href=\"#s-{class}\"/></svg> {}</li>",
            reading.word(),
            class = reading.class()
        );
    }
    if all.iter().any(|series| !series.opinion.spans.is_empty()) {
        out.push_str("<li><span class=\"hatch\"></span> span that stands out</li>");
    }
    if all.iter().any(|series| series.reader().point().is_some()) {
        out.push_str(
            "<li><span class=\"dash fake\"></span> sign from here up</li><li><span class=\"dash real\"></span> no sign below</li>",
        );
    }
    out.push_str(
        "</ul>\n<p class=\"soft\">Each mark is one moment that a model \
         judged alone; higher is more suspicious. Choose a mark, or any place on a track, to go there; with the \
         keyboard, Tab to a track and use the arrow keys. Single moments are less reliable than the whole.</p>\n",
    );
}

fn share(ms: u64, total_ms: u64) -> f64 {
    (ms as f64 / total_ms as f64 * 100.0).min(100.0)
}

fn axis(out: &mut String, total_ms: u64) {
    let step = STEPS_MS.iter().copied().find(|step| total_ms / step <= 6).unwrap_or(total_ms.div_ceil(6));
    out.push_str("<svg class=\"axis\" aria-hidden=\"true\">");
    for tick in (0..=total_ms / step).map(|n| n * step) {
        let x = share(tick, total_ms);
        let label = timecode(tick);
        let label = if step.is_multiple_of(1000) { label.trim_end_matches(".000") } else { label.as_str() };
        let anchor = if tick == 0 {
            "first"
        } else if x > 94.0 {
            "end"
        } else {
            "mid"
        };
        put!(
            out,
            "<line x1=\"{x:.2}%\" x2=\"{x:.2}%\" y1=\"16\" y2=\"22\"/><text class=\"{anchor}\" x=\"{x:.2}%\" y=\"12\">{label}</text>"
        );
    }
    out.push_str("</svg>\n");
}

/// Loudness, as high as the loudest moment, over `percent` of the axis.
fn wave(out: &mut String, peaks: &[f32], percent: f64) {
    let loudest = peaks.iter().copied().fold(0.0_f32, f32::max).max(1e-6);
    let heights: Vec<f32> = peaks.iter().map(|peak| (peak / loudest * 100.0).clamp(0.5, 100.0)).collect();
    put!(
        out,
        "<div class=\"lane\"><h3>Loudness <span class=\"soft\">scaled to the loudest moment</span></h3>\
         <svg class=\"wave\" viewBox=\"0 -100 {:.1} 200\" preserveAspectRatio=\"none\" role=\"img\" aria-label=\"Loudness over time\"><path d=\"M0 0",
        heights.len() as f64 * 100.0 / percent.max(1.0)
    );
    let up = heights.iter().enumerate().map(|(x, height)| (x, x + 1, -height));
    let back = heights.iter().enumerate().rev().map(|(x, height)| (x + 1, x, *height));
    up.chain(back).for_each(|(from, to, y)| put!(out, "L{from} {y:.1}L{to} {y:.1}"));
    out.push_str("Z\"/></svg></div>\n");
}

fn lane(out: &mut String, view: &View<'_>, series: &Series<'_>, total_ms: u64) {
    let unrated = series.finding.weight == Weight::Unrated;
    let title = view.title(series.finding);
    let note =
        if unrated { "unrated, decides nothing" } else { Reading::from(series.finding.prediction()).word() };
    let kind = match series.marks.first() {
        Some(first) if first.end_ms > first.start_ms => "windows of sound",
        _ => "frames",
    };
    put!(
        out,
        "<div class=\"lane{}\"><h3 id=\"lane-{name}\">{} <span class=\"soft\">{note}; {} {kind}</span></h3>\n\
         <svg class=\"track\" role=\"group\" aria-labelledby=\"lane-{name}\">",
        if unrated { " unrated" } else { "" },
        text(title),
        series.judged,
        name = series.finding.model.name,
    );
    if let Some(point) = series.reader().point() {
        thresholds(out, point);
    }
    for span in &series.opinion.spans {
        let (x, end) = (share(span.start_ms, total_ms), share(span.end_ms, total_ms));
        let width = (end - x).max(0.6);
        put!(
            out,
            "<rect class=\"span\" x=\"{x:.2}%\" y=\"0\" width=\"{width:.2}%\" height=\"100%\"/>\
             <rect class=\"span-top\" x=\"{x:.2}%\" y=\"-8\" width=\"{width:.2}%\" height=\"5\"/>"
        );
    }
    line(out, &series.marks, total_ms);
    let size = if series.marks.len() > DENSE { "d" } else { "s" };
    for (index, mark) in series.marks.iter().enumerate() {
        let class = series.reading(mark).class();
        let x = share(mark.middle_ms(), total_ms);
        let y = 100.0 - mark.probability.map_or(0.0, |p| p.get() * 100.0);
        put!(
            out,
            "<use class=\"m {class}\" href=\"#{size}-{class}\" x=\"{x:.2}%\" y=\"{y:.1}%\" data-seek=\"{}\" role=\"button\" \
             tabindex=\"{}\"><title>{}</title></use>",
            mark.start_ms,
            if index == 0 { "0" } else { "-1" },
            told(series, mark)
        );
    }
    out.push_str("</svg></div>\n");
}

/// One moment in words.
fn told(series: &Series<'_>, mark: &Mark<'_>) -> String {
    let reading = series.reading(mark).word();
    match mark.probability {
        Some(p) => format!("{}: {}, {reading}", when(mark), words::fine_percent(p)),
        None => format!("{}: {reading}", when(mark)),
    }
}

fn when(mark: &Mark<'_>) -> String {
    if mark.end_ms > mark.start_ms {
        format!("{} – {}", timecode(mark.start_ms), timecode(mark.end_ms))
    } else {
        timecode(mark.start_ms)
    }
}

fn thresholds(out: &mut String, point: OperatingPoint) {
    let (high, low) = (point.fake_at(), point.real_below());
    let (y_high, y_low) = (100.0 - high.get() * 100.0, 100.0 - low.get() * 100.0);
    put!(
        out,
        "<rect class=\"zone-fake\" width=\"100%\" height=\"{y_high:.1}%\"/>\
         <rect class=\"zone-open\" width=\"100%\" y=\"{y_high:.1}%\" height=\"{:.1}%\"/>\
         <line class=\"at fake\" x2=\"100%\" y1=\"{y_high:.1}%\" y2=\"{y_high:.1}%\"/>\
         <line class=\"at real\" x2=\"100%\" y1=\"{y_low:.1}%\" y2=\"{y_low:.1}%\"/>\
         <text class=\"fake\" x=\"-8\" y=\"{y_high:.1}%\" dy=\"0\">{}</text>\
         <text class=\"real\" x=\"-8\" y=\"{y_low:.1}%\" dy=\"10\">{}</text>",
        y_low - y_high,
        words::fine_percent(high),
        words::fine_percent(low)
    );
}

/// Joins the frames, or draws how long each window lasts; in units of thousandths, so that it stretches.
/// Nothing is drawn over a gap, because nobody looked there.
fn line(out: &mut String, marks: &[Mark<'_>], total_ms: u64) {
    out.push_str(
        "<svg class=\"line\" width=\"100%\" height=\"100%\" viewBox=\"0 0 1000 1000\" preserveAspectRatio=\"none\"><path d=\"",
    );
    let gap_ms = series::usual_step_ms(marks).saturating_mul(GAP_STEPS);
    let mut joined_to = None;
    for mark in marks {
        let Some(probability) = mark.probability else {
            joined_to = None;
            continue;
        };
        let y = 1000.0 - probability.get() * 1000.0;
        let (from, to) = (share(mark.start_ms, total_ms) * 10.0, share(mark.end_ms, total_ms) * 10.0);
        if mark.end_ms > mark.start_ms {
            put!(out, "M{from:.1} {y:.1}H{to:.1}");
        } else {
            let near = joined_to.is_some_and(|before| mark.start_ms.saturating_sub(before) <= gap_ms);
            put!(out, "{}{from:.1} {y:.1}", if near { 'L' } else { 'M' });
            joined_to = Some(mark.start_ms);
        }
    }
    out.push_str("\"/></svg>");
}

fn spans(out: &mut String, view: &View<'_>, all: &[Series<'_>]) {
    let mut spans: Vec<_> =
        all.iter().flat_map(|s| s.opinion.spans.iter().map(move |span| (span, s.finding))).collect();
    spans.sort_by_key(|(span, _)| (span.start_ms, span.track, span.end_ms));
    if spans.is_empty() {
        out.push_str("<p>No span stands out.</p>\n");
        return;
    }
    out.push_str("<h3>Spans that stand out</h3>\n<ol class=\"spans\">");
    for (span, finding) in spans {
        let note = if finding.weight == Weight::Unrated { ", unrated, decides nothing" } else { "" };
        put!(
            out,
            "<li><button type=\"button\" data-seek=\"{}\">{} – {}</button> {}, up to {} <span class=\"soft\">{}{note}</span></li>",
            span.start_ms,
            timecode(span.start_ms),
            timecode(span.end_ms),
            span.track.as_str(),
            words::fine_percent(span.probability),
            text(view.title(finding))
        );
    }
    out.push_str("</ol>\n");
}

/// The same moments for people who do not see the drawing.
fn table(out: &mut String, view: &View<'_>, series: &Series<'_>) {
    put!(out, "<details><summary>All moments as a table: {}</summary>\n", text(view.title(series.finding)));
    if series.judged > series.marks.len() {
        put!(
            out,
            "<p class=\"soft\">{} of {} moments: of neighbours, the most suspicious one is shown.</p>",
            series.marks.len(),
            series.judged
        );
    }
    out.push_str("<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Moments\"><table><thead><tr><th scope=\"col\">Time</th><th scope=\"col\">Probability</th><th scope=\"col\">Reading</th><th scope=\"col\">Persons</th></tr></thead><tbody>\n");
    for mark in &series.marks {
        let persons: Vec<String> =
            mark.faces.iter().map(|face| (u64::from(face.track) + 1).to_string()).collect();
        put!(
            out,
            "<tr><td><button type=\"button\" data-seek=\"{}\">{}</button></td><td>{}</td><td>{}</td><td>{}</td></tr>\n",
            mark.start_ms,
            when(mark),
            mark.probability.map_or_else(|| "–".to_owned(), words::fine_percent),
            series.reading(mark).word(),
            if persons.is_empty() { "–".to_owned() } else { persons.join(", ") }
        );
    }
    out.push_str("</tbody></table></div></details>\n");
}
