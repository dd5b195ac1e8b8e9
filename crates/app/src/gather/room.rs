//! Who waits for which file, and whose file is being looked at. One lock guards it all; nobody is called while it
//! is held.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use dk_domain::{Finding, MediaFacts, ModelName, Sha256};

use super::words::{changed, stopped, unread};
use super::{Ask, Busy, Found, GatherFigures, GatherOptions, HeldFile, Reply};
use crate::ports::{AskError, Watcher};
use crate::{StopToken, Watch};

/// The waiting room of all lanes.
pub(super) struct Room {
    max_waiting: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    closed: bool,
    last_id: u64,
    /// Oldest first; at most one group of each file.
    waiting: VecDeque<Group>,
    looking: BTreeMap<u64, Look>,
}

/// Requests for one file that nobody has begun.
struct Group {
    sha256: Sha256,
    file: Arc<dyn HeldFile>,
    ready_at: Instant,
    members: Vec<Member>,
}

/// A file that is being looked at.
struct Look {
    sha256: Sha256,
    stop: StopToken,
    facts: Option<MediaFacts>,
    members: Vec<Member>,
}

/// One request.
struct Member {
    id: u64,
    model: ModelName,
    watcher: Watcher,
    reply: Reply,
    /// Taken back with the member; `None` for the moment between its entry and the registration.
    watch: Option<Watch>,
}

impl Member {
    fn answer(self, answer: Result<Found, AskError>) {
        drop(self.watch);
        (self.reply)(answer);
    }
}

/// What a lane is to do.
pub(super) struct Job {
    pub(super) id: u64,
    pub(super) sha256: Sha256,
    pub(super) file: Arc<dyn HeldFile>,
    pub(super) models: Vec<ModelName>,
    pub(super) stop: StopToken,
}

impl Room {
    pub(super) fn new(options: GatherOptions) -> Self {
        Self { max_waiting: options.max_waiting, state: Mutex::default(), changed: Condvar::new() }
    }

    /// Nothing of ours panics while the lock is held.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a request to the group of its file.
    pub(super) fn enter(room: &Arc<Self>, ask: Ask, reply: Reply, window: Duration) -> Result<(), Busy> {
        let Ask { sha256, file, model, watcher, stop } = ask;
        let id = {
            let mut state = room.lock();
            if state.closed {
                drop(state);
                reply(Err(stopped()));
                return Ok(());
            }
            if state.waiting_members() >= room.max_waiting {
                return Err(Busy);
            }
            state.last_id += 1;
            let id = state.last_id;
            let member = Member { id, model, watcher, reply, watch: None };
            if let Some(group) = state.waiting.iter_mut().find(|group| group.sha256 == sha256) {
                group.members.push(member);
            } else {
                let ready_at = Instant::now() + window;
                state.waiting.push_back(Group { sha256, file, ready_at, members: vec![member] });
            }
            id
        };
        room.changed.notify_one();
        let weak = Arc::downgrade(room);
        // Registered without the lock, because it runs at once where the request is stopped already.
        let watch = stop.on_stop(move || {
            if let Some(room) = weak.upgrade() {
                room.leave(id);
            }
        });
        if let Some(member) = room.lock().member(id) {
            member.watch = Some(watch);
        }
        Ok(())
    }

    /// Ends one request as stopped. The look at its file stops with the last one.
    fn leave(&self, id: u64) {
        let (member, stop) = self.lock().take(id);
        if let Some(stop) = stop {
            stop.stop();
        }
        if let Some(member) = member {
            member.answer(Err(stopped()));
        }
    }

    /// Waits for the oldest group whose window has passed; `None` when the room is closed.
    pub(super) fn next(&self) -> Option<Job> {
        let mut state = self.lock();
        loop {
            if state.closed {
                return None;
            }
            let now = Instant::now();
            let wait = state.waiting.front().map(|group| group.ready_at.saturating_duration_since(now));
            state = match wait {
                Some(wait) if wait.is_zero() => {
                    if let Some(job) = state.begin() {
                        return Some(job);
                    }
                    state
                }
                Some(wait) => {
                    self.changed.wait_timeout(state, wait).unwrap_or_else(PoisonError::into_inner).0
                }
                None => self.changed.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    /// The file has been read. Nobody gets a finding on another file than the one that was meant.
    pub(super) fn facts(&self, job: u64, facts: &MediaFacts) {
        let gone = {
            let mut state = self.lock();
            let Some(look) = state.looking.get_mut(&job) else { return };
            if look.sha256 == facts.sha256 {
                look.facts = Some(facts.clone());
                return;
            }
            (std::mem::take(&mut look.members), look.stop.clone())
        };
        let (members, stop) = gone;
        stop.stop();
        for member in members {
            member.answer(Err(changed()));
        }
    }

    /// A model has come to its finding: those who wait for it need not wait for the others.
    pub(super) fn finished(&self, job: u64, finding: &Finding) {
        let (facts, members) = {
            let mut state = self.lock();
            let Some(look) = state.looking.get_mut(&job) else { return };
            // Before the facts are known there is nothing to answer with; the end of the look does it.
            let Some(facts) = look.facts.clone() else { return };
            let named = |member: &mut Member| member.model == finding.model.name;
            let members: Vec<Member> = look.members.extract_if(.., named).collect();
            (facts, members)
        };
        for member in members {
            member.answer(Ok((facts.clone(), finding.clone())));
        }
    }

    /// Those who hear of progress.
    pub(super) fn watchers(&self, job: u64) -> Vec<Watcher> {
        let state = self.lock();
        let members = state.looking.get(&job).map(|look| look.members.as_slice());
        members.unwrap_or_default().iter().map(|member| Arc::clone(&member.watcher)).collect()
    }

    /// The look has ended: everyone who still waits gets an answer.
    pub(super) fn end(&self, job: &Job, answer: impl Fn(&ModelName) -> Option<Result<Found, AskError>>) {
        let look = self.lock().looking.remove(&job.id);
        for member in look.map(|look| look.members).unwrap_or_default() {
            let answer = answer(&member.model).unwrap_or_else(|| Err(unread(&member.model)));
            let answer = answer.and_then(|(facts, finding)| {
                if facts.sha256 == job.sha256 { Ok((facts, finding)) } else { Err(changed()) }
            });
            member.answer(answer);
        }
    }

    pub(super) fn figures(&self) -> GatherFigures {
        let state = self.lock();
        GatherFigures {
            waiting: state.waiting_members(),
            active: state.looking.values().map(|look| look.members.len()).sum(),
            files: state.waiting.len() + state.looking.len(),
        }
    }

    pub(super) fn close(&self) {
        let (waiting, looking) = {
            let mut state = self.lock();
            state.closed = true;
            let looking: Vec<(StopToken, Vec<Member>)> = state
                .looking
                .values_mut()
                .map(|look| (look.stop.clone(), std::mem::take(&mut look.members)))
                .collect();
            (std::mem::take(&mut state.waiting), looking)
        };
        self.changed.notify_all();
        for (stop, members) in looking {
            stop.stop();
            for member in members {
                member.answer(Err(stopped()));
            }
        }
        for member in waiting.into_iter().flat_map(|group| group.members) {
            member.answer(Err(stopped()));
        }
    }
}

impl State {
    fn waiting_members(&self) -> usize {
        self.waiting.iter().map(|group| group.members.len()).sum()
    }

    fn member(&mut self, id: u64) -> Option<&mut Member> {
        let waiting = self.waiting.iter_mut().flat_map(|group| &mut group.members);
        let looking = self.looking.values_mut().flat_map(|look| &mut look.members);
        waiting.chain(looking).find(|member| member.id == id)
    }

    /// Takes a request out, with what stops the look where nobody needs it any more.
    fn take(&mut self, id: u64) -> (Option<Member>, Option<StopToken>) {
        let place = |members: &[Member]| members.iter().position(|member| member.id == id);
        for number in 0..self.waiting.len() {
            let group = &mut self.waiting[number];
            if let Some(at) = place(&group.members) {
                let member = group.members.swap_remove(at);
                if group.members.is_empty() {
                    self.waiting.remove(number);
                }
                return (Some(member), None);
            }
        }
        for look in self.looking.values_mut() {
            if let Some(at) = place(&look.members) {
                let member = look.members.swap_remove(at);
                return (Some(member), look.members.is_empty().then(|| look.stop.clone()));
            }
        }
        (None, None)
    }

    /// Begins with the oldest group.
    fn begin(&mut self) -> Option<Job> {
        let group = self.waiting.pop_front()?;
        self.last_id += 1;
        let (id, stop) = (self.last_id, StopToken::new());
        let mut models: Vec<ModelName> = group.members.iter().map(|member| member.model.clone()).collect();
        models.sort_unstable();
        models.dedup();
        let look = Look { sha256: group.sha256, stop: stop.clone(), facts: None, members: group.members };
        self.looking.insert(id, look);
        Some(Job { id, sha256: group.sha256, file: group.file, models, stop })
    }
}
