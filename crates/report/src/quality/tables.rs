//! The tables, as rows of text: one place for the page and for Markdown.

use dk_wire::{KindQuality, Measured, Part, QualityDocument, Rung, Subject};

use super::words::{dash, estimate, name, open, rate};

/// A head and rows of as many cells.
pub(super) struct Table {
    pub(super) head: Vec<&'static str>,
    pub(super) rows: Vec<Vec<String>>,
}

/// What the words say: every subject in a row.
pub(super) fn says(kind: &KindQuality) -> Table {
    let row = |subject: &Subject| {
        let (real, synthetic) = (&subject.real, &subject.synthetic);
        if !subject.rated {
            let mut row = vec![name(subject)];
            row.resize_with(6, dash);
            return row;
        }
        vec![
            name(subject),
            rate(real.called_fake),
            rate(synthetic.called_fake),
            rate(synthetic.called_real),
            open(real),
            open(synthetic),
        ]
    };
    Table {
        head: vec![
            "who",
            "real called FAKE",
            "made by AI, called FAKE",
            "made by AI, called REAL",
            "real, no answer",
            "made by AI, no answer",
        ],
        rows: kind.subjects.iter().map(row).collect(),
    }
}

/// What the numbers say: every subject that has some in a row.
pub(super) fn numbers(kind: &KindQuality) -> Table {
    let row = |subject: &Subject| {
        let m = subject.measured.as_ref()?;
        Some(vec![
            name(subject),
            format!("{} + {}", m.real, m.synthetic),
            estimate(Some(m.auc)),
            estimate(Some(m.equal_error_rate)),
            estimate(Some(m.recall_at_1_percent)),
            estimate(Some(m.recall_at_5_percent)),
            estimate(m.balanced_accuracy),
            estimate(m.calibration_error),
            estimate(m.brier),
            estimate(m.cllr),
        ])
    };
    Table {
        head: vec![
            "who",
            "real + made by AI",
            "AUC",
            "EER",
            "found at 1 % false alarms",
            "found at 5 %",
            "balanced accuracy at 0.5",
            "calibration error",
            "Brier",
            "Cllr",
        ],
        rows: kind.subjects.iter().filter_map(row).collect(),
    }
}

/// A threshold from one half, on the other.
pub(super) fn proofs(document: &QualityDocument, kind: &KindQuality) -> Table {
    let target = format!("at most {:.0} %", document.false_alarm_target * 100.0);
    let row = |subject: &Subject| {
        let proof = subject.measured.as_ref().and_then(|measured: &Measured| measured.proof.as_ref())?;
        Some(vec![
            name(subject),
            format!("{target}, on {} real files", proof.chosen_on_real),
            proof.threshold.map_or_else(dash, |threshold| format!("{threshold:.3}")),
            rate(Some(proof.false_alarms)),
            rate(Some(proof.found)),
        ])
    };
    Table {
        head: vec![
            "who",
            "chosen for false alarms of",
            "threshold",
            "false alarms on the other half",
            "found there",
        ],
        rows: kind.subjects.iter().filter_map(row).collect(),
    }
}

pub(super) fn sources(subject: &Subject) -> Table {
    let row = |part: &Part| {
        vec![
            part.name.clone(),
            rate(part.real.called_fake),
            open(&part.real),
            rate(part.synthetic.called_fake),
            rate(part.synthetic.called_real),
            estimate(part.auc),
        ]
    };
    Table {
        head: vec![
            "source",
            "real called FAKE",
            "real, no answer",
            "made by AI, called FAKE",
            "made by AI, called REAL",
            "AUC within",
        ],
        rows: subject.sources.iter().map(row).collect(),
    }
}

pub(super) fn generators(subject: &Subject) -> Table {
    let row = |part: &Part| {
        vec![
            part.name.clone(),
            rate(part.synthetic.called_fake),
            rate(part.synthetic.called_real),
            open(&part.synthetic),
            estimate(part.auc),
        ]
    };
    Table {
        head: vec!["generator", "called FAKE", "called REAL", "no answer", "AUC against all real files"],
        rows: subject.generators.iter().map(row).collect(),
    }
}

pub(super) fn ladder(subject: &Subject) -> Table {
    let row = |rung: &Rung| {
        vec![
            rung.what.clone(),
            if rung.left_out > 0 {
                format!("{} ({} not made or judged)", rung.n, rung.left_out)
            } else {
                rung.n.to_string()
            },
            rate(rung.changed),
            rate(rung.fake_to_real),
            rate(rung.fake_to_open),
            rate(rung.real_to_fake),
            estimate(rung.auc),
        ]
    };
    Table {
        head: vec![
            "what was done",
            "copies",
            "another word",
            "found before, now REAL",
            "found before, now no answer",
            "real, now FAKE",
            "AUC over the copies",
        ],
        rows: subject.ladder.iter().map(row).collect(),
    }
}
