//! The one binary: arguments, configuration, wiring, and the commands of an operator. Decides nothing about
//! media; it is the only room that knows which adapter stands behind a port.

mod allocator;
mod analyze;
mod args;
mod backup;
mod bundled;
mod client;
mod config;
mod copies;
mod doctor;
mod eval;
mod failure;
mod log;
mod models;
#[cfg(feature = "otel")]
mod otel;
mod serve;
mod silence;
mod style;
mod wiring;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Command};
use crate::failure::Failure;

/// The hidden word with which this program starts itself to drop its rights before it becomes a tool.
const SANDBOX_WORD: &str = "__sandbox";
/// The hidden word with which a limited child tries weights that were never loaded here.
const LOAD_WORD: &str = "__load";
/// The hidden word with which a limited child validates Content Credentials.
const CREDENTIALS_WORD: &str = "__credentials";

fn main() -> ExitCode {
    silence::keep();
    allocator::give_back_early();
    let args: Vec<OsString> = std::env::args_os().collect();
    match args.get(1).and_then(|word| word.to_str()) {
        Some(SANDBOX_WORD) => return dk_media::sandbox::main(args.into_iter().skip(2)),
        Some(LOAD_WORD) => {
            return in_child(dk_infer::guard::load_in_child(args.get(2..).unwrap_or_default()));
        }
        Some(CREDENTIALS_WORD) => {
            return in_child(dk_infer::validator::validate_in_child(args.get(2..).unwrap_or_default()));
        }
        _ => {}
    }
    let cli = Cli::parse();
    match run(cli) {
        Ok(code) => code,
        Err(failure) => failure.print(),
    }
}

fn in_child(done: Result<(), String>) -> ExitCode {
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            style::complain(&why);
            ExitCode::FAILURE
        }
    }
}

fn run(cli: Cli) -> Result<ExitCode, Failure> {
    let config = config::Config::resolve(cli.config.as_deref())?;
    let _log = log::start(log_style(cli.verbose, &cli.command, config.service.json_log));
    match cli.command {
        Command::Analyze(args) => analyze::run(&args, &config),
        Command::Eval(args) => eval::run(&args, &config),
        Command::Models(command) => models::run(&command, &config),
        Command::Doctor => doctor::run(&config),
        Command::Config(args::ConfigCommand::Show) => {
            config.show();
            Ok(ExitCode::SUCCESS)
        }
        Command::Config(args::ConfigCommand::Reference) => {
            style::say(config::reference().trim_end());
            Ok(ExitCode::SUCCESS)
        }
        Command::Login(args) => client::login(&args, &config),
        Command::Logout => client::logout(&config),
        Command::Upload(args) => client::upload(&args, &config),
        Command::Watch(args) => client::watch(&args, &config),
        Command::Runs(args) => client::runs(&args, &config),
        Command::Report(args) => client::report(&args, &config),
        Command::Serve(args) => serve::run(&args.roles, &config),
        Command::Api => serve::run(&[args::Role::Api], &config),
        Command::Worker => serve::run(&[args::Role::Worker], &config),
        Command::Ml => serve::run(&[args::Role::Ml], &config),
        Command::Backup { file } => backup::backup(&file, &config),
        Command::Restore { file } => backup::restore(&file, &config),
        Command::Migrate => serve::migrate(&config),
        Command::User(command) => serve::user(&command, &config),
        Command::Openapi => Ok(serve::openapi()),
    }
}

/// What runs for long says more, and when.
fn log_style(verbose: u8, command: &Command, json: bool) -> log::LogStyle {
    let timed = matches!(command, Command::Serve(_) | Command::Api | Command::Worker | Command::Ml);
    log::LogStyle { level: verbose + u8::from(timed), timed, json }
}
