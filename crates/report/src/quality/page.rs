//! The page: a section for each kind of media, in it every judge with its tables and curves.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use dk_wire::{KindQuality, Measured, QualityDocument, Subject};
use sha2::{Digest, Sha256};

use super::tables::{self, Table};
use super::words::{READING, about, kind, name};
use super::{charts, plain};
use crate::escape::text;
use crate::put;

const STYLE: &str = include_str!("quality.css");

/// The whole page.
pub fn html(document: &QualityDocument) -> String {
    let mut out = String::with_capacity(64 * 1024);
    head(&mut out, document);
    out.push_str("<section><h2>In plain words</h2><ul>");
    for sentence in plain::sentences(document) {
        put!(out, "<li>{}</li>", text(&sentence));
    }
    out.push_str("</ul></section>\n");
    for part in &document.kinds {
        of_kind(&mut out, document, part);
    }
    out.push_str("<section><h2>How to read this</h2><ul>");
    for line in READING {
        put!(out, "<li>{line}</li>");
    }
    out.push_str("</ul></section>\n");
    judges(&mut out, document);
    out.push_str(
        "</main>\n<footer><p>Everything that this page shows is inside it: it loads nothing from elsewhere and sends \
         nothing. The same numbers, and every point of the curves, are in quality.json.</p></footer>\n</body>\n</html>\n",
    );
    out
}

fn head(out: &mut String, document: &QualityDocument) {
    put!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'sha256-{}'; \
         base-uri 'none'; form-action 'none'\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n<title>How often it is wrong: {}</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n",
        STANDARD.encode(Sha256::digest(STYLE.as_bytes())),
        text(&document.set),
    );
    put!(
        out,
        "<header>\n<p class=\"brand\">Drishtiksha</p>\n<h1>How often it is wrong: <bdi>{}</bdi></h1>\n<p>{}</p>\n</header>\n<main>\n",
        text(&document.set),
        text(&about(document)),
    );
    if !document.left_out.is_empty() {
        put!(out, "<section><h2>Left out</h2><ul>");
        for left in &document.left_out {
            put!(out, "<li><bdi>{}</bdi>: {}</li>", text(&left.file), text(&left.why));
        }
        out.push_str("</ul></section>\n");
    }
}

fn of_kind(out: &mut String, document: &QualityDocument, part: &KindQuality) {
    put!(out, "<section><h2>{}: {} real, {} made by AI</h2>\n", kind(&part.kind), part.real, part.synthetic);
    table(out, "What they say", &tables::says(part));
    table(out, "How well the numbers separate, and whether they mean what they say", &tables::numbers(part));
    table(out, "A threshold chosen on one half, proven on the other", &tables::proofs(document, part));
    for (place, subject) in part.subjects.iter().enumerate() {
        let open = if place == 0 { " open" } else { "" };
        put!(out, "<details{open}><summary><h3>{}</h3> ", text(&name(subject)));
        put!(out, "<span class=\"soft\">{}</span></summary>\n", text(&subject.title));
        of_subject(out, subject);
        out.push_str("</details>\n");
    }
    out.push_str("</section>\n");
}

fn of_subject(out: &mut String, subject: &Subject) {
    match &subject.measured {
        Some(measured) => curves(out, measured),
        None => out.push_str("<p class=\"soft\">Too few numbers of both classes for a curve.</p>\n"),
    }
    if subject.rated {
        table(out, "By source", &tables::sources(subject));
    }
    table(out, "By generator", &tables::generators(subject));
    table(out, "Changed copies", &tables::ladder(subject));
}

fn curves(out: &mut String, measured: &Measured) {
    out.push_str("<div class=\"curves\">\n");
    charts::roc(out, measured);
    charts::det(out, measured);
    if !measured.reliability.is_empty() {
        charts::reliability(out, measured);
    }
    out.push_str("</div>\n");
}

/// Nothing for a table without rows.
fn table(out: &mut String, caption: &str, table: &Table) {
    if table.rows.is_empty() {
        return;
    }
    put!(out, "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"{caption}\">");
    put!(out, "<table><caption>{caption}</caption>\n<thead><tr>");
    for head in &table.head {
        put!(out, "<th scope=\"col\">{head}</th>");
    }
    out.push_str("</tr></thead>\n<tbody>");
    for row in &table.rows {
        out.push_str("<tr>");
        for (place, cell) in row.iter().enumerate() {
            if place == 0 {
                put!(out, "<th scope=\"row\">{}</th>", text(cell));
            } else {
                put!(out, "<td>{}</td>", text(cell));
            }
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table></div>\n");
}

fn judges(out: &mut String, document: &QualityDocument) {
    out.push_str("<section><h2>Who judged</h2><ul>");
    for model in &document.models {
        put!(
            out,
            "<li>{} {}: {} <span class=\"soft\">{} evidence, {}, weights {}</span></li>",
            text(&model.name),
            text(&model.version),
            text(&model.title),
            text(&model.weight),
            text(&model.engine),
            text(model.sha256.get(..12).unwrap_or(&model.sha256)),
        );
    }
    out.push_str("</ul></section>\n");
}
