//! One card per model: what it says, how that is read, how well it works, and what it cannot do.

use std::collections::BTreeMap;

use dk_app::{ModelCard, ModelFailure};
use dk_domain::{Evidence, Face, Finding, OperatingPoint, Opinion, Outcome, Prediction, Probability, Weight};

use super::escape::text;
use super::page::{reasons, scale, term};
use super::reading::{Reader, Reading};
use super::{View, put, words};

pub(super) fn write(out: &mut String, view: &View<'_>) {
    out.push_str("<section aria-labelledby=\"h-models\"><h2 id=\"h-models\">What each model says</h2>\n");
    if view.report.findings.is_empty() && view.report.failures.is_empty() {
        out.push_str("<p>No model looked at this file.</p>\n");
    }
    out.push_str("<div class=\"cards\">\n");
    view.report.findings.iter().for_each(|finding| card(out, view, finding));
    view.report.failures.iter().for_each(|failed| failure(out, view, failed));
    out.push_str("</div></section>\n");
}

fn card(out: &mut String, view: &View<'_>, finding: &Finding) {
    let (title, prediction) = (view.title(finding), finding.prediction());
    let unrated = finding.weight == Weight::Unrated;
    let answered = matches!(finding.outcome, Outcome::Answer(_));
    let reading = if unrated && answered { Reading::Unrated } else { prediction.into() };
    heading(out, title, prediction, reading);
    match &finding.outcome {
        Outcome::Answer(opinion) => {
            let told =
                if unrated { "Its score is shown and decides nothing." } else { words::headline(prediction) };
            put!(out, "<p>{told}{}</p>\n", if unrated { "" } else { ", says this model alone." });
            scale(out, opinion.probability, Reader::new(opinion).point());
            persons(out, opinion);
            reasons(out, &opinion.reasons, "h4", "Remarks");
        }
        Outcome::NotApplicable(why) => {
            out.push_str(
                "<p>This model could not look at the file. That counts for nothing, and never as REAL.</p>\n",
            );
            reasons(out, why, "h4", "Why");
        }
    }
    published(out, view.card(&finding.model.name));
    numbers(out, finding);
    out.push_str("</article>\n");
}

fn heading(out: &mut String, title: &str, prediction: Prediction, reading: Reading) {
    let class = reading.class();
    let note = if reading == Reading::Unrated { ", unrated" } else { "" };
    put!(
        out,
        "<article class=\"card\"><h3>{}</h3>\n<p class=\"chip {class}\"><svg viewBox=\"-8 -8 16 16\" aria-hidden=\"true\">\
         <use class=\"m {class}\" href=\"#s-{class}\"/></svg> {prediction}{note}</p>\n",
        text(title)
    );
}

/// How many people were followed, and the highest that was said of each.
fn persons(out: &mut String, opinion: &Opinion) {
    let faces: Vec<&Face> = match &opinion.evidence {
        Evidence::Image { faces, .. } => faces.iter().collect(),
        Evidence::Video { frames } => frames.iter().flat_map(|frame| &frame.faces).collect(),
        Evidence::Audio { .. } | Evidence::Sync(_) | Evidence::Origin => return,
    };
    let mut persons: BTreeMap<u32, (usize, Option<Probability>)> = BTreeMap::new();
    for face in faces {
        let (count, highest) = persons.entry(face.track).or_default();
        *count += 1;
        if face.probability > *highest {
            *highest = face.probability;
        }
    }
    if persons.is_empty() {
        return;
    }
    out.push_str("<ul class=\"seen\">");
    for (track, (count, highest)) in persons {
        let said =
            highest.map_or_else(|| "not judged".to_owned(), |p| format!("up to {}", words::percent(p)));
        put!(
            out,
            "<li>Person {}: seen {}, {said}</li>",
            u64::from(track) + 1,
            match (count, opinion.left_out) {
                (1, 0) => "once".to_owned(),
                (_, 0) => format!("{count} times"),
                _ => format!("at least {count} times"),
            }
        );
    }
    out.push_str("</ul>\n");
}

/// Quality and limits, as the package publishes them.
fn published(out: &mut String, card: Option<&ModelCard>) {
    let Some(card) = card else {
        out.push_str("<p class=\"soft\">The card of this model was not at hand: its quality and limits are unknown here.</p>\n");
        return;
    };
    put!(out, "<h4>Measured quality</h4><p>{}</p>\n", text(&card.quality.0));
    if !card.limits.is_empty() {
        out.push_str("<h4>Limits</h4><ul>");
        card.limits.iter().for_each(|limit| put!(out, "<li>{}</li>", text(limit)));
        out.push_str("</ul>\n");
    }
}

fn numbers(out: &mut String, finding: &Finding) {
    out.push_str("<dl class=\"facts\">");
    if let Outcome::Answer(opinion) = &finding.outcome {
        let point = Reader::new(opinion).point();
        let threshold = |of: &dyn Fn(OperatingPoint) -> Probability| {
            point.map_or_else(|| "not set".to_owned(), |point| format!("{:.4}", of(point).get()))
        };
        term(out, "Probability", format_args!("{:.4}", opinion.probability.get()));
        term(out, "Raw score", format_args!("{:.4}", opinion.score.get()));
        term(out, "FAKE from", threshold(&|point| point.fake_at()));
        term(out, "REAL below", threshold(&|point| point.real_below()));
    }
    put!(out, "<div class=\"wide\"><dt>Weight</dt><dd>{}</dd></div>", words::weight(finding.weight));
    term(out, "Family", text(finding.family.as_str()));
    term(out, "Model", format_args!("{} {}", finding.model.name, text(&finding.model.version)));
    term(out, "Engine", text(&finding.model.engine));
    term(out, "Time", format_args!("{:.2} s", finding.took_secs));
    put!(
        out,
        "<div class=\"wide\"><dt>SHA-256 of the weights</dt><dd class=\"sum\">{}</dd></div></dl>\n",
        finding.model.sha256
    );
}

fn failure(out: &mut String, view: &View<'_>, failed: &ModelFailure) {
    let title = view.card(&failed.model).map_or(failed.model.as_str(), |card| card.title.as_str());
    let advice =
        if failed.code.may_pass() { "Trying again may help." } else { "Trying again alone will not help." };
    put!(
        out,
        "<article class=\"card\"><h3>{}</h3>\n<p class=\"chip none\"><svg viewBox=\"-8 -8 16 16\" aria-hidden=\"true\">\
         <use class=\"m none\" href=\"#s-none\"/></svg> FAILED</p>\n<p>This model ended with an error and decides nothing. {advice}</p>\n\
         <dl class=\"facts\"><div><dt>Model</dt><dd>{}</dd></div><div><dt>Error</dt><dd>{}</dd></div>\
         <div class=\"wide\"><dt>Message</dt><dd>{}</dd></div></dl></article>\n",
        text(title),
        failed.model,
        failed.code.as_str(),
        text(&failed.message)
    );
}
