//! Curves as SVG inside the page: ROC, DET, reliability. Each says in words what it shows.

use dk_quality::probit;
use dk_wire::Measured;

use crate::put;

/// Side of the square in which a curve is drawn, and the room around it for words.
const SIDE: f64 = 200.0;
const LEFT: f64 = 44.0;
const TOP: f64 = 26.0;

/// Where a share from 0 to 1 lies.
fn x(share: f64) -> f64 {
    LEFT + share * SIDE
}

fn y(share: f64) -> f64 {
    TOP + (1.0 - share) * SIDE
}

fn frame(out: &mut String, title: &str, told: &str, across: &str, up: &str, ticks: &[(f64, String)]) {
    put!(
        out,
        "<figure><svg viewBox=\"0 0 262 270\" role=\"img\" aria-label=\"{title}: {told}\">\
         <text class=\"title\" x=\"{LEFT}\" y=\"14\">{title}</text>\
         <rect class=\"plot\" x=\"{LEFT}\" y=\"{TOP}\" width=\"{SIDE}\" height=\"{SIDE}\"/>"
    );
    for (at, word) in ticks {
        put!(
            out,
            "<line x1=\"{0:.1}\" x2=\"{0:.1}\" y1=\"{TOP}\" y2=\"{1:.1}\"/>\
             <line x1=\"{LEFT}\" x2=\"{2:.1}\" y1=\"{3:.1}\" y2=\"{3:.1}\"/>\
             <text class=\"mid\" x=\"{0:.1}\" y=\"240\">{word}</text>\
             <text class=\"end\" x=\"40\" y=\"{4:.1}\">{word}</text>",
            x(*at),
            TOP + SIDE,
            LEFT + SIDE,
            y(*at),
            y(*at) + 4.0,
        );
    }
    put!(out, "<text class=\"mid\" x=\"{:.1}\" y=\"260\">{across}</text>", LEFT + SIDE / 2.0);
    put!(
        out,
        "<text class=\"mid\" transform=\"translate(10 {:.1}) rotate(-90)\">{up}</text>",
        TOP + SIDE / 2.0
    );
}

fn close(out: &mut String) {
    out.push_str("</svg></figure>\n");
}

fn path(out: &mut String, points: impl Iterator<Item = (f64, f64)>) {
    out.push_str("<path class=\"curve\" d=\"");
    for (number, (across, up)) in points.enumerate() {
        let letter = if number == 0 { 'M' } else { 'L' };
        put!(out, "{letter}{:.1} {:.1}", x(across), y(up));
    }
    out.push_str("\"/>");
}

fn shares() -> Vec<(f64, String)> {
    [0.0, 0.25, 0.5, 0.75, 1.0].map(|share| (share, format!("{:.0} %", share * 100.0))).to_vec()
}

fn diagonal(out: &mut String) {
    put!(
        out,
        "<line class=\"guess\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>",
        x(0.0),
        y(0.0),
        x(1.0),
        y(1.0)
    );
}

/// False alarms against found.
pub(super) fn roc(out: &mut String, measured: &Measured) {
    let told = format!("area under the curve {:.2}; the dashed line is guessing", measured.auc.value);
    frame(out, "ROC", &told, "real files that raise an alarm", "synthetic files found", &shares());
    diagonal(out);
    path(out, measured.curve.iter().map(|point| (point.false_alarms, point.found)));
    close(out);
}

/// Rates that are drawn, from the lower to the upper edge of a DET curve.
const EDGES: [f64; 2] = [0.005, 0.6];

/// False alarms against misses, on scales on which normally distributed scores give straight lines.
pub(super) fn det(out: &mut String, measured: &Measured) {
    let (low, high) = (probit(EDGES[0]), probit(EDGES[1]));
    let place = |rate: f64| (probit(rate.clamp(EDGES[0], EDGES[1])) - low) / (high - low);
    let ticks: Vec<(f64, String)> =
        [0.01, 0.05, 0.1, 0.2, 0.4].map(|rate| (place(rate), format!("{:.0} %", rate * 100.0))).to_vec();
    let told =
        format!("equal error rate {:.0} %; lower left is better", measured.equal_error_rate.value * 100.0);
    frame(out, "DET", &told, "real files that raise an alarm", "synthetic files missed", &ticks);
    path(out, measured.curve.iter().map(|point| (place(point.false_alarms), place(1.0 - point.found))));
    let rate = measured.equal_error_rate.value;
    put!(out, "<circle class=\"dot\" cx=\"{:.1}\" cy=\"{:.1}\" r=\"3.5\"/>", x(place(rate)), y(place(rate)));
    close(out);
}

/// What is said against what is.
pub(super) fn reliability(out: &mut String, measured: &Measured) {
    let error = measured.calibration_error.map_or(0.0, |error| error.value);
    let told = format!("calibration error {error:.2}; on the dashed line a probability means what it says");
    frame(out, "Reliability", &told, "probability that is said", "share that is synthetic", &shares());
    diagonal(out);
    for bin in &measured.reliability {
        let at = x(bin.said);
        put!(
            out,
            "<line class=\"bar\" x1=\"{at:.1}\" x2=\"{at:.1}\" y1=\"{:.1}\" y2=\"{:.1}\"/>\
             <circle class=\"dot\" cx=\"{at:.1}\" cy=\"{:.1}\" r=\"3.5\"><title>{} files: said {:.2}, is {:.2}</title></circle>",
            y(bin.synthetic.low),
            y(bin.synthetic.high),
            y(bin.synthetic.share),
            bin.n,
            bin.said,
            bin.synthetic.share,
        );
    }
    close(out);
}
