//! Runs in memory, as far as people ask for them; what workers do with them is not needed here.

use async_trait::async_trait;
use dk_app::ErrorCode;
use dk_app::ports::{
    Accepted, AddRun, EndOfAnalysis, Ended, Event, EventKind, Media, NewMedia, NewRun, ProgressMark, Run,
    RunDetail, Runs, StalledRun, Start, StoreError,
};
use dk_domain::{AnalysisId, MediaId, MediaKind, ModelName, RunId, RunStatus, UserId};
use time::OffsetDateTime;

use super::rows::Rows;

fn not_needed<T>() -> Result<T, StoreError> {
    Err(StoreError::Refused { tried: "do a worker's work", source: "there is no worker here".into() })
}

fn run_of(new: &NewRun, media_id: MediaId, number: u32, now: OffsetDateTime) -> Run {
    Run {
        id: new.id,
        media_id,
        number,
        status: RunStatus::Queued,
        wanted: new.wanted.clone(),
        urgency: new.urgency,
        waiting_for: None,
        verdict: None,
        created_at: now,
        started_at: None,
        ended_at: None,
    }
}

#[async_trait]
impl Runs for Rows {
    async fn accept(
        &self,
        new: &NewMedia,
        run: &NewRun,
        idempotency_key: Option<&str>,
        now: OffsetDateTime,
    ) -> Result<Accepted, StoreError> {
        if let Some(key) = idempotency_key
            && let Some(media) = self.accepted_before(new.user_id, key).await?
        {
            return Ok(Accepted::Again(Box::new(media)));
        }
        let mut tables = self.open("accept a medium").await?;
        let media = Media {
            id: new.id,
            user_id: new.user_id,
            filename: new.filename.clone(),
            description: new.description.clone(),
            key: new.key.clone(),
            url: new.url.clone(),
            mimetype: new.mimetype.clone(),
            facts: new.facts.clone(),
            status: RunStatus::Queued,
            verdict: None,
            latest_run: Some(run.id),
            created_at: now,
            updated_at: now,
        };
        tables.media.push(media.clone());
        tables.runs.push(run_of(run, new.id, 1, now));
        if let Some(key) = idempotency_key {
            tables.idempotent.push((new.user_id, key.to_owned(), new.id.get()));
        }
        let event = tables.happen(new.user_id, new.id, run.id, EventKind::Accepted, now);
        Ok(Accepted::New(Box::new(media), vec![event]))
    }

    async fn accepted_before(&self, owner: UserId, key: &str) -> Result<Option<Media>, StoreError> {
        let tables = self.open("look for an idempotency key").await?;
        let known = tables.idempotent.iter().find(|(user, other, _)| *user == owner && other == key);
        Ok(known.and_then(|(_, _, id)| tables.owned(owner, MediaId::from(*id)).cloned()))
    }

    async fn add_run(
        &self,
        owner: UserId,
        media: MediaId,
        run: &NewRun,
        idempotency_key: Option<&str>,
        now: OffsetDateTime,
    ) -> Result<AddRun, StoreError> {
        let mut tables = self.open("add a run").await?;
        let Some(row) = tables.owned(owner, media).cloned() else { return Ok(AddRun::NoMedia) };
        let known =
            tables.idempotent.iter().find(|(user, key, _)| *user == owner && Some(&**key) == idempotency_key);
        if let Some((_, _, id)) = known
            && let Some(run) = tables.runs.iter().find(|run| run.id.get() == *id)
        {
            return Ok(AddRun::Again(Box::new(run.clone())));
        }
        if !row.status.is_ended() {
            return Ok(AddRun::UnderWay);
        }
        let number = tables.runs.iter().filter(|run| run.media_id == media).count() as u32 + 1;
        let new = run_of(run, media, number, now);
        tables.runs.push(new.clone());
        for row in tables.media.iter_mut().filter(|row| row.id == media) {
            row.status = RunStatus::Queued;
            row.verdict = None;
            row.latest_run = Some(run.id);
        }
        if let Some(key) = idempotency_key {
            tables.idempotent.push((owner, key.to_owned(), run.id.get()));
        }
        let event = tables.happen(owner, media, run.id, EventKind::Accepted, now);
        Ok(AddRun::Added(Box::new(new), vec![event]))
    }

    async fn cancel(
        &self,
        owner: UserId,
        run: RunId,
        now: OffsetDateTime,
    ) -> Result<Option<(RunDetail, Vec<ModelName>, Vec<Event>)>, StoreError> {
        let Some(before) = self.open("cancel a run").await?.detail(owner, run) else { return Ok(None) };
        if before.run.status.is_ended() {
            return Ok(Some((before, Vec::new(), Vec::new())));
        }
        self.edit_run(run, |run| {
            run.status = RunStatus::Cancelled;
            run.ended_at = Some(now);
        });
        let kind = EventKind::Ended { status: RunStatus::Cancelled, verdict: None, answered: 0 };
        let event = self.happen(owner, before.run.media_id, run, kind, now);
        let after = self.tables().detail(owner, run);
        Ok(after.map(|after| (after, Vec::new(), vec![event])))
    }

    async fn reopen(&self, _: RunId, model: &ModelName, _: OffsetDateTime) -> Result<bool, StoreError> {
        Ok(model.as_str() != "gone")
    }

    async fn to_plan(&self, _: RunId) -> Result<Option<(Run, MediaKind, UserId, u32)>, StoreError> {
        not_needed()
    }

    async fn plan(
        &self,
        _: RunId,
        _: &[(AnalysisId, ModelName)],
        _: u32,
        _: OffsetDateTime,
    ) -> Result<bool, StoreError> {
        not_needed()
    }

    async fn wait(&self, _: RunId, _: &str, _: OffsetDateTime) -> Result<(), StoreError> {
        not_needed()
    }

    async fn end_without_models(&self, _: RunId, _: OffsetDateTime) -> Result<Ended, StoreError> {
        not_needed()
    }

    async fn start(&self, _: RunId, _: &ModelName, _: OffsetDateTime) -> Result<Start, StoreError> {
        not_needed()
    }

    async fn progress(
        &self,
        _: &[(RunId, ModelName, Option<ProgressMark>)],
        _: OffsetDateTime,
    ) -> Result<(), StoreError> {
        not_needed()
    }

    async fn will_retry(
        &self,
        _: RunId,
        _: &ModelName,
        _: ErrorCode,
        _: &str,
        _: OffsetDateTime,
    ) -> Result<Vec<Event>, StoreError> {
        not_needed()
    }

    async fn end(
        &self,
        _: RunId,
        _: &ModelName,
        _: &EndOfAnalysis,
        _: OffsetDateTime,
    ) -> Result<Ended, StoreError> {
        not_needed()
    }

    async fn conclude(&self, _: RunId, _: OffsetDateTime) -> Result<Ended, StoreError> {
        not_needed()
    }

    async fn stalled(&self, _: OffsetDateTime, _: u16) -> Result<Vec<StalledRun>, StoreError> {
        not_needed()
    }

    async fn forget_events(&self, _: OffsetDateTime) -> Result<u64, StoreError> {
        not_needed()
    }
}
