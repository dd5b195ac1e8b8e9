//! The frames of all passes as one iterator. A thread decodes a little ahead; how little is bounded.

use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread::{self, JoinHandle};

use dk_app::{StopToken, Watch};

use super::Frame;
use super::decode::Job;
use super::plan::{Pass, Skip};
use crate::MediaError;

/// Frames that are decoded and not yet taken; each may have several megabytes.
const AHEAD: usize = 3;

/// Frames as they are decoded: the spread ones by time, then run after run. A frame that cannot be decoded is
/// left out without a word as long as any can; otherwise the only item is the reason. Dropping this ends the
/// child.
#[derive(Debug)]
pub struct Frames {
    receiver: Option<Receiver<Result<Frame, MediaError>>>,
    worker: Option<JoinHandle<()>>,
    planned: usize,
    cancel: StopToken,
    _stop: StopWatch,
}

/// Only holds what has to live as long as the frames.
struct StopWatch(#[expect(dead_code, reason = "taken back when it is dropped")] Watch);

impl std::fmt::Debug for StopWatch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StopWatch")
    }
}

pub(super) fn start(job: Job, passes: Vec<Pass>, stop: &StopToken) -> Frames {
    let planned = passes.iter().map(|pass| pass.wanted.len()).sum();
    let (sender, receiver) = mpsc::sync_channel(AHEAD);
    let cancel = StopToken::new();
    let (to_cancel, for_worker) = (cancel.clone(), cancel.clone());
    let watch = StopWatch(stop.on_stop(move || to_cancel.stop()));
    let worker = thread::spawn(move || work(&job, &passes, &for_worker, &sender));
    Frames { receiver: Some(receiver), worker: Some(worker), planned, cancel, _stop: watch }
}

impl Frames {
    /// How many frames will come if all can be decoded.
    pub fn planned(&self) -> usize {
        self.planned
    }
}

impl Iterator for Frames {
    type Item = Result<Frame, MediaError>;

    fn next(&mut self) -> Option<Self::Item> {
        let item = self.receiver.as_ref()?.recv().ok();
        if !matches!(item, Some(Ok(_))) {
            self.receiver = None;
        }
        item
    }
}

impl Drop for Frames {
    fn drop(&mut self) {
        self.cancel.stop();
        // A worker that waits for room sees that nobody takes anything any more.
        self.receiver = None;
        if let Some(worker) = self.worker.take() {
            let _ = worker.join();
        }
    }
}

fn work(job: &Job, passes: &[Pass], stop: &StopToken, sender: &SyncSender<Result<Frame, MediaError>>) {
    if let Err(error) = decode_all(job, passes, stop, sender) {
        // When nobody listens, nobody needs the reason.
        let _ = sender.send(Err(error));
    }
}

fn decode_all(
    job: &Job,
    passes: &[Pass],
    stop: &StopToken,
    sender: &SyncSender<Result<Frame, MediaError>>,
) -> Result<(), MediaError> {
    let chain = job.chain(stop)?;
    let mut total = 0;
    let mut reason = None;
    let mut emit = |frame| !stop.is_stopped() && sender.send(Ok(frame)).is_ok();
    for pass in passes {
        if stop.is_stopped() {
            return Err(MediaError::Stopped);
        }
        let (mut count, mut wrong) = job.run(pass, &chain, stop, &mut emit)?;
        if count == 0 {
            // The way was too clever for this file: no index to seek by, key frames that are none.
            let plain = Pass { from: None, skip: Skip::Nothing, wanted: pass.wanted.clone() };
            if plain != *pass {
                (count, wrong) = job.run(&plain, &chain, stop, &mut emit)?;
            }
        }
        total += count;
        reason = wrong.or(reason);
    }
    match reason {
        _ if stop.is_stopped() => Err(MediaError::Stopped),
        Some(reason) if total == 0 => Err(reason),
        _ => Ok(()),
    }
}
