//! What was measured, for a terminal: who called how many files what.

use dk_wire::{EstimateMessage, KindQuality, QualityDocument, RateMessage, Subject};

use crate::style::{Paint, colour_on_stdout, visible};

pub(super) fn render(document: &QualityDocument) -> String {
    let paint = Paint(colour_on_stdout());
    let mut lines = Vec::new();
    for kind in &document.kinds {
        let head = format!("{}: {} real, {} made by AI", kind.kind, kind.real, kind.synthetic);
        lines.push(paint.bold(&head));
        lines.extend(columns(kind));
        lines.push(String::new());
    }
    let mut last = vec![format!("{} files listed", document.listed)];
    if document.repeated > 0 {
        last.push(format!("{} were there twice and count once", document.repeated));
    }
    if !document.left_out.is_empty() {
        last.push(format!("{} left out, see above", document.left_out.len()));
    }
    last.push("brackets are 95 % intervals".to_owned());
    lines.push(last.join("; "));
    lines.join("\n")
}

/// Rows of equal columns.
fn columns(kind: &KindQuality) -> Vec<String> {
    let head =
        ["", "real called FAKE", "made by AI, called FAKE", "made by AI, called REAL", "no answer", "AUC"];
    let mut rows = vec![head.map(str::to_owned)];
    rows.extend(kind.subjects.iter().map(row));
    let width = |column: usize| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default();
    let widths: [usize; 6] = std::array::from_fn(width);
    rows.iter()
        .map(|row| {
            let cells = row.iter().zip(widths).map(|(cell, width)| format!("{cell:width$}"));
            format!("  {}", cells.collect::<Vec<_>>().join("  ")).trim_end().to_owned()
        })
        .collect()
}

fn row(subject: &Subject) -> [String; 6] {
    let all = subject.real.n + subject.synthetic.n;
    let open = [&subject.real, &subject.synthetic].map(|w| w.inconclusive + w.not_applicable + w.failed);
    let name = visible(&subject.name);
    let auc = subject.measured.as_ref().map(|measured| estimate(measured.auc)).unwrap_or_default();
    if !subject.rated {
        return [
            format!("{name} (unrated)"),
            String::new(),
            String::new(),
            String::new(),
            String::new(),
            auc,
        ];
    }
    [
        name,
        rate(subject.real.called_fake),
        rate(subject.synthetic.called_fake),
        rate(subject.synthetic.called_real),
        format!("{} of {all}", open.iter().sum::<usize>()),
        auc,
    ]
}

fn rate(rate: Option<RateMessage>) -> String {
    rate.map_or_else(String::new, |rate| {
        let percent = |share: f64| share * 100.0;
        format!("{} of {} ({:.1}-{:.1} %)", rate.hits, rate.n, percent(rate.low), percent(rate.high))
    })
}

fn estimate(estimate: EstimateMessage) -> String {
    format!("{:.2} ({:.2}-{:.2})", estimate.value, estimate.low, estimate.high)
}
