//! Mouth and voice as two curves, for models that compare them.

use dk_domain::{Evidence, Finding, Outcome, SyncEvidence, SyncMoment, timecode};

use super::escape::text;
use super::{View, put};

/// Curves are not joined over a longer gap, because nobody looked there.
const GAP_MS: u64 = 500;

pub(super) fn write(out: &mut String, view: &View<'_>) {
    for finding in &view.report.findings {
        let Outcome::Answer(opinion) = &finding.outcome else { continue };
        if let Evidence::Sync(sync) = &opinion.evidence {
            section(out, view, finding, sync);
        }
    }
}

/// What was compared and found, in one sentence or two.
pub fn line(sync: &SyncEvidence) -> String {
    format!(
        "compared {:.1} s; mouth and voice agree best {}; agreement {:.2} in place, {:.2} at best. Chance rarely reaches 0.7.",
        sync.compared_ms as f64 / 1000.0,
        offset(sync.offset_ms),
        sync.in_place,
        sync.best
    )
}

fn section(out: &mut String, view: &View<'_>, finding: &Finding, sync: &SyncEvidence) {
    let name = &finding.model.name;
    put!(
        out,
        "<section aria-labelledby=\"h-{name}\"><h2 id=\"h-{name}\">Mouth and voice</h2>\n\
         <p>{}: {}</p>\n",
        text(view.title(finding)),
        line(sync)
    );
    let (Some(first), Some(last)) = (sync.moments.first(), sync.moments.last()) else {
        out.push_str("</section>\n");
        return;
    };
    put!(
        out,
        "<p class=\"soft\">Solid: how far the mouth is open. Dashed: how far the voice says it is. Each between its own \
         extremes, from {} to {}.</p>\n<div class=\"lane\"><svg class=\"sync\" viewBox=\"0 0 1000 1000\" \
         preserveAspectRatio=\"none\" role=\"img\" aria-label=\"Mouth and voice over time\">",
        timecode(first.time_ms),
        timecode(last.time_ms)
    );
    let length = (last.time_ms - first.time_ms.min(last.time_ms)).max(1) as f64;
    for (class, value) in [("mouth", mouth as fn(&SyncMoment) -> f32), ("voice", voice)] {
        put!(out, "<path class=\"{class}\" d=\"");
        let mut before: Option<u64> = None;
        for moment in &sync.moments {
            let near = before.is_some_and(|before| moment.time_ms.saturating_sub(before) <= GAP_MS);
            let x = moment.time_ms.saturating_sub(first.time_ms) as f64 / length * 1000.0;
            put!(out, "{}{x:.1} {:.1}", if near { 'L' } else { 'M' }, 1000.0 - value(moment) * 1000.0);
            before = Some(moment.time_ms);
        }
        out.push_str("\"/>");
    }
    out.push_str("</svg></div></section>\n");
}

fn mouth(moment: &SyncMoment) -> f32 {
    moment.mouth
}

fn voice(moment: &SyncMoment) -> f32 {
    moment.voice
}

fn offset(offset_ms: i32) -> String {
    if offset_ms == 0 {
        return "with no shift".to_owned();
    }
    let side = if offset_ms > 0 { "later" } else { "earlier" };
    format!("with the sound {:.2} s {side} than the mouth", f64::from(offset_ms.abs()) / 1000.0)
}
