//! `drishtiksha models …`: list, verify, pull, export, import, add, bench.

mod add;
mod bundle;
mod hub;
mod list;
mod pull;

use std::path::Path;
use std::process::ExitCode;

use dk_app::StopToken;
use dk_domain::ModelName;
use dk_infer::package::Package;
use dk_infer::{BenchError, LocalDetector, VerifyError};
use serde_json::json;

use crate::args::{BenchArgs, ModelsCommand};
use crate::config::Config;
use crate::failure::Failure;
use crate::style::{say, visible, visible_lines};
use crate::wiring;

pub(crate) fn run(command: &ModelsCommand, config: &Config) -> Result<ExitCode, Failure> {
    let detector = wiring::detector(config, 1)?;
    match command {
        ModelsCommand::List { json } => {
            list::print(&detector, *json);
            Ok(ExitCode::SUCCESS)
        }
        ModelsCommand::Verify { names, base } => verify(&detector, names, base),
        ModelsCommand::Pull(args) => pull::run(&detector, config, args),
        ModelsCommand::Export { file, names } => bundle::export(&detector, file, names),
        ModelsCommand::Import { file } => bundle::import(&detector, config, file),
        ModelsCommand::Add(args) => add::run(args, config),
        ModelsCommand::Bench(args) => bench(&detector, config, args),
    }
}

/// Packages that are not ready are passed over with a line when no name was given; a refused package
/// always fails the command.
fn verify(detector: &LocalDetector, names: &[ModelName], base: &Path) -> Result<ExitCode, Failure> {
    let mut bad = 0;
    for entry in detector.registry().entries() {
        if let Err(refusal) = &entry.package {
            say(&format!("refused   {}: {}", visible(&entry.place), visible_lines(&refusal.to_string())));
            bad += 1;
        }
    }
    let all: Vec<ModelName> = detector.registry().packages().map(|p| p.manifest.name.clone()).collect();
    let wanted = if names.is_empty() { &all } else { names };
    for name in wanted {
        match detector.verify(name, base, &StopToken::new()) {
            Ok(cases) => {
                for case in cases {
                    let word = if case.passed() { "passed" } else { "differs" };
                    bad += usize::from(!case.passed());
                    let numbers = format!("difference {:.6}, tolerance {}", case.difference, case.tolerance);
                    say(&format!("{word:9} {name}: {} ({numbers})", visible(&case.input)));
                }
            }
            Err(VerifyError::Unready { why, hint, .. }) if names.is_empty() => {
                say(&format!("not ready {name}: {why} ({})", visible(&hint)));
            }
            Err(error @ VerifyError::Unready { .. }) => return Err(unready(error)),
            Err(error) => {
                say(&format!("failed    {name}: {}", visible(&error.to_string())));
                bad += 1;
            }
        }
    }
    Ok(if bad == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn unready(error: VerifyError) -> Failure {
    let hint = match &error {
        VerifyError::Unready { hint, .. } => hint.clone(),
        _ => "see `drishtiksha models list`".to_owned(),
    };
    Failure::not_done(error, hint)
}

fn find<'a>(detector: &'a LocalDetector, name: &ModelName) -> Result<&'a Package, Failure> {
    detector.registry().get(name).ok_or_else(|| {
        Failure::wrong_use(anyhow::anyhow!("there is no package {name}"), "see `drishtiksha models list`")
    })
}

fn bench(detector: &LocalDetector, config: &Config, args: &BenchArgs) -> Result<ExitCode, Failure> {
    let mut threads = wiring::threads(config, 1);
    threads.per_run = args.threads.map_or(threads.per_run, |n| n as usize);
    let times = detector.bench(&args.name, threads, args.batch as usize, args.runs as usize);
    let times_ms = times.map_err(|error| {
        let hint = match &error {
            BenchError::Unready { hint, .. } => hint.clone(),
            _ => "see `drishtiksha models list`".to_owned(),
        };
        Failure::not_done(error, hint)
    })?;
    let engine = detector.registry().get(&args.name).and_then(|p| detector.engine_of(p)).unwrap_or_default();
    let mut sorted = times_ms.clone();
    sorted.sort_by(f64::total_cmp);
    let median_ms = sorted.get(sorted.len() / 2).copied().unwrap_or_default();
    if args.json {
        let document = json!({
            "model": args.name.as_str(), "engine": engine, "threads": threads.per_run, "spin": threads.spin,
            "batch": args.batch, "median_ms": median_ms, "times_ms": times_ms,
        });
        say(&document.to_string());
    } else {
        let (least, most) =
            (sorted.first().copied().unwrap_or_default(), sorted.last().copied().unwrap_or_default());
        say(&format!(
            "{} on {engine}, {} threads, batch {}: median {median_ms:.2} ms ({least:.2} to {most:.2}, {} runs)",
            args.name, threads.per_run, args.batch, args.runs
        ));
    }
    Ok(ExitCode::SUCCESS)
}
