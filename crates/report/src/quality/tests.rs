//! What the page and the Markdown promise for a document with something of everything in it, hostile names included.

use dk_quality::{Case, Draw, Ranking, Rate, Rounds, bootstrap, reliability};
use dk_wire::{
    BinMessage, CurveMessage, EstimateMessage, JudgeMessage, KindQuality, LeftOut, Measured, Part, Proof,
    QUALITY_SCHEMA, QualityDocument, RateMessage, Rung, Subject, Words,
};

use super::{html, markdown};

const HOSTILE: &str = "<script>x()</script>|\n# [b](c) \u{202e}";

fn measured() -> Measured {
    let draw = |n: usize| {
        let synthetic = n.is_multiple_of(2);
        let case = Case { score: (n % 17) as f64 / 20.0 + if synthetic { 0.15 } else { 0.0 }, synthetic };
        Draw { case, stratum: 0, group: n }
    };
    let draws: Vec<Draw> = (0..80).map(draw).collect();
    let cases: Vec<Case> = draws.iter().map(|draw| draw.case).collect();
    let measures = bootstrap(&draws, Rounds { rounds: 100, seed: 1 }).unwrap();
    let mut measured = Measured::new(40, 40, measures, true);
    measured.reliability = reliability(&cases, 10).iter().filter_map(BinMessage::new).collect();
    measured.curve = Ranking::new(&cases).unwrap().curve().into_iter().map(CurveMessage::from).collect();
    let (false_alarms, found) = (rate(1, 20).unwrap(), rate(3, 20).unwrap());
    measured.proof = Some(Proof { chosen_on_real: 20, threshold: None, false_alarms, found });
    measured
}

fn rate(hits: usize, n: usize) -> Option<RateMessage> {
    Rate::new(hits, n).map(RateMessage::from)
}

fn words(fake: usize, n: usize) -> Words {
    Words { n, fake, real: n - fake, ..Words::default() }.with_shares()
}

fn subject(name: &str, rated: bool) -> Subject {
    let part = |name: &str| Part {
        name: name.to_owned(),
        real: words(1, 40),
        synthetic: words(0, 0),
        auc: Some(EstimateMessage { value: 0.5, low: 0.25, high: 0.75 }),
    };
    let rung = Rung {
        name: "half".to_owned(),
        what: "scaled to half".to_owned(),
        n: 79,
        left_out: 1,
        changed: rate(2, 79),
        fake_to_real: rate(1, 30),
        fake_to_open: None,
        real_to_fake: rate(0, 39),
        auc: None,
    };
    Subject {
        name: name.to_owned(),
        title: HOSTILE.to_owned(),
        rated,
        real: words(1, 40),
        synthetic: words(30, 40),
        measured: rated.then(measured),
        sources: vec![part(HOSTILE), part("web")],
        generators: vec![part("gen")],
        ladder: vec![rung],
    }
}

fn document() -> QualityDocument {
    let judge = JudgeMessage {
        name: "model".to_owned(),
        version: "1.0.0".to_owned(),
        sha256: "ab".repeat(32),
        engine: "rten 0.27".to_owned(),
        title: HOSTILE.to_owned(),
        weight: "weak".to_owned(),
    };
    QualityDocument {
        schema: QUALITY_SCHEMA.to_owned(),
        program: "0.1.0".to_owned(),
        set: HOSTILE.to_owned(),
        seed: 1,
        rounds: 100,
        false_alarm_target: 0.03,
        listed: 81,
        repeated: 0,
        left_out: vec![LeftOut { file: HOSTILE.to_owned(), why: HOSTILE.to_owned() }],
        models: vec![judge],
        kinds: vec![KindQuality {
            kind: "image".to_owned(),
            real: 40,
            synthetic: 40,
            subjects: vec![subject("verdict", true), subject(HOSTILE, true), subject("foreign", false)],
        }],
    }
}

#[test]
fn the_page_is_whole_needs_nothing_else_and_takes_no_markup_from_names() {
    let page = html(&document());
    if let Some(folder) = std::env::var_os("DK_REPORT_OUT") {
        std::fs::write(std::path::Path::new(&folder).join("quality.html"), &page).unwrap();
    }
    crate::tests::check_balance(&page);
    for never in ["<script", "http:", "https:", "url(", " style=\"", "NaN", "inf\"", "unsafe-inline"] {
        assert!(!page.contains(never), "{never} is in the page");
    }
    assert!(page.contains("&lt;script&gt;x()") && page.contains("default-src 'none'; style-src 'sha256-"));
    for part in ["1 of 40 (0.4–13\u{a0}%)", "79 (1 not made or judged)", "foreign (unrated, decides nothing)"]
    {
        assert!(page.contains(part), "{part}");
    }
    assert_eq!(page.matches("role=\"img\"").count(), 6, "three curves for each of two judges");
}

#[test]
fn rows_of_markdown_have_as_many_cells_as_their_heads_whatever_stands_in_them() {
    let text = markdown(&document());
    let mut cells = 0;
    for line in text.lines() {
        let bars = line.replace("\\|", "").matches('|').count();
        assert!(bars == 0 || cells == 0 || bars == cells, "{line}");
        cells = bars;
    }
    assert!(!text.contains("<script"), "{text}");
    assert!(text.contains("| verdict | 1 of 40 (0.4–13\u{a0}%) | 30 of 40"));
    assert!(text.ends_with("| weak |\n"));
}

#[test]
fn the_document_reads_back_as_it_was_written() {
    let document = document();
    let text = serde_json::to_string(&document).unwrap();
    assert_eq!(serde_json::from_str::<QualityDocument>(&text).unwrap(), document);
}
