//! `drishtiksha doctor`: what works on this machine, what is missing, and how to get it.

use std::process::ExitCode;

use dk_app::Detector;
use dk_media::sandbox::Enforcement;

use crate::config::Config;
use crate::failure::Failure;
use crate::serve::servers;
use crate::style::{say, visible, visible_lines};
use crate::wiring;

pub(crate) fn run(config: &Config) -> Result<ExitCode, Failure> {
    let tools = wiring::tools()?;
    let mut missing = 0;
    let mut line = |good: bool, text: String, hint: &str| {
        missing += usize::from(!good);
        say(&format!("{} {}", if good { "ok     " } else { "missing" }, visible_lines(&text)));
        if !good {
            say(&format!("        hint: {}", visible(hint)));
        }
    };
    for tool in tools.versions() {
        let hint = tool.version.as_ref().err().and_then(dk_media::MediaError::hint).unwrap_or_default();
        match &tool.version {
            Ok(version) => line(true, version.clone(), ""),
            Err(error) => line(false, format!("{}: {error}", tool.name), &hint),
        }
    }
    match tools.layers() {
        Ok(layers) => line(
            layers.limits && layers.calls && layers.files == Enforcement::Full,
            format!("children are limited by {layers}"),
            "the system or a container forbids the rest; on Linux, allow seccomp and Landlock",
        ),
        Err(error) => line(
            false,
            format!("children cannot be limited: {error}"),
            "the system or a container forbids it; on Linux, allow seccomp and Landlock",
        ),
    }
    let detector = wiring::detector(config, 1)?;
    let (engines, ort_missing) = detector.engines();
    let engine_hint = "run `make setup` in a checkout, or take libonnxruntime from the onnxruntime 1.31.1 wheel and \
        put it into the `lib` folder of the data folder";
    match ort_missing {
        None => line(true, format!("engines: {}", engines.join(", ")), ""),
        Some(why) => {
            line(false, format!("engine ort ({why}); {} is used instead", engines.join(", ")), engine_hint);
        }
    }
    for card in detector.models() {
        match &card.state {
            Ok(engine) => line(true, format!("model {} {} on {engine}", card.name, card.version), ""),
            Err(unready) => {
                line(false, format!("model {} {}: {}", card.name, card.version, unready.why), &unready.hint);
            }
        }
    }
    for entry in detector.registry().entries() {
        if let Err(refusal) = &entry.package {
            line(
                false,
                format!("package {}: {refusal}", entry.place),
                "remove the folder or get the package again",
            );
        }
    }
    line(true, format!("trust: {}", wiring::validator(config)?.trusted_in_words()), "");
    for seen in servers::look(config)? {
        line(seen.good, seen.text, &seen.hint);
    }
    let threads = wiring::threads(config, 1);
    say(&format!("data folder {}; {} threads per run", config.home.display(), threads.per_run));
    say(&format!("{missing} things are missing; what is ok works without them"));
    Ok(ExitCode::SUCCESS)
}
