//! Small pictures of the frames that were looked at, with the faces on them.

use std::collections::BTreeMap;

use dk_app::Thumbnail;
use dk_domain::{MediaKind, timecode};

use super::faces::{self, SeenFace};
use super::stage::data_uri;
use super::{View, put};

/// More pictures make the page large and are not looked at.
const MAX_PICTURES: usize = 96;
/// A thumbnail shows the faces of a frame at most this far away: half of a frame at 25 per second.
const SAME_FRAME_MS: u64 = 20;

pub(super) fn write(out: &mut String, view: &View<'_>) {
    let thumbnails = &view.report.illustration.thumbnails;
    if view.report.facts.kind != MediaKind::Video || thumbnails.is_empty() {
        return;
    }
    let seen = faces::by_time(view);
    let every = thumbnails.len().div_ceil(MAX_PICTURES);
    out.push_str("<section aria-labelledby=\"h-strip\"><h2 id=\"h-strip\">Frames</h2>\n");
    if every > 1 {
        put!(out, "<p class=\"soft\">One of every {every} frames that were looked at.</p>\n");
    }
    out.push_str("<ol class=\"strip\" tabindex=\"0\" aria-label=\"Frames that were looked at\">");
    for thumbnail in thumbnails.iter().step_by(every) {
        frame(out, thumbnail, &seen);
    }
    out.push_str("</ol></section>\n");
}

fn frame(out: &mut String, thumbnail: &Thumbnail, seen: &BTreeMap<u64, Vec<SeenFace<'_>>>) {
    let time_ms = thumbnail.time_ms.unwrap_or(0);
    let (width, height) = (thumbnail.width_px, thumbnail.height_px);
    let here = nearest(seen, time_ms);
    put!(
        out,
        "<li><button type=\"button\" data-seek=\"{time_ms}\" data-frame=\"{time_ms}\"><span class=\"stage\"><img alt=\"Frame\" \
         width=\"{width}\" height=\"{height}\" src=\""
    );
    data_uri(out, "image/jpeg", &thumbnail.jpeg);
    out.push_str("\">");
    if !here.is_empty() {
        put!(out, "<svg viewBox=\"0 0 {width} {height}\" aria-hidden=\"true\">");
        faces::draw(out, here, (width as f32, height as f32), width.max(height) as f32 / 17.0);
        out.push_str("</svg>");
    }
    put!(out, "</span><span class=\"time\">{}</span></button>", timecode(time_ms));
    if !here.is_empty() {
        out.push_str("<ul class=\"seen\">");
        for face in here {
            put!(out, "<li>{}</li>", face.told_briefly());
        }
        out.push_str("</ul>");
    }
    out.push_str("</li>\n");
}

/// The faces at that time; empty where no frame with faces is there.
fn nearest<'a, 'b>(seen: &'b BTreeMap<u64, Vec<SeenFace<'a>>>, time_ms: u64) -> &'b [SeenFace<'a>] {
    let around = seen.range(time_ms.saturating_sub(SAME_FRAME_MS)..=time_ms.saturating_add(SAME_FRAME_MS));
    around.min_by_key(|(at, _)| at.abs_diff(time_ms)).map_or(&[], |(_, faces)| faces.as_slice())
}
