//! `upload`: sends files, several at the same time, and prints where they can be followed or what came of them.

use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use dk_app::StopToken;
use dk_domain::ErrorCode;
use dk_wire::ErrorMessage;
use futures_util::{StreamExt, stream};
use serde_json::json;
use tokio::sync::Semaphore;

use super::args::UploadArgs;
use super::connect;
use super::http::Server;
use super::judged::{Bench, Original};
use super::messages::Medium;
use super::send::{Sending, Wishes, idempotency_key};
use super::watch::{Course, follow};
use crate::analyze::inputs::{Input, Inputs};
use crate::analyze::outcome::{Done, InOrder, Printer, Tally};
use crate::analyze::progress::{Display, FileProgress};
use crate::analyze::stop_on_interrupt;
use crate::config::Config;
use crate::failure::Failure;
use crate::style::{say, visible};

/// Files that were sent and are waited for, beside those that are on their way.
const WAITED_FOR: usize = 16;
/// Not every file could be handed over.
const NOT_ALL: u8 = 3;

pub(super) fn run(args: &UploadArgs, config: &Config) -> Result<ExitCode, Failure> {
    let server = connect(&args.server, config)?;
    let stop = StopToken::new();
    stop_on_interrupt(&stop, "stopping; what was sent is judged all the same (Ctrl-C again ends at once)")?;
    let inputs = Inputs::gather(&args.paths, args.recursive, &config.home, config.max_bytes, &stop)?;
    let models: Vec<&str> = args.models.iter().map(dk_domain::ModelName::as_str).collect();
    let wishes =
        Wishes { models: models.join(","), description: args.description.clone(), batch: args.batch };
    let display = Display::new(inputs.list.len(), args.quiet);
    let patience = Duration::from_secs(args.patience);
    let work = Work { args, server: &server, wishes, patience, display: &display, stop: &stop };
    let code = super::block_on(work.all(&inputs));
    display.finish();
    code
}

struct Work<'a> {
    args: &'a UploadArgs,
    server: &'a Server,
    wishes: Wishes,
    patience: Duration,
    display: &'a Display,
    stop: &'a StopToken,
}

/// What came of one file.
enum Sent {
    /// The server has it.
    Accepted(Medium),
    /// The server has judged it, or did not take it.
    Over(Done),
}

impl Work<'_> {
    async fn all(&self, inputs: &Inputs) -> Result<ExitCode, Failure> {
        let bench = if self.args.wait {
            Some(Bench::new(self.server, self.args.out.as_deref()).await?)
        } else {
            None
        };
        let jobs = usize::from(self.args.jobs);
        let lanes = Semaphore::new(jobs);
        let (lanes, bench) = (&lanes, bench.as_ref());
        let at_once = if self.args.wait { jobs + WAITED_FOR } else { jobs };
        let mut results = stream::iter(inputs.list.iter().enumerate())
            .map(|(number, input)| async move { (number, self.one(input, lanes, bench).await) })
            .buffer_unordered(at_once);
        let cards = bench.map_or(&[][..], |bench| &bench.cards);
        let printer = Printer { json: self.args.json, cards, display: self.display };
        let (mut tally, mut accepted) = (Tally::default(), 0);
        let mut ordered = InOrder::new(|number: usize, sent: Sent| {
            let name = &inputs.list[number].name;
            match sent {
                Sent::Over(done) => {
                    tally.count(&done);
                    printer.print(name, &done);
                }
                Sent::Accepted(medium) => {
                    accepted += 1;
                    self.display.pause(|| say(&self.receipt(name, &medium)));
                }
            }
        });
        let mut failed = None;
        while let Some((number, sent)) = results.next().await {
            match sent {
                Ok(Some(sent)) => ordered.add(number, sent),
                // Stopped; what is on its way hears it as well.
                Ok(None) => {}
                Err(failure) => {
                    failed = Some(failure);
                    break;
                }
            }
        }
        // What was sent before the end must be known, whatever ended it.
        ordered.finish();
        match failed {
            Some(failure) => Err(failure),
            None => Ok(self.end(tally, accepted, inputs.list.len())),
        }
    }

    fn end(&self, tally: Tally, accepted: usize, files: usize) -> ExitCode {
        if self.args.wait {
            tally.line(files).into_iter().for_each(|line| self.display.summary(&line));
            return tally.exit_code(self.stop.is_stopped());
        }
        let (failed, passed_over) = (tally.failed(), tally.passed_over());
        if files > 1 || passed_over > 0 {
            let line =
                format!("{accepted} files sent; {failed} not taken; {passed_over} other files passed over");
            self.display.summary(&line);
        }
        let good = failed == 0 && accepted > 0 && !self.stop.is_stopped();
        if good { ExitCode::SUCCESS } else { ExitCode::from(NOT_ALL) }
    }

    /// One line that says where the file can be followed.
    fn receipt(&self, name: &str, medium: &Medium) -> String {
        let run = medium.latest_analysis_run_id.as_deref();
        if self.args.json {
            let receipt = json!({"file": name, "mediaId": medium.id, "runId": run, "status": medium.status});
            return receipt.to_string();
        }
        format!("{}  media {}  run {}", visible(name), medium.id, run.unwrap_or("–"))
    }

    /// Sends one file and, if wished, waits for what comes of it. `None` after a stop.
    async fn one(
        &self,
        input: &Input,
        lanes: &Semaphore,
        bench: Option<&Bench<'_>>,
    ) -> Result<Option<Sent>, Failure> {
        if let Some(error) = input.refusal() {
            return Ok(Some(Sent::Over(Done::Failed(error))));
        }
        // A lane is never closed; without one the file waits for its turn.
        let lane = lanes.acquire().await;
        if self.stop.is_stopped() {
            return Ok(None);
        }
        let bar = self.display.file(&input.name);
        let medium = match self.send(input, &bar).await? {
            Some(Ok(medium)) => medium,
            Some(Err(done)) => return Ok(Some(Sent::Over(done))),
            None => return Ok(None),
        };
        drop(lane);
        let Some(bench) = bench else {
            return Ok(Some(Sent::Accepted(medium)));
        };
        bar.step(&format!("sent; media {}, run {}", medium.id, run_of(&medium)));
        let done = self.wait(input, &medium, bench, &bar).await?;
        Ok(done.map(Sent::Over))
    }

    async fn send(
        &self,
        input: &Input,
        bar: &FileProgress<'_>,
    ) -> Result<Option<Result<Medium, Done>>, Failure> {
        let name = sent_name(input);
        let sending = Sending {
            server: self.server,
            path: &input.path,
            name: &name,
            wishes: &self.wishes,
            patience: self.patience,
            bar,
            stop: self.stop,
        };
        match sending.send(&idempotency_key()?).await {
            Ok(medium) => Ok(medium.map(Ok)),
            Err(fault) if fault.code() == ErrorCode::UnsupportedMedia.as_str() && input.found_in_folder => {
                tracing::info!(file = %visible(&input.name), why = %fault, "passed over");
                Ok(Some(Err(Done::PassedOver)))
            }
            Err(fault) if fault.is_of_one_file() => Ok(Some(Err(Done::Failed(fault.message())))),
            Err(fault) => Err(fault.into_failure()),
        }
    }

    async fn wait(
        &self,
        input: &Input,
        medium: &Medium,
        bench: &Bench<'_>,
        bar: &FileProgress<'_>,
    ) -> Result<Option<Done>, Failure> {
        let run = run_of(medium);
        let course = Course { server: self.server, run, patience: self.patience, bar, stop: self.stop };
        match follow(&course).await {
            Ok(Some(Ok(document))) => {
                let original = Original::Here(&input.path);
                bench.done(&input.name, document, original).await.map(Some)
            }
            Ok(Some(Err(error))) => Ok(Some(Done::Failed(error))),
            Ok(None) => {
                bar.warn(&format!("the run goes on; `drishtiksha watch {run}` follows it"));
                Ok(None)
            }
            Err(fault) if fault.is_of_one_file() => Ok(Some(Done::Failed(fault.message()))),
            Err(fault) => Ok(Some(Done::Failed(ErrorMessage {
                hint: Some(format!("`drishtiksha watch {run}` follows the run again")),
                ..fault.message()
            }))),
        }
    }
}

/// A server of ours starts a run with every file; an older medium without one is followed by its own id.
fn run_of(medium: &Medium) -> &str {
    medium.latest_analysis_run_id.as_deref().unwrap_or(&medium.id)
}

/// The last part of the file's name; control characters do not belong into a header.
fn sent_name(input: &Input) -> String {
    if input.name == "-" {
        return "standard-input".to_owned();
    }
    let name = Path::new(&input.name).file_name().unwrap_or(input.path.as_os_str()).to_string_lossy();
    name.chars().map(|c| if c.is_control() { '_' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_sent_without_its_folder_and_without_control_characters() {
        let input = |name: &str| Input {
            path: name.into(),
            name: name.into(),
            found_in_folder: false,
            unreadable: None,
        };
        assert_eq!(sent_name(&input("/x/größe.mp4")), "größe.mp4");
        assert_eq!(sent_name(&input("a\r\nb.png")), "a__b.png");
        assert_eq!(sent_name(&input("-")), "standard-input");
    }
}
