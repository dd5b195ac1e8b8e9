//! `drishtiksha eval …`: how often models and the verdict are right on labelled files of one's own. Tunes nothing.

mod copies;
mod csv;
mod figures;
mod kept;
mod pass;
mod record;
mod set;
mod table;
mod write;

use std::path::Path;
use std::process::ExitCode;

use anyhow::anyhow;
use dk_app::{Detector, ModelCard, StopToken};
use dk_domain::MediaKind;
use dk_infer::LocalDetector;
use dk_quality::Rounds;
use dk_wire::{JudgeMessage, QUALITY_SCHEMA, QualityDocument};

use crate::analyze::outcome::json;
use crate::analyze::progress::Display;
use crate::analyze::stop_on_interrupt;
use crate::args::EvalArgs;
use crate::config::Config;
use crate::copies::Copies;
use crate::failure::Failure;
use crate::style::{complain, say, visible};
use crate::wiring;
use figures::How;
use kept::Keeper;
use pass::{JudgedFile, Pass, Plan};
use set::Set;

/// Something was left out.
const INCOMPLETE: u8 = 3;

pub(crate) fn run(args: &EvalArgs, config: &Config) -> Result<ExitCode, Failure> {
    let stop = StopToken::new();
    stop_on_interrupt(&stop, "stopping; what is judged is kept, and the same command goes on")?;
    let set = Set::find(&args.set, config, &stop)?;
    let jobs = usize::from(args.jobs).min(set.files.len().max(1));
    let detector = wiring::detector(config, jobs)?;
    let judges = judges(&detector, args)?;
    let keeper = Keeper::open(args.out.join("judged")).map_err(|error| write::cannot(&args.out, error))?;
    let copies = if args.robustness { Some(copies_in(config, &args.out)?) } else { None };
    let mut plan = pass::plan(&set, &stop)?;
    let display = Display::new(set.files.len(), args.shown.quiet);
    let pass = Pass {
        detector: &detector,
        judges: &judges,
        keeper: &keeper,
        copies: copies.as_ref(),
        display: &display,
        stop: &stop,
    };
    let judged = pass.all(&mut plan, jobs);
    display.finish();
    // Copies that are left over after a stop are of no use to anybody.
    drop(copies);
    if stop.is_stopped() {
        let error = anyhow!("stopped after {} of {} files", judged.len(), set.files.len());
        return Err(Failure::not_done(error, "the same command goes on where this one stopped"));
    }
    finish(args, config, &set, plan, &judged, judges)
}

/// Counts, writes and prints.
fn finish(
    args: &EvalArgs,
    config: &Config,
    set: &Set,
    plan: Plan<'_>,
    judged: &[JudgedFile<'_>],
    judges: Vec<JudgeMessage>,
) -> Result<ExitCode, Failure> {
    for left in &plan.left_out {
        complain(&format!("left out: {}: {}", visible(&left.file), visible(&left.why)));
    }
    let rounds = Rounds { rounds: usize::from(args.rounds), seed: args.seed };
    let how = How { rounds, false_alarm_target: args.false_alarms };
    let kinds = MediaKind::ALL.into_iter().filter_map(|kind| figures::kind(judged, kind, &judges, how));
    let document = QualityDocument {
        schema: QUALITY_SCHEMA.to_owned(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        set: set.name.clone(),
        seed: args.seed,
        rounds: rounds.rounds,
        false_alarm_target: args.false_alarms,
        listed: set.files.len(),
        repeated: plan.repeated,
        kinds: kinds.collect(),
        left_out: plan.left_out,
        models: judges,
    };
    let page = write::all(&args.out, &document)?;
    if args.record {
        record::all(&config.home.join("models"), &document)?;
    }
    if args.shown.json {
        say(&json(&document));
    } else {
        say(table::render(&document).trim_end());
    }
    complain(&format!("report: {}", page.display()));
    Ok(if document.left_out.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(INCOMPLETE) })
}

/// The models that judge: those that are named, else all that are ready.
fn judges(detector: &LocalDetector, args: &EvalArgs) -> Result<Vec<JudgeMessage>, Failure> {
    let cards = detector.models();
    let mut judges = Vec::new();
    for name in &args.models {
        if !cards.iter().any(|card| card.is_detector && card.name == *name) {
            let error = anyhow!("there is no model {name} that judges");
            return Err(Failure::wrong_use(error, "see `drishtiksha models list`"));
        }
    }
    let wanted = |card: &&ModelCard| args.models.is_empty() || args.models.contains(&card.name);
    for card in cards.iter().filter(|card| card.is_detector).filter(wanted) {
        match &card.state {
            Ok(engine) => judges.extend(judge(detector, card, engine)),
            Err(unready) if !args.models.is_empty() => {
                let error = anyhow!("model {} cannot be used: {}", card.name, unready.why);
                return Err(Failure::not_done(error, unready.hint.clone()));
            }
            Err(unready) => {
                complain(&format!("not measured: {}: {}", card.name, visible(&unready.why)));
            }
        }
    }
    if judges.is_empty() {
        return Err(Failure::not_done(anyhow!("no model is ready"), "see `drishtiksha models list`"));
    }
    Ok(judges)
}

fn judge(detector: &LocalDetector, card: &ModelCard, engine: &str) -> Option<JudgeMessage> {
    let package = detector.registry().get(&card.name)?;
    Some(JudgeMessage {
        name: card.name.to_string(),
        version: card.version.clone(),
        sha256: package.manifest.weights.sha256.to_string(),
        engine: engine.to_owned(),
        title: card.title.clone(),
        weight: card.weight.to_string(),
    })
}

fn copies_in(config: &Config, out: &Path) -> Result<Copies, Failure> {
    let folder = out.join(format!(".copies-{}", std::process::id()));
    Copies::in_folder(folder, config, |_, error| write::cannot(out, error))
}
