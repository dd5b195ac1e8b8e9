//! The list of packages, for people and for programs.

use dk_app::{Detector, ModelCard};
use dk_infer::LocalDetector;
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
        let models: Vec<Value> = cards.iter().map(card_json).collect();
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
    say(&format!("  measured: {}", visible(&card.quality.0)));
}

fn card_json(card: &ModelCard) -> Value {
    let (ready, engine, why, hint) = match &card.state {
        Ok(engine) => (true, Some(engine.as_str()), None, None),
        Err(unready) => (false, None, Some(unready.why.as_str()), Some(unready.hint.as_str())),
    };
    json!({
        "name": card.name.as_str(), "version": card.version, "title": card.title, "pipeline": card.pipeline,
        "kinds": card.kinds.iter().map(|kind| kind.as_str()).collect::<Vec<_>>(),
        "family": card.family.as_str(), "weight": card.weight.as_str(), "detector": card.is_detector,
        "licence": card.licence, "origin": card.origin, "quality": card.quality.0, "limits": card.limits,
        "ready": ready, "engine": engine, "why": why, "hint": hint,
    })
}
