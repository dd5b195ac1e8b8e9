//! This program as a client of a server: signing in, sending files, following runs, printing what came of them the
//! way `analyze` does. Judges nothing and knows no model.

mod account;
mod address;
pub(crate) mod args;
mod fault;
mod http;
mod judged;
mod kept;
mod messages;
mod parts;
mod runs;
mod send;
mod typed;
mod upload;
mod watch;

use std::path::Path;
use std::process::ExitCode;

use crate::config::Config;
use crate::failure::Failure;
use address::Address;
use args::{LoginArgs, ReportArgs, RunsArgs, ServerArgs, UploadArgs, WatchArgs};
use http::Server;
use kept::{Kept, Key};

const KEY_VARIABLE: &str = "DRISHTIKSHA_API_KEY";
const KEY_FILE_VARIABLE: &str = "DRISHTIKSHA_API_KEY_FILE";

pub(crate) fn login(args: &LoginArgs, config: &Config) -> Result<ExitCode, Failure> {
    account::login(args, config)
}

pub(crate) fn logout(config: &Config) -> Result<ExitCode, Failure> {
    account::logout(&config.home)
}

pub(crate) fn upload(args: &UploadArgs, config: &Config) -> Result<ExitCode, Failure> {
    upload::run(args, config)
}

pub(crate) fn watch(args: &WatchArgs, config: &Config) -> Result<ExitCode, Failure> {
    watch::run(args, config)
}

pub(crate) fn runs(args: &RunsArgs, config: &Config) -> Result<ExitCode, Failure> {
    runs::list(args, config)
}

pub(crate) fn report(args: &ReportArgs, config: &Config) -> Result<ExitCode, Failure> {
    runs::report(args, config)
}

/// The server that a command talks to, with the key for it. What the command or the environment names wins over
/// what `login` kept, and a kept key is sent to no other server than its own.
fn connect(args: &ServerArgs, config: &Config) -> Result<Server, Failure> {
    let kept = Kept::read(&config.home)?;
    let kept = kept.filter(|kept| args.server.as_ref().is_none_or(|named| is_same(named, kept)));
    let given = given_key()?;
    let text = match (&args.server, &kept) {
        (Some(text), _) => text.clone(),
        (None, Some(kept)) => kept.server.clone(),
        (None, None) if given.is_some() => local(config),
        (None, None) => return Err(nobody("no server is known")),
    };
    let allow_http = args.allow_http || kept.as_ref().is_some_and(|kept| kept.allow_http);
    let address = Address::parse(&text, allow_http)?;
    let Some(key) = given.or(kept.map(|kept| kept.api_key)) else {
        return Err(nobody(&format!("there is no key for {address}")));
    };
    Server::new(address, Some(key))
}

/// Whether an address as a person writes it is that of the kept server.
fn is_same(named: &str, kept: &Kept) -> bool {
    Address::parse(named, true).is_ok_and(|address| address.as_str() == kept.server)
}

fn nobody(why: &str) -> Failure {
    let hint = format!("run `drishtiksha login URL`, or set DRISHTIKSHA_SERVER and {KEY_VARIABLE}");
    Failure::wrong_use(anyhow::anyhow!("{why}"), hint)
}

fn given_key() -> Result<Option<Key>, Failure> {
    let said = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    if let Some(text) = said(KEY_VARIABLE) {
        return Key::parse(&text).map(Some);
    }
    let Some(place) = said(KEY_FILE_VARIABLE) else { return Ok(None) };
    let text = std::fs::read_to_string(Path::new(&place)).map_err(|error| {
        let error = anyhow::Error::new(error)
            .context(format!("cannot read {place}, which {KEY_FILE_VARIABLE} names"));
        Failure::wrong_use(error, "the file holds an API key")
    })?;
    Key::parse(&text).map(Some)
}

/// The server of this machine, as the settings have it.
fn local(config: &Config) -> String {
    format!("http://127.0.0.1:{}", config.service.port)
}

/// Runs what waits for a server on this thread.
fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| {
        let error = anyhow::Error::new(error).context("cannot prepare to wait for a server");
        Failure::not_done(error, "close programs that hold many files open")
    })?;
    runtime.block_on(work)
}
