//! Has every file of a set judged once, keeps the answers, and goes on where it was stopped.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;

use anyhow::anyhow;
use dk_app::{Effort, Request, Silent, StopToken};
use dk_domain::{ModelName, Sha256};
use dk_infer::LocalDetector;
use dk_infer::package::checksum;
use dk_wire::{JudgeMessage, LeftOut};

use super::copies::{self, Copy};
use super::kept::{Keeper, KeptFile};
use super::set::{Labelled, Set};
use crate::analyze::outcome::broken;
use crate::analyze::progress::Display;
use crate::copies::Copies;
use crate::failure::Failure;
use crate::style::visible;

/// What every file needs.
pub(crate) struct Pass<'a> {
    pub detector: &'a LocalDetector,
    pub judges: &'a [JudgeMessage],
    pub keeper: &'a Keeper,
    /// Makes changed copies, where they are asked for.
    pub copies: Option<&'a Copies>,
    pub display: &'a Display,
    pub stop: &'a StopToken,
}

/// Files that are there, each once.
#[derive(Debug)]
pub(crate) struct Plan<'a> {
    files: Vec<(&'a Labelled, Sha256)>,
    pub repeated: usize,
    pub left_out: Vec<LeftOut>,
}

/// A file with what was said of it.
#[derive(Debug)]
pub(crate) struct JudgedFile<'a> {
    pub file: &'a Labelled,
    pub kept: KeptFile,
    pub copies: Vec<Copy>,
}

/// Reads every file once, to know it by its checksum.
pub(crate) fn plan<'a>(set: &'a Set, stop: &StopToken) -> Result<Plan<'a>, Failure> {
    let mut plan = Plan { files: Vec::new(), repeated: 0, left_out: Vec::new() };
    let mut seen: BTreeMap<Sha256, &Labelled> = BTreeMap::new();
    for file in set.files.iter().take_while(|_| !stop.is_stopped()) {
        let sum = match sum_of(file) {
            Ok(sum) => sum,
            Err(why) => {
                plan.left_out.push(LeftOut { file: file.name.clone(), why });
                continue;
            }
        };
        match seen.get(&sum) {
            Some(other) if other.synthetic != file.synthetic => {
                let error = anyhow!("{} and {} are the same file with two labels", other.name, file.name);
                return Err(Failure::wrong_use(error, "take one of them out, or mend its label"));
            }
            Some(_) => plan.repeated += 1,
            None => {
                seen.insert(sum, file);
                plan.files.push((file, sum));
            }
        }
    }
    Ok(plan)
}

fn sum_of(file: &Labelled) -> Result<Sha256, String> {
    if let Some(why) = &file.unreadable {
        return Err(why.clone());
    }
    let sum = checksum(&file.path).map_err(|error| format!("cannot be read: {error}"))?;
    match file.sha256 {
        Some(listed) if listed != sum => Err(format!("has the SHA-256 {sum}, and the list says {listed}")),
        _ => Ok(sum),
    }
}

impl Pass<'_> {
    /// Judges `jobs` files at a time; the results are in the order of the set. What could not be judged is added to the
    /// plan's list. After a stop the rest is missing.
    pub(crate) fn all<'a>(&self, plan: &mut Plan<'a>, jobs: usize) -> Vec<JudgedFile<'a>> {
        let (next, total) = (AtomicUsize::new(0), plan.files.len());
        let files = &plan.files;
        let (sender, results) = channel();
        let mut came = BTreeMap::new();
        thread::scope(|scope| {
            for _ in 0..jobs {
                let (sender, next) = (sender.clone(), &next);
                scope.spawn(move || {
                    loop {
                        let number = next.fetch_add(1, Ordering::SeqCst);
                        let Some((file, sum)) = files.get(number).filter(|_| !self.stop.is_stopped()) else {
                            return;
                        };
                        // A panic costs its own file, not the others.
                        let done = catch_unwind(AssertUnwindSafe(|| self.one(file, *sum)));
                        let done = done.unwrap_or_else(|_| Err(broken().message));
                        // The receiver lives until all senders are gone.
                        let _ = sender.send((number, done));
                    }
                });
            }
            drop(sender);
            for (done, (number, result)) in results.into_iter().enumerate() {
                let name = files.get(number).map_or("", |(file, _)| file.name.as_str());
                self.display.pause(|| ());
                self.display.summary(&format!("{} of {total}: {}", done + 1, visible(name)));
                came.insert(number, result);
            }
        });
        self.sort_out(plan, came)
    }

    fn sort_out<'a>(
        &self,
        plan: &mut Plan<'a>,
        came: BTreeMap<usize, Result<(KeptFile, Vec<Copy>), String>>,
    ) -> Vec<JudgedFile<'a>> {
        let mut judged = Vec::new();
        for (number, result) in came {
            let Some((file, _)) = plan.files.get(number) else { continue };
            match result {
                Ok((kept, copies)) => judged.push(JudgedFile { file, kept, copies }),
                // What was stopped is judged when the same command goes on.
                Err(_) if self.stop.is_stopped() => {}
                Err(why) => plan.left_out.push(LeftOut { file: file.name.clone(), why }),
            }
        }
        judged
    }

    fn one(&self, file: &Labelled, sum: Sha256) -> Result<(KeptFile, Vec<Copy>), String> {
        let kept = self.judge(&file.path, sum, None)?;
        let copies = match (self.copies, kept.kind()) {
            (Some(made), Some(kind)) => copies::all(made, self, &file.path, sum, kind)?,
            _ => Vec::new(),
        };
        Ok((kept, copies))
    }

    /// Judges the file at `path` by those models that have not judged it yet. `copy` says which changed copy it is.
    pub(crate) fn judge(&self, path: &Path, sum: Sha256, copy: Option<&str>) -> Result<KeptFile, String> {
        let kept = self.keeper.get(sum, copy);
        let missing = KeptFile::missing(kept.as_ref(), self.judges);
        if let (Some(kept), true) = (&kept, missing.is_empty()) {
            return Ok(kept.clone());
        }
        let models: Vec<ModelName> =
            missing.iter().map(|judge| judge.name.parse().map_err(said)).collect::<Result<_, _>>()?;
        let request = Request { path, models: &models, illustrate: false, effort: Effort::All };
        let report = dk_app::analyze(self.detector, &request, &Silent, self.stop)
            .map_err(|error| format!("{:#}", anyhow::Error::new(error)))?;
        if copy.is_none() && report.facts.sha256 != sum {
            return Err("it changed while it was read".to_owned());
        }
        let mut kept = kept.unwrap_or_else(|| KeptFile::new(report.facts.kind));
        kept.add(&report, &missing);
        self.keeper.put(sum, copy, &kept).map_err(said)?;
        Ok(kept)
    }
}

fn said(error: impl std::fmt::Display) -> String {
    error.to_string()
}
