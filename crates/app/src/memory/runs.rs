//! The port [`Runs`].

use async_trait::async_trait;
use dk_domain::{
    AnalysisId, AnalysisStatus, ErrorCode, Event, EventKind, MediaId, MediaKind, ModelName, RunId, RunStatus,
    UserId, Waiting, conclude_votes,
};
use time::{Duration, OffsetDateTime};

use super::steps::{end_part, new_media, nothing, pending};
use super::{MemoryStore, RunRow};
use crate::ports::{
    Accepted, AddRun, Before, EndOfAnalysis, Ended, Errand, ErrandKind, HEAD_START, IdempotencyKey, NewMedia,
    NewRun, Once, Planned, ProgressMark, Reopened, Run, RunDetail, Runs, StalledRun, Start, StoreError,
    UploadState,
};

const UPLOAD: &str = "upload";

#[async_trait]
impl Runs for MemoryStore {
    async fn accept(
        &self,
        media: &NewMedia,
        run: &NewRun,
        once: Option<&Once>,
        now: OffsetDateTime,
    ) -> Result<Accepted, StoreError> {
        let mut state = self.lock();
        let key = match once {
            Some(Once::Key(key)) => Some(key),
            Some(Once::Upload(id)) => match state.upload_state(*id) {
                Some(UploadState::Taken(id)) => {
                    let media = state.media.get(id).cloned();
                    return Ok(media.map_or(Accepted::Gone, |media| Accepted::Again(Box::new(media))));
                }
                Some(UploadState::Open) => None,
                Some(UploadState::Refused(_)) | None => return Ok(Accepted::Gone),
            },
            None => None,
        };
        let before = state.led_to(media.user_id, key, UPLOAD, now);
        if let Some((media, is_same)) =
            before.and_then(|led| Some((state.media.get(&led.media)?, led.is_same)))
        {
            let again = || Accepted::Again(Box::new(media.clone()));
            return Ok(if is_same { again() } else { Accepted::KeyTaken });
        }
        state.media.insert(media.id, new_media(media, now));
        let (_, begun) = state.begin(media.id, run, now);
        let led = (media.id, run.id, now + Duration::hours(24));
        state.note(media.user_id, key, UPLOAD, led);
        if let Some(Once::Upload(id)) = once {
            state.upload_taken(*id, media.id, now);
        }
        let stored = state.media[&media.id].clone();
        Ok(Accepted::New(Box::new(stored), begun))
    }

    async fn accepted_before(
        &self,
        owner: UserId,
        key: &IdempotencyKey,
    ) -> Result<Option<Before>, StoreError> {
        let now = self.ambient.now();
        let state = self.lock();
        let before = state.led_to(owner, Some(key), UPLOAD, now);
        let found = before.and_then(|led| Some((state.owned(owner, led.media)?.clone(), led.is_same)));
        Ok(found.map(|(media, is_same)| if is_same { Before::Same(Box::new(media)) } else { Before::Other }))
    }

    async fn add_run(
        &self,
        owner: UserId,
        media: MediaId,
        run: &NewRun,
        key: Option<&IdempotencyKey>,
        now: OffsetDateTime,
    ) -> Result<AddRun, StoreError> {
        let mut state = self.lock();
        if state.owned(owner, media).is_none() {
            return Ok(AddRun::NoMedia);
        }
        let purpose = media.to_string();
        let before = state.led_to(owner, key, &purpose, now);
        if let Some((row, is_same)) = before.and_then(|led| Some((state.runs.get(&led.run)?, led.is_same))) {
            let again = || AddRun::Again(Box::new(row.run.clone()));
            return Ok(if is_same { again() } else { AddRun::KeyTaken });
        }
        if state.runs.values().any(|row| row.run.media_id == media && row.is_under_way()) {
            return Ok(AddRun::UnderWay);
        }
        let (row, begun) = state.begin(media, run, now);
        state.note(owner, key, &purpose, (media, run.id, now + Duration::hours(24)));
        Ok(AddRun::Added(Box::new(row), begun))
    }

    async fn to_plan(&self, id: RunId) -> Result<Option<(Run, MediaKind, UserId, u32)>, StoreError> {
        let state = self.lock();
        let Some(row) = state.runs.get(&id).filter(|row| row.is_under_way() && !row.is_planned) else {
            return Ok(None);
        };
        let media = &state.media[&row.run.media_id];
        let is_other = |other: &&RunRow| {
            other.run.id != id
                && other.is_under_way()
                && state.owned(media.user_id, other.run.media_id).is_some()
        };
        let backlog = u32::try_from(state.runs.values().filter(is_other).count()).unwrap_or(u32::MAX);
        Ok(Some((row.run.clone(), media.facts.kind, media.user_id, backlog)))
    }

    async fn plan(
        &self,
        id: RunId,
        analyses: &[(AnalysisId, ModelName)],
        place: u32,
        now: OffsetDateTime,
    ) -> Result<Option<Errand>, StoreError> {
        let mut state = self.lock();
        let Some(media_id) = state.open_run(id).filter(|row| !row.is_planned).map(|row| row.run.media_id)
        else {
            return Ok(None);
        };
        if analyses.is_empty() {
            return Ok(None);
        }
        let kind = state.media[&media_id].facts.kind;
        let parts =
            analyses.iter().map(|(part, model)| (model.clone(), pending(*part, id, model, kind, now)));
        if let Some(row) = state.runs.get_mut(&id) {
            row.parts = parts.collect();
            (row.is_planned, row.place, row.updated_at, row.run.waiting_for) = (true, place, now, None);
        }
        let models = analyses.iter().map(|(_, model)| model.clone()).collect();
        let jobs = ErrandKind::Enqueue(Planned { media_id, run_id: id, models, place });
        Ok(Some(state.write_errand(jobs, now + HEAD_START)))
    }

    async fn wait(&self, id: RunId, reason: &Waiting, now: OffsetDateTime) -> Result<(), StoreError> {
        if let Some(row) = self.lock().open_run(id).filter(|row| !row.is_planned) {
            (row.run.waiting_for, row.updated_at) = (Some(reason.clone()), now);
        }
        Ok(())
    }

    async fn end_without_models(&self, id: RunId, now: OffsetDateTime) -> Result<Ended, StoreError> {
        let mut state = self.lock();
        if state.open_run(id).is_none_or(|row| row.is_planned) {
            return Ok(nothing());
        }
        let event = state.close(id, RunStatus::Failed, Some(conclude_votes(&[], 0)), 0, now);
        Ok(Ended { events: state.write_events(id, vec![event], now), run: Some(RunStatus::Failed) })
    }

    async fn start(&self, run: RunId, model: &ModelName, now: OffsetDateTime) -> Result<Start, StoreError> {
        let mut state = self.lock();
        let Some(part) = state.open_part(run, model) else { return Ok(Start::Over) };
        let analysis = &mut part.analysis;
        (analysis.status, analysis.progress, analysis.updated_at) = (AnalysisStatus::Processing, None, now);
        analysis.attempts += 1;
        state.process(run, now);
        let Some(assignment) = state.assignment(run, model) else { return Ok(Start::Over) };
        let events = state.write_events(run, vec![EventKind::Started { model: model.clone() }], now);
        Ok(Start::Go(Box::new(assignment), events))
    }

    async fn progress(
        &self,
        marks: &[(RunId, ModelName, Option<ProgressMark>)],
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let mut state = self.lock();
        for (run, model, mark) in marks {
            if let Some(part) = state.open_part(*run, model) {
                part.analysis.progress = mark.or(part.analysis.progress);
                part.analysis.updated_at = now;
            }
            // Looked at: its turn comes again after those that were not.
            if let Some(row) = state.open_run(*run).filter(|_| mark.is_none()) {
                row.updated_at = now;
            }
        }
        Ok(())
    }

    async fn will_retry(
        &self,
        run: RunId,
        model: &ModelName,
        code: ErrorCode,
        message: &str,
        now: OffsetDateTime,
    ) -> Result<Vec<Event>, StoreError> {
        let mut state = self.lock();
        let Some(part) = state.open_part(run, model) else { return Ok(Vec::new()) };
        let analysis = &mut part.analysis;
        (analysis.status, analysis.progress, analysis.updated_at) = (AnalysisStatus::Pending, None, now);
        let message = message.to_owned();
        analysis.error = Some((code, message.clone()));
        let failed = EventKind::Failed { model: model.clone(), code, message, will_retry: true };
        Ok(state.write_events(run, vec![failed], now))
    }

    async fn end(
        &self,
        run: RunId,
        model: &ModelName,
        how: &EndOfAnalysis,
        now: OffsetDateTime,
    ) -> Result<Ended, StoreError> {
        let mut state = self.lock();
        let Some(part) = state.open_part(run, model) else { return Ok(nothing()) };
        let mut kinds = vec![end_part(part, how, now)];
        let ended = state.conclude(run, now).map(|(status, event)| {
            kinds.push(event);
            status
        });
        if ended.is_none() {
            state.process(run, now);
        }
        Ok(Ended { events: state.write_events(run, kinds, now), run: ended })
    }

    async fn conclude(&self, run: RunId, now: OffsetDateTime) -> Result<Ended, StoreError> {
        let mut state = self.lock();
        let Some((status, event)) = state.conclude(run, now) else { return Ok(nothing()) };
        Ok(Ended { events: state.write_events(run, vec![event], now), run: Some(status) })
    }

    async fn cancel(
        &self,
        owner: UserId,
        run: RunId,
        now: OffsetDateTime,
    ) -> Result<Option<(RunDetail, Vec<ModelName>, Vec<Event>)>, StoreError> {
        let mut state = self.lock();
        let Some(row) = state.owned_run(owner, run) else { return Ok(None) };
        if !row.is_under_way() {
            return Ok(Some((row.detail(), Vec::new(), Vec::new())));
        }
        let (models, mut answered) = (row.unfinished(), 0);
        for part in state.runs.get_mut(&run).into_iter().flat_map(|row| row.parts.values_mut()) {
            answered += usize::from(part.analysis.status == AnalysisStatus::Completed);
            if !part.analysis.status.is_ended() {
                (part.analysis.status, part.analysis.updated_at) = (AnalysisStatus::Cancelled, now);
            }
        }
        let event = state.close(run, RunStatus::Cancelled, None, answered, now);
        let events = state.write_events(run, vec![event], now);
        Ok(Some((state.runs[&run].detail(), models, events)))
    }

    async fn reopen(
        &self,
        run: RunId,
        model: &ModelName,
        now: OffsetDateTime,
    ) -> Result<Reopened, StoreError> {
        let mut state = self.lock();
        let Some(media) = state.runs.get(&run).map(|row| row.run.media_id) else {
            return Ok(Reopened::Over);
        };
        let is_other = |row: &RunRow| row.run.id != run && row.run.media_id == media && row.is_under_way();
        let is_busy = state.runs.values().any(is_other);
        let Some(row) = state.runs.get_mut(&run).filter(|row| row.run.status != RunStatus::Cancelled) else {
            return Ok(Reopened::Over);
        };
        let Some(part) = row.parts.get_mut(model) else { return Ok(Reopened::Over) };
        match part.analysis.status {
            AnalysisStatus::Pending | AnalysisStatus::Processing => return Ok(Reopened::Open),
            AnalysisStatus::Failed if is_busy => return Ok(Reopened::Busy),
            AnalysisStatus::Failed => {}
            _ => return Ok(Reopened::Over),
        }
        let analysis = &mut part.analysis;
        (analysis.status, analysis.updated_at) = (AnalysisStatus::Pending, now);
        (analysis.error, analysis.progress) = (None, None);
        (row.run.verdict, row.run.ended_at) = (None, None);
        state.stand(run, RunStatus::Processing, now);
        Ok(Reopened::Open)
    }

    async fn stalled(&self, before: OffsetDateTime, limit: u16) -> Result<Vec<StalledRun>, StoreError> {
        let state = self.lock();
        let is_still = |row: &&RunRow| {
            row.is_under_way()
                && row.updated_at < before
                && row.parts.values().all(|part| part.analysis.updated_at < before)
        };
        let mut still: Vec<&RunRow> = state.runs.values().filter(is_still).collect();
        still.sort_by_key(|row| row.updated_at);
        let stalled = |row: &RunRow| StalledRun {
            id: row.run.id,
            media_id: row.run.media_id,
            models: row.unfinished(),
            place: row.place,
        };
        Ok(still.into_iter().take(usize::from(limit)).map(stalled).collect())
    }

    async fn forget_events(&self, before: OffsetDateTime) -> Result<u64, StoreError> {
        let events = &mut self.lock().events;
        let there = events.len();
        events.retain(|event| event.at >= before);
        Ok((there - events.len()) as u64)
    }
}
