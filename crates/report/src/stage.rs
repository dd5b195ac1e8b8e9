//! The file itself: the picture with what was seen on it, or the player.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dk_domain::{Evidence, Heatmap, MediaKind};

use super::escape::text;
use super::reading::Reader;
use super::{Original, View, faces, put, words};

/// Width of the drawing laid over the picture; its height follows the picture.
const WIDTH: f32 = 1000.0;
/// How long a frame's faces stay on the player when the next frame that was looked at is far away.
const HOLD_MS: u64 = 500;

pub(super) fn write(out: &mut String, view: &View<'_>) {
    match view.report.facts.kind {
        MediaKind::Image => still(out, view),
        MediaKind::Video | MediaKind::Audio => player(out, view),
    }
}

/// `data:` address of bytes.
pub(super) fn data_uri(out: &mut String, mime: &str, bytes: &[u8]) {
    put!(out, "data:{};base64,", text(mime));
    STANDARD.encode_string(bytes, out);
}

fn still(out: &mut String, view: &View<'_>) {
    out.push_str("<section aria-labelledby=\"h-still\"><h2 id=\"h-still\">The picture</h2>\n");
    let thumbnail = view.report.illustration.thumbnails.first();
    let source = view.original.or(thumbnail.map(|t| Original { mime: "image/jpeg", bytes: &t.jpeg }));
    let Some(source) = source else {
        out.push_str("<p>The picture is not in this report.</p></section>\n");
        return;
    };
    if view.original.is_none() {
        out.push_str("<p class=\"soft\">A small copy: the file is too large to be put in here, or browsers cannot show it.</p>\n");
    }
    let seen = faces::of_picture(view);
    let maps: Vec<_> = heatmaps(view).collect();
    layers(out, !seen.is_empty(), &maps);
    out.push_str("<div class=\"stage\"><img alt=\"The picture that was analysed\" src=\"");
    data_uri(out, source.mime, source.bytes);
    let size = (WIDTH, WIDTH * ratio(view));
    put!(out, "\">\n<svg viewBox=\"0 0 {:.0} {:.0}\" aria-hidden=\"true\">", size.0, size.1);
    for (number, (_, map, reader)) in maps.iter().enumerate() {
        put!(out, "<g class=\"heat off\" data-layer=\"heat-{number}\">");
        cells(out, map, *reader, size);
        out.push_str("</g>");
    }
    out.push_str("<g data-layer=\"faces\">");
    faces::draw(out, &seen, size, WIDTH / 32.0);
    out.push_str("</g></svg></div>\n");
    if !seen.is_empty() {
        out.push_str("<ul class=\"seen\">");
        for face in &seen {
            put!(out, "<li>{}</li>", face.told());
        }
        out.push_str("</ul>\n");
    }
    for (title, map, reader) in &maps {
        table(out, title, map, *reader);
    }
    out.push_str("</section>\n");
}

fn heatmaps<'a>(view: &View<'a>) -> impl Iterator<Item = (&'a str, &'a Heatmap, Reader)> {
    faces::answers(view).filter_map(|(finding, opinion)| match &opinion.evidence {
        Evidence::Image { heatmap: Some(map), .. } if map.rows > 0 && map.columns > 0 => {
            Some((view.title(finding), map, Reader::new(opinion)))
        }
        _ => None,
    })
}

/// Switches for what lies on the picture.
fn layers(out: &mut String, has_faces: bool, maps: &[(&str, &Heatmap, Reader)]) {
    if !has_faces && maps.is_empty() {
        return;
    }
    out.push_str("<fieldset class=\"layers\"><legend>Show on the picture</legend>");
    if has_faces {
        out.push_str("<label><input type=\"checkbox\" data-switch=\"faces\" checked> Faces</label>");
    }
    for (number, (title, ..)) in maps.iter().enumerate() {
        put!(
            out,
            "<label><input type=\"checkbox\" data-switch=\"heat-{number}\" autocomplete=\"off\"> Heat map: {}</label>",
            text(title)
        );
    }
    out.push_str("</fieldset>\n");
    if !maps.is_empty() {
        out.push_str(
            "<p class=\"soft\">Each number of a heat map is for a tile of half the picture’s width and height around it, \
             which the model judged alone. Tiles overlap, and a part without its surroundings is often judged \
             differently from the whole: a hint where to look, no outline of an altered place.</p>\n",
        );
    }
}

/// Height as a share of the width.
fn ratio(view: &View<'_>) -> f32 {
    let facts = &view.report.facts;
    let of_facts = facts.image.as_ref().map(|i| (i.width_px, i.height_px));
    let of_video = facts.video.as_ref().map(|v| (v.width_px, v.height_px));
    let (width, height) = of_facts.or(of_video).unwrap_or((16, 9));
    height.max(1) as f32 / width.max(1) as f32
}

/// The picture is parted by the nearest centre of a tile: centres go from a quarter to three quarters.
fn cells(out: &mut String, map: &Heatmap, reader: Reader, (width, height): (f32, f32)) {
    let letter = (width / 24.0).min(height / f32::from(map.rows) / 3.0);
    for (index, probability) in map.cells.iter().enumerate() {
        let (row, column) = (index / usize::from(map.columns), index % usize::from(map.columns));
        let (left, right) = bounds(column, map.columns);
        let (top, bottom) = bounds(row, map.rows);
        let class = reader.read(Some(*probability)).class();
        put!(
            out,
            "<g class=\"{class}\"><rect x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" fill-opacity=\"{:.2}\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" font-size=\"{letter:.1}\">{}</text></g>",
            left * width,
            top * height,
            (right - left) * width,
            (bottom - top) * height,
            0.15 + 0.5 * probability.get(),
            f32::midpoint(left, right) * width,
            f32::midpoint(top, bottom) * height + letter * 0.35,
            words::percent(*probability)
        );
    }
}

/// Begin and end of a cell as shares of the side.
fn bounds(index: usize, count: u16) -> (f32, f32) {
    let steps = f32::from(count.saturating_sub(1)).max(1.0);
    let edge = |before: usize| 0.25 + (before as f32 - 0.5) * 0.5 / steps;
    let begin = if index == 0 { 0.0 } else { edge(index) };
    let end = if index + 1 == usize::from(count) { 1.0 } else { edge(index + 1) };
    (begin, end)
}

fn table(out: &mut String, title: &str, map: &Heatmap, reader: Reader) {
    put!(
        out,
        "<details><summary>Heat map as a table: {}</summary><div class=\"scroll\"><table><tbody>",
        text(title)
    );
    for row in map.cells.chunks(usize::from(map.columns)) {
        out.push_str("<tr>");
        for cell in row {
            let reading = reader.read(Some(*cell)).word();
            put!(out, "<td>{} <span class=\"soft\">{reading}</span></td>", words::percent(*cell));
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table></div></details>\n");
}

fn player(out: &mut String, view: &View<'_>) {
    let is_video = view.report.facts.kind == MediaKind::Video;
    out.push_str("<section aria-labelledby=\"h-player\" class=\"player\"><h2 id=\"h-player\">Player</h2>\n");
    let Some(original) = view.original else {
        out.push_str(
            "<p>There is no player in this report: the file is too large to be put in here, or browsers cannot play it. \
             The times below are those of the file; open it in a player of your own.</p></section>\n",
        );
        return;
    };
    let seen = if is_video { faces::by_time(view) } else { std::collections::BTreeMap::new() };
    if !seen.is_empty() {
        out.push_str(
            "<fieldset class=\"layers\"><legend>Show on the video</legend><label>\
             <input type=\"checkbox\" data-switch=\"faces\" checked> Faces, near the frames that were looked at</label></fieldset>\n",
        );
    }
    let element = if is_video { "video" } else { "audio" };
    let sides = view.report.facts.video.as_ref().filter(|_| is_video).map_or_else(String::new, |video| {
        format!(" width=\"{}\" height=\"{}\"", video.width_px, video.height_px)
    });
    put!(
        out,
        "<div class=\"stage\"><{element}{sides} controls preload=\"auto\" aria-label=\"The file that was analysed\" src=\""
    );
    data_uri(out, original.mime, original.bytes);
    put!(out, "\"></{element}>\n");
    let size = (WIDTH, WIDTH * ratio(view));
    if !seen.is_empty() {
        put!(
            out,
            "<svg viewBox=\"0 0 {:.0} {:.0}\" aria-hidden=\"true\"><g data-layer=\"faces\">",
            size.0,
            size.1
        );
        let times: Vec<u64> = seen.keys().copied().collect();
        for (index, (time_ms, faces)) in seen.iter().enumerate() {
            let before = index.checked_sub(1).map_or(0, |i| u64::midpoint(times[i], *time_ms));
            let after = times.get(index + 1).map_or(u64::MAX, |next| u64::midpoint(*next, *time_ms));
            let from = before.max(time_ms.saturating_sub(HOLD_MS));
            let to = after.min(time_ms.saturating_add(HOLD_MS));
            put!(out, "<g class=\"off\" data-from=\"{from}\" data-to=\"{to}\">");
            faces::draw(out, faces, size, WIDTH / 32.0);
            out.push_str("</g>");
        }
        out.push_str("</g></svg>\n");
    }
    out.push_str("</div>\n<p class=\"unplayable\" hidden>This browser cannot play the file; the timeline below still works.</p></section>\n");
}
