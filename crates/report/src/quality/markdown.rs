//! The same in Markdown, for documents.

use dk_wire::{KindQuality, QualityDocument, Subject};

use super::plain;
use super::tables::{self, Table};
use super::words::{READING, about, kind, name};
use crate::put;

/// The whole of it, from the second level of headings on.
pub fn markdown(document: &QualityDocument) -> String {
    let mut out = String::new();
    put!(out, "{}\n\n", about(document));
    for left in &document.left_out {
        put!(out, "* left out: {}: {}\n", cell(&left.file), cell(&left.why));
    }
    if !document.left_out.is_empty() {
        out.push('\n');
    }
    out.push_str("## In plain words\n\n");
    for sentence in plain::sentences(document) {
        put!(out, "* {}\n", cell(&sentence));
    }
    out.push('\n');
    for part in &document.kinds {
        of_kind(&mut out, document, part);
    }
    out.push_str("## How to read this\n\n");
    for line in READING {
        put!(out, "* {line}\n");
    }
    out.push_str("\n## Who judged\n\n");
    let row = |model: &dk_wire::JudgeMessage| {
        let sum = model.sha256.get(..12).unwrap_or(&model.sha256);
        vec![
            model.name.clone(),
            model.version.clone(),
            sum.to_owned(),
            model.engine.clone(),
            model.weight.clone(),
        ]
    };
    let judges = Table {
        head: vec!["model", "version", "weights", "engine", "evidence"],
        rows: document.models.iter().map(row).collect(),
    };
    table(&mut out, &judges);
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

fn of_kind(out: &mut String, document: &QualityDocument, part: &KindQuality) {
    put!(out, "## {}: {} real, {} made by AI\n\n", kind(&part.kind), part.real, part.synthetic);
    table(out, &tables::says(part));
    table(out, &tables::numbers(part));
    table(out, &tables::proofs(document, part));
    for subject in part.subjects.iter().filter(|subject| subject.rated) {
        of_subject(out, part, subject);
    }
}

fn of_subject(out: &mut String, part: &KindQuality, subject: &Subject) {
    put!(out, "### {}: {}\n\n", kind(&part.kind), cell(&name(subject)));
    table(out, &tables::sources(subject));
    table(out, &tables::generators(subject));
    table(out, &tables::ladder(subject));
}

/// Nothing for a table without rows.
fn table(out: &mut String, table: &Table) {
    if table.rows.is_empty() {
        return;
    }
    put!(out, "| {} |\n|{}\n", table.head.join(" | "), "---|".repeat(table.head.len()));
    for row in &table.rows {
        let cells: Vec<String> = row.iter().map(|text| cell(text)).collect();
        put!(out, "| {} |\n", cells.join(" | "));
    }
    out.push('\n');
}

/// Names of files and generators are foreign text: nothing of them ends a cell or becomes markup.
fn cell(text: &str) -> String {
    let mut cell = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '!' => {
                cell.push('\\');
                cell.push(c);
            }
            '<' => cell.push_str("&lt;"),
            '&' => cell.push_str("&amp;"),
            c if c.is_control() => cell.push('\u{fffd}'),
            c => cell.push(c),
        }
    }
    cell
}
