//! The list of packages, for people and for programs.

use dk_app::{Detector, ModelCard};
use dk_infer::LocalDetector;
use dk_ml_http::card_message;
use dk_wire::CardMessage;
use serde::Serialize;
use serde_json::{Value, json};

use crate::style::{Paint, colour_on_stdout, say, visible, visible_lines};

pub(super) fn print(detector: &LocalDetector, as_json: bool) {
    let cards = detector.models();
    let refused: Vec<(String, String)> = detector
        .registry()
        .entries()
        .iter()
        .filter_map(|entry| Some((entry.place.clone(), entry.package.as_ref().err()?.to_string())))
        .collect();
    if as_json {
        let models: Vec<Listed<'_>> = cards.iter().map(Listed::from).collect();
        let refused: Vec<Value> =
            refused.iter().map(|(place, why)| json!({"place": place, "why": why})).collect();
        say(&json!({"models": models, "refused": refused}).to_string());
        return;
    }
    let paint = Paint(colour_on_stdout());
    let (detectors, helpers): (Vec<&ModelCard>, Vec<&ModelCard>) =
        cards.iter().partition(|card| card.is_detector);
    for card in detectors {
        print_card(card, paint);
    }
    say(&paint.bold("helpers"));
    for card in helpers {
        let state = match &card.state {
            Ok(engine) => format!("ready on {engine}"),
            Err(unready) => format!("not ready: {} ({})", unready.why, unready.hint),
        };
        let (title, licence) = (visible(&card.title), visible(&card.licence));
        say(&format!("  {} {} · {title} · {licence} · {}", card.name, card.version, visible(&state)));
    }
    for (place, why) in refused {
        say(&format!("refused {}: {}", visible(&place), visible_lines(&why)));
    }
}

fn print_card(card: &ModelCard, paint: Paint) {
    let kinds: Vec<&str> = card.kinds.iter().map(|kind| kind.as_str()).collect();
    say(&format!("{} {}", paint.bold(card.name.as_str()), card.version));
    say(&format!(
        "  {} · reads {} · {} evidence · {}",
        visible(&card.title),
        kinds.join(", "),
        card.weight,
        visible(&card.licence)
    ));
    match &card.state {
        Ok(engine) => say(&format!("  ready on {engine}")),
        Err(unready) => {
            say(&format!("  not ready: {}", unready.why));
            say(&format!("  hint: {}", visible(&unready.hint)));
        }
    }
    say(&format!("  measured: {}", visible(&card.quality.whole())));
}

/// A card, and how the model is on this machine.
#[derive(Serialize)]
struct Listed<'a> {
    #[serde(flatten)]
    card: CardMessage,
    detector: bool,
    ready: bool,
    engine: Option<&'a str>,
    why: Option<&'a str>,
    hint: Option<&'a str>,
}

impl<'a> From<&'a ModelCard> for Listed<'a> {
    fn from(card: &'a ModelCard) -> Self {
        let unready = card.state.as_ref().err();
        Self {
            card: card_message(card),
            detector: card.is_detector,
            ready: unready.is_none(),
            engine: card.state.as_deref().ok(),
            why: unready.map(|unready| unready.why.as_str()),
            hint: unready.map(|unready| unready.hint.as_str()),
        }
    }
}
