//! The service: one process with all its parts, or one part of many. What each part needs is built here, started,
//! and stopped in order.

mod ambient;
mod first_admin;
mod inspector;
mod listen;
mod metrics;
mod operator;
mod parts;
mod secret;
pub(crate) mod servers;
mod signals;
mod tables;

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use dk_app::StopToken;
use dk_app::ports::WorkOptions;
use dk_app::service::{Ports, Retention};
use dk_ml_http::MlServer;
use dk_worker::CareOptions;

use crate::args::{Role, UserCommand};
use crate::config::{Config, DatabaseChoice, ServiceConfig};
use crate::failure::Failure;
use crate::style::say;
use first_admin::First;
use listen::{Limits, listen};
use parts::Parts;

/// Work that was asked to stop is waited for a little longer than it was promised.
const AFTER_GRACE: Duration = Duration::from_secs(5);

/// `serve`, `api`, `worker` and `ml`.
pub(crate) fn run(roles: &[Role], config: &Config) -> Result<ExitCode, Failure> {
    let roles = Roles {
        api: roles.contains(&Role::Api),
        worker: roles.contains(&Role::Worker),
        ml: roles.contains(&Role::Ml),
    };
    roles.check(config)?;
    let runtime = runtime()?;
    let served = runtime.block_on(serve(roles, config));
    // Threads that judge files hear the stop between two runs of a net; nothing of theirs is lost.
    runtime.shutdown_timeout(AFTER_GRACE);
    served
}

fn care_options(config: &ServiceConfig) -> CareOptions {
    let keep = Retention {
        events: time::Duration::days(config.keep_events_days.into()),
        health: time::Duration::days(config.keep_health_days.into()),
    };
    let (mend_every, tidy_every) = (config.mend_every, config.tidy_every);
    CareOptions { mend_every, tidy_every, keep, ..CareOptions::default() }
}

/// `migrate`.
pub(crate) fn migrate(config: &Config) -> Result<ExitCode, Failure> {
    runtime()?.block_on(tables::migrate(config))
}

/// Copies the embedded database, as it is at one moment, into a file that is not there yet; for `backup`.
pub(crate) fn copy_database(config: &Config, to: &Path) -> Result<(), Failure> {
    runtime()?.block_on(async {
        let database = parts::open_database(config).await?;
        database.copy_to(to).await.map_err(parts::database_failed)?;
        database.close().await.map_err(parts::database_failed)
    })
}

/// Whether the copy of a database is of an older version, for `restore`; one of a newer version is refused.
pub(crate) fn check_copy(file: &Path) -> Result<bool, Failure> {
    runtime()?.block_on(parts::is_behind(file))
}

/// `user …`.
pub(crate) fn user(command: &UserCommand, config: &Config) -> Result<ExitCode, Failure> {
    runtime()?.block_on(operator::run(command, config))
}

/// `openapi`.
pub(crate) fn openapi() -> ExitCode {
    say(&dk_api::openapi_json());
    ExitCode::SUCCESS
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    let built = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    built.map_err(|error| {
        Failure::not_done(
            anyhow::Error::new(error).context("cannot start threads"),
            "raise the limit of threads",
        )
    })
}

/// Which parts run in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Roles {
    api: bool,
    worker: bool,
    ml: bool,
}

impl Roles {
    /// Whether files are judged within this process for its own worker.
    fn judges_here(self, config: &Config) -> bool {
        self.worker && self.ml && config.service.ml_urls.is_empty()
    }

    /// Whether other processes may ask this one to judge files.
    fn judges_for_others(self, config: &Config) -> bool {
        self.ml && !self.judges_here(config)
    }

    /// Parts that are spread over processes need servers between them.
    fn check(self, config: &Config) -> Result<(), Failure> {
        let service = &config.service;
        let need = |missing: bool, what: &str, why: &str| {
            if !missing {
                return Ok(());
            }
            let error = anyhow::anyhow!("{what} is not set, and {why}");
            Err(Failure::wrong_use(
                error,
                format!("set {what}, or run everything in one process with `drishtiksha serve`"),
            ))
        };
        let alone = "this part of the service runs in a process of its own";
        if self.judges_for_others(config) {
            need(service.ml_api_key.is_none(), "ML_API_KEY", "an ML server answers nobody without a key")?;
        }
        if !self.api && !self.worker {
            return Ok(());
        }
        if !(self.api && self.worker) {
            need(service.redis.is_none(), "REDIS_URL", alone)?;
            need(matches!(service.database, DatabaseChoice::File(_)), "DATABASE_URL", alone)?;
            need(self.api && service.jwt_secret.is_none(), "JWT_SECRET", alone)?;
        }
        if !self.judges_here(config) {
            need(service.ml_urls.is_empty(), "ML_SERVER_URLS", "no model is loaded in this process")?;
            need(service.ml_api_key.is_none(), "ML_API_KEY", "ML servers answer nobody without a key")?;
        }
        Ok(())
    }
}

async fn serve(roles: Roles, config: &Config) -> Result<ExitCode, Failure> {
    let metrics = metrics::install()?;
    let stop = StopToken::new();
    let limits = Limits::new(config.service.connections);
    let ml_at = if roles.judges_for_others(config) {
        Some(listen(config.service.ml_host, config.service.ml_port, limits, "ML_PORT").await?)
    } else {
        None
    };
    let parts = Parts::build(roles, config, ml_at.as_ref().map(|at| at.address.port()), &stop).await?;
    let mut tasks = tokio::task::JoinSet::new();
    let mut lines = Vec::new();
    if let (Some(ml), Some(at)) = (&parts.ml, ml_at) {
        lines.push(format!("ml       http://{}", at.address));
        spawn(&mut tasks, "ml", at.serve(ml.router(), &stop));
        // It answers meanwhile that it is not ready; a strict one that refuses a model ends this process.
        spawn(&mut tasks, "ml", load(ml.clone(), stop.clone()));
    }
    if let Some(ports) = &parts.ports {
        if roles.api {
            let at = listen(config.service.host, config.service.port, limits, "PORT").await?;
            let url = format!("http://{}", at.address);
            let api = parts::api_config(config, &*ports.ambient)?;
            let first = match &config.service.database {
                DatabaseChoice::File(_) => First::Made,
                DatabaseChoice::Url(_) => {
                    First::Invited { config: &api, url: config.service.public_url.as_ref().unwrap_or(&url) }
                }
            };
            first_admin::welcome(&parts::People::from(ports), first).await?;
            lines.push(format!("api      {url}"));
            let router = dk_api::router(ports.clone(), api, &stop);
            spawn(&mut tasks, "api", at.serve(router, &stop));
        }
        if roles.worker {
            let options =
                WorkOptions { concurrency: config.service.concurrency, grace: config.service.grace };
            spawn(&mut tasks, "worker", work(ports.clone(), options, stop.clone()));
            let care = care_options(&config.service);
            if let Some(database) = parts.database.clone() {
                let ambient = std::sync::Arc::clone(&ports.ambient);
                tasks.spawn(named("tables", tables::make_room(database, ambient, stop.clone())));
            }
            tasks.spawn(named("care", dk_worker::take_care(ports.clone(), care, stop.clone())));
        }
        tasks.spawn(named("relay", dk_worker::relay_errands(ports.clone(), stop.clone())));
    }
    if let Some(at) = metrics::listen(config).await? {
        lines.push(format!("metrics  http://{}/metrics", at.address));
        spawn(&mut tasks, "metrics", at.serve(metrics::router(metrics, &parts), &stop));
    }
    for line in &lines {
        say(line);
    }
    tracing::info!(roles = ?roles, "ready");
    signals::wait(&mut tasks, &stop, config.service.grace + AFTER_GRACE).await
}

/// What came of a part: `Err` names it.
type Ended = Result<(), (&'static str, anyhow::Error)>;

fn spawn(
    tasks: &mut tokio::task::JoinSet<Ended>,
    name: &'static str,
    part: impl Future<Output = anyhow::Result<()>> + Send + 'static,
) {
    tasks.spawn(async move { part.await.map_err(|error| (name, error)) });
}

async fn named(name: &'static str, part: impl Future<Output = ()>) -> Ended {
    part.await;
    tracing::debug!(part = name, "ended");
    Ok(())
}

async fn load(ml: MlServer, stop: StopToken) -> anyhow::Result<()> {
    match ml.load(&stop).await {
        Err(_) if stop.is_stopped() => Ok(()),
        loaded => Ok(loaded?),
    }
}

async fn work(ports: Ports, options: WorkOptions, stop: StopToken) -> anyhow::Result<()> {
    Ok(dk_worker::work(ports, options, stop).await?)
}
