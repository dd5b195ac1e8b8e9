//! What numbers and states are called in the page. Promises no more than is known.

use dk_domain::{MediaKind, Prediction, Probability, Weight};

/// Whole per cent, with a space that does not break; never "0 %" or "100 %", because no model is that sure.
pub(super) fn percent(probability: Probability) -> String {
    match probability.get() * 100.0 {
        p if p < 0.5 => "under 1\u{a0}%".into(),
        p if p >= 99.5 => "over 99\u{a0}%".into(),
        p => format!("{p:.0}\u{a0}%"),
    }
}

/// Per cent with a decimal, for values that are compared with thresholds.
pub(super) fn fine_percent(probability: Probability) -> String {
    match probability.get() * 100.0 {
        p if p < 0.05 => "under 0.1\u{a0}%".into(),
        p if p >= 99.95 => "over 99.9\u{a0}%".into(),
        p => format!("{p:.1}\u{a0}%"),
    }
}

/// `1.4 MB`, or bytes where there are few.
pub(super) fn size(bytes: u64) -> String {
    let b = bytes as f64;
    match bytes {
        0..1_000 => format!("{bytes} bytes"),
        1_000..1_000_000 => format!("{:.1}\u{a0}kB", b / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1}\u{a0}MB", b / 1e6),
        _ => format!("{:.2}\u{a0}GB", b / 1e9),
    }
}

/// `1,432,112`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

pub(super) fn kind(kind: MediaKind) -> &'static str {
    match kind {
        MediaKind::Image => "Picture",
        MediaKind::Video => "Video",
        MediaKind::Audio => "Sound",
    }
}

/// The headline.
pub(super) fn headline(prediction: Prediction) -> &'static str {
    match prediction {
        Prediction::Fake => "Signs of AI generation or alteration were found",
        Prediction::Real => "No sign of AI was found",
        Prediction::Inconclusive => "Cannot tell",
        Prediction::NotApplicable => "Not evaluated",
    }
}

pub(super) fn means(prediction: Prediction) -> &'static str {
    match prediction {
        Prediction::Fake => {
            "At least one kind of trace that AI leaves was rated above a threshold that few authentic files reach."
        }
        Prediction::Real => {
            "Every rated family of models that looked at this file stayed below its lower threshold."
        }
        Prediction::Inconclusive => {
            "The models looked, and what they saw lies where they are often wrong, or they contradict each other."
        }
        Prediction::NotApplicable => {
            "No rated model could look at this file, so nothing is said about it. The reasons are below."
        }
    }
}

pub(super) fn means_not(prediction: Prediction) -> &'static str {
    match prediction {
        Prediction::Fake => {
            "It is no proof. A share of authentic files is called FAKE by mistake, more often after heavy compression, \
             filters or retouching. It does not say who made the file, how, or that what it shows is untrue."
        }
        Prediction::Real => {
            "It does not prove that the file is authentic. Generators that the models never saw, and edits \
             without AI, may leave no sign that is known here."
        }
        Prediction::Inconclusive => {
            "It does not mean “half fake”, and it leans to neither side. The original file, uncompressed and \
             longer, may allow an answer."
        }
        Prediction::NotApplicable => "Silence speaks neither for the file nor against it.",
    }
}

pub(super) fn weight(weight: Weight) -> &'static str {
    match weight {
        Weight::Unrated => "unrated: never measured to work here, so its score is shown and decides nothing",
        Weight::Weak => "weak: better than chance on media it never saw, often undecided",
        Weight::Strong => "strong: measured to work well on media from sources it never saw",
        Weight::Declared => {
            "declared: reads what the file says of itself or a mark that a generator left, so its probability is stated and not measured"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_probability_is_written_as_certain() {
        let p = |value| Probability::new(value).unwrap();
        assert_eq!(
            [percent(p(0.0)), percent(p(0.934)), percent(p(1.0))],
            ["under 1\u{a0}%", "93\u{a0}%", "over 99\u{a0}%"]
        );
        assert_eq!(
            [fine_percent(p(0.0001)), fine_percent(p(0.9996))],
            ["under 0.1\u{a0}%", "over 99.9\u{a0}%"]
        );
    }

    #[test]
    fn sizes_are_short() {
        assert_eq!([size(999), size(1_432_112)], ["999 bytes", "1.4\u{a0}MB"]);
        assert_eq!([grouped(7), grouped(999), grouped(1_432_112)], ["7", "999", "1,432,112"]);
    }

    #[test]
    fn no_sign_is_never_worded_as_proof() {
        assert!(means_not(Prediction::Real).contains("not prove"));
        assert!(means_not(Prediction::Fake).contains("no proof"));
    }
}
