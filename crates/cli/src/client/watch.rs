//! `watch`: follows runs to their end. The rows of the server are the truth, progress included, so a server that
//! goes away and comes back costs nothing but time.

use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Duration;

use dk_app::StopToken;
use dk_domain::{AnalysisStatus, ErrorCode, RunStatus};
use dk_wire::{ErrorMessage, FileDocument};
use futures_util::{StreamExt, stream};

use super::args::WatchArgs;
use super::connect;
use super::fault::Fault;
use super::http::Server;
use super::judged::{Bench, Original};
use super::messages::{Analysis, Medium, Run};
use crate::analyze::outcome::{Done, InOrder, Printer, Tally};
use crate::analyze::progress::{Display, FileProgress, unit};
use crate::analyze::stop_on_interrupt;
use crate::config::Config;
use crate::failure::Failure;
use crate::style::visible;

/// Between two looks at one run.
const LOOK: Duration = Duration::from_millis(500);
/// Runs that are followed at the same time.
const AT_ONCE: usize = 32;

/// A run that is followed.
pub(super) struct Course<'a> {
    pub(super) server: &'a Server,
    pub(super) run: &'a str,
    /// How long the server may be silent.
    pub(super) patience: Duration,
    pub(super) bar: &'a FileProgress<'a>,
    pub(super) stop: &'a StopToken,
}

/// Follows a run to its end: its report, or why there is none. `None` after a stop, which leaves the run going.
pub(super) async fn follow(course: &Course<'_>) -> Result<Option<Result<FileDocument, ErrorMessage>>, Fault> {
    let mut shown = Shown::default();
    let path = format!("/runs/{}", course.run);
    loop {
        let Some(run) = ask::<Run>(course, &path).await? else { return Ok(None) };
        shown.update(&run, course.bar);
        match run.status() {
            None => {
                let why = format!("the run stands at {:?}, which this program does not know", run.status);
                return Err(Fault::Nonsense { why });
            }
            Some(RunStatus::Cancelled) => return Ok(Some(Err(cancelled()))),
            Some(status) if status.is_ended() => break,
            Some(_) => {}
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = course.stop.stopped() => return Ok(None),
        }
    }
    Ok(ask(course, &format!("{path}/report")).await?.map(Ok))
}

async fn ask<T: serde::de::DeserializeOwned>(course: &Course<'_>, path: &str) -> Result<Option<T>, Fault> {
    course.server.insist(path, course.patience, course.stop, |words| course.bar.warn(words)).await
}

/// What is said of a run that somebody stopped.
pub(super) fn cancelled() -> ErrorMessage {
    ErrorMessage {
        code: ErrorCode::Stopped.as_str().to_owned(),
        message: "the run was cancelled".to_owned(),
        hint: Some("upload the file again, or start another run on the server's page".to_owned()),
    }
}

/// What of a run has been told already.
#[derive(Default)]
struct Shown {
    waiting_for: Option<String>,
    ended: BTreeSet<String>,
}

impl Shown {
    fn update(&mut self, run: &Run, bar: &FileProgress<'_>) {
        if run.waiting_for != self.waiting_for {
            if let Some(reason) = &run.waiting_for {
                bar.step(&format!("waits: {}", visible(reason)));
            }
            self.waiting_for.clone_from(&run.waiting_for);
        }
        for analysis in &run.analyses {
            self.tell_end(analysis, bar);
        }
        let under_way = run
            .analyses
            .iter()
            .find_map(|analysis| analysis.progress.as_ref().filter(|_| !is_ended(analysis)));
        let of = format!("{} of {} models done", self.ended.len(), run.analyses.len());
        match under_way {
            Some(mark) => {
                let what = mark.phase().map_or("at work", unit);
                bar.tell(&format!("{what}, {of}"), mark.done, mark.total);
            }
            None if run.analyses.is_empty() => bar.tell("queued", 0, None),
            None => bar.tell(&of, self.ended.len() as u64, Some(run.analyses.len() as u64)),
        }
    }

    fn tell_end(&mut self, analysis: &Analysis, bar: &FileProgress<'_>) {
        if !is_ended(analysis) || !self.ended.insert(analysis.model_name.clone()) {
            return;
        }
        if let (Some(model), Some(prediction)) = (analysis.model(), analysis.prediction()) {
            bar.answered(&model, prediction, analysis.processing_time.unwrap_or_default());
        } else {
            let why = analysis.error_message.as_deref().unwrap_or(&analysis.status);
            bar.step(&format!("{} failed: {}", visible(&analysis.model_name), visible(why)));
        }
    }
}

fn is_ended(analysis: &Analysis) -> bool {
    analysis.status.parse().is_ok_and(AnalysisStatus::is_ended)
}

/// A run and the file that it is about.
pub(super) struct Target {
    pub(super) run: Run,
    pub(super) name: String,
}

/// Finds the run behind the id of a run, or of a medium, whose latest run is meant.
pub(super) async fn find(server: &Server, id: &str) -> Result<Target, Fault> {
    let run: Run = match server.get(&format!("/runs/{id}")).await {
        Err(fault) if fault.is_not_found() => {
            let medium: Medium = server.get(&format!("/media/{id}")).await?;
            let latest = medium.latest_analysis_run_id.as_deref().ok_or_else(|| Fault::Nonsense {
                why: format!("{:?} has never been judged", medium.filename),
            })?;
            server.get(&format!("/runs/{latest}")).await?
        }
        found => found?,
    };
    let medium: Medium = server.get(&format!("/media/{}", run.media_id)).await?;
    Ok(Target { run, name: medium.filename })
}

pub(super) fn run(args: &WatchArgs, config: &Config) -> Result<ExitCode, Failure> {
    let server = connect(&args.server, config)?;
    let stop = StopToken::new();
    stop_on_interrupt(&stop, "no longer watching; the runs go on")?;
    let display = Display::new(args.ids.len(), args.quiet);
    let work = Work { args, server: &server, display: &display, stop: &stop };
    let tally = super::block_on(work.all());
    display.finish();
    tally.map(|tally| tally.exit_code(stop.is_stopped()))
}

struct Work<'a> {
    args: &'a WatchArgs,
    server: &'a Server,
    display: &'a Display,
    stop: &'a StopToken,
}

impl Work<'_> {
    async fn all(&self) -> Result<Tally, Failure> {
        let bench = Bench::new(self.server, self.args.out.as_deref()).await?;
        let mut targets = Vec::new();
        for id in &self.args.ids {
            targets.push(find(self.server, &id.to_string()).await.map_err(Fault::into_failure)?);
        }
        let printer = Printer { json: self.args.json, cards: &bench.cards, display: self.display };
        let mut tally = Tally::default();
        let mut ordered = InOrder::new(|number: usize, done: Done| {
            let target: &Target = &targets[number];
            tally.count(&done);
            printer.print(&target.name, &done);
        });
        let mut results = stream::iter(targets.iter().enumerate())
            .map(|(number, target)| {
                let bench = &bench;
                async move { (number, self.one(target, bench).await) }
            })
            .buffer_unordered(AT_ONCE);
        let mut failed = None;
        while let Some((number, done)) = results.next().await {
            match done {
                Ok(Some(done)) => ordered.add(number, done),
                Ok(None) => {}
                Err(failure) => {
                    failed = Some(failure);
                    break;
                }
            }
        }
        ordered.finish();
        if let Some(failure) = failed {
            return Err(failure);
        }
        tally.line(targets.len()).into_iter().for_each(|line| self.display.summary(&line));
        Ok(tally)
    }

    async fn one(&self, target: &Target, bench: &Bench<'_>) -> Result<Option<Done>, Failure> {
        let bar = self.display.file(&target.name);
        bar.step(&format!("following run {}", target.run.id));
        let patience = Duration::from_secs(self.args.patience);
        let course =
            Course { server: self.server, run: &target.run.id, patience, bar: &bar, stop: self.stop };
        match follow(&course).await {
            Ok(Some(Ok(document))) => {
                let original = Original::There(&target.run.media_id);
                bench.done(&target.name, document, original).await.map(Some)
            }
            Ok(Some(Err(error))) => Ok(Some(Done::Failed(error))),
            Ok(None) => Ok(None),
            Err(fault) if fault.is_unauthorized() => Err(fault.into_failure()),
            Err(fault) => Ok(Some(Done::Failed(fault.message()))),
        }
    }
}
