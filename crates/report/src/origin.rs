//! What the file says of its own origin: traces, and the chain of its Content Credentials. All text is the file's.

use dk_domain::{Credentials, Finding, Manifest, ManifestAction, Note, Trace, TraceKind};

use super::escape::text;
use super::{View, put};

pub(super) fn write(out: &mut String, view: &View<'_>) {
    let all: Vec<&Finding> = view.report.findings.iter().filter(|finding| finding.origin.is_some()).collect();
    if all.is_empty() {
        return;
    }
    out.push_str(
        "<section aria-labelledby=\"h-origin\"><h2 id=\"h-origin\">What the file says of its origin</h2>\n",
    );
    out.push_str(
        "<p class=\"soft\">Anybody can write such notes into a file or remove them. Only a trusted signature says who wrote one.</p>\n",
    );
    for origin in all.iter().filter_map(|finding| finding.origin.as_deref()) {
        if !origin.traces.is_empty() {
            out.push_str("<h3>Traces</h3>\n<ul class=\"seen\">");
            origin.traces.iter().for_each(|found| trace(out, found));
            out.push_str("</ul>\n");
        }
        if let Some(found) = &origin.credentials {
            credentials(out, found);
        }
        if !origin.notes.is_empty() {
            out.push_str("<h3>Noted by a camera or a program, decides nothing</h3>\n<ul class=\"seen\">");
            origin.notes.iter().for_each(|one| {
                put!(out, "<li><bdi>{}</bdi> ({})</li>", text(&note_line(one)), text(&one.place));
            });
            out.push_str("</ul>\n");
        }
        if origin.cut {
            out.push_str("<p>The file holds more than was read.</p>\n");
        }
    }
    out.push_str("</section>\n");
}

fn trace(out: &mut String, trace: &Trace) {
    let word = match trace.kind {
        TraceKind::Declaration => "Declares AI",
        TraceKind::Hint => "Hint, decides nothing",
    };
    let by = if trace.generator.is_empty() { String::new() } else { format!(" ({})", trace.generator) };
    put!(
        out,
        "<li><b>{word}</b>{}: {}, rule {}<br><bdi>{}</bdi></li>",
        text(&by),
        text(&trace.place),
        text(&trace.rule),
        text(&trace.says)
    );
}

fn credentials(out: &mut String, found: &Credentials) {
    put!(out, "<h3>Content Credentials: {}</h3>\n<p>{}</p>\n", found.state, found.state.in_words());
    if !found.problems.is_empty() {
        put!(out, "<p>Found wrong: {}</p>\n", text(&found.problems.join(", ")));
    }
    if !found.manifests.is_empty() {
        out.push_str("<ol class=\"seen\">");
        found.manifests.iter().for_each(|one| manifest(out, one));
        out.push_str("</ol>\n");
    }
}

fn manifest(out: &mut String, one: &Manifest) {
    put!(out, "<li><bdi>{}</bdi>", text(&line(one)));
    for action in &one.actions {
        put!(out, "<br><bdi>{}</bdi>", text(&action_line(action)));
    }
    for part in &one.ingredients {
        put!(out, "<br>made from ({}): <bdi>{}</bdi>", text(&part.relationship), text(&part.title));
    }
    for claim in &one.identities {
        put!(out, "<br>claims an identity, not checked: {}", text(&claim.kind));
    }
    out.push_str("</li>");
}

/// What a note tells.
pub fn note_line(note: &Note) -> String {
    let words = note.kind.in_words();
    if note.says.is_empty() { words.to_owned() } else { format!("{words}: {}", note.says) }
}

/// Who made a manifest, and when.
pub fn line(one: &Manifest) -> String {
    let parts =
        [&one.generator, &one.title].map(|part| part.trim()).into_iter().filter(|part| !part.is_empty());
    let mut line = parts.collect::<Vec<_>>().join(", ");
    if line.is_empty() {
        "a manifest without a name".clone_into(&mut line);
    }
    if !one.issuer.is_empty() {
        line = format!("{line}; signed by {}", one.issuer);
    }
    if !one.signed_at.is_empty() {
        line = format!("{line} at {}", one.signed_at);
    }
    line
}

/// What was done, with what, and what kind of source came of it.
pub fn action_line(action: &ManifestAction) -> String {
    let mut line = action.action.clone();
    if !action.software.is_empty() {
        line = format!("{line} by {}", action.software);
    }
    if let Some(found) = &action.source_type {
        let meaning = if found.is_synthetic() { " (AI or an algorithm)" } else { "" };
        line = format!("{line}: {}{meaning}", found.as_str());
    }
    line
}
