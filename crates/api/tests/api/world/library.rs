//! Media in memory.

use async_trait::async_trait;
use dk_app::ports::{
    Analysis, Event, Library, Media, MediaDetail, MediaFilter, Page, Paged, RemovedMedia, Run, RunDetail,
    StoreError,
};
use dk_domain::{AnalysisId, MediaId, RunId, UserId};
use time::OffsetDateTime;

use super::accounts::paged;
use super::rows::Rows;

#[async_trait]
impl Library for Rows {
    async fn media(
        &self,
        owner: UserId,
        filter: &MediaFilter,
        page: &Page,
    ) -> Result<Paged<Media>, StoreError> {
        let tables = self.open("list media").await?;
        let fits = |media: &&Media| {
            media.user_id == owner
                && filter.status.is_none_or(|status| media.status == status)
                && filter.kind.is_none_or(|kind| media.facts.kind == kind)
                && filter.verdict.is_none_or(|verdict| media.verdict == Some(verdict))
                && filter.text.as_deref().is_none_or(|text| media.filename.contains(text))
        };
        let found = tables.media.iter().filter(fits).cloned().collect();
        Ok(paged(found, page, |media: &Media| media.id.get()))
    }

    async fn medium(&self, owner: UserId, id: MediaId) -> Result<Option<MediaDetail>, StoreError> {
        let tables = self.open("read a medium").await?;
        let Some(media) = tables.owned(owner, id).cloned() else { return Ok(None) };
        let runs = tables.runs.iter().rev().filter(|run| run.media_id == id);
        let runs = runs.filter_map(|run| tables.detail(owner, run.id)).collect();
        Ok(Some(MediaDetail { media, runs }))
    }

    async fn medium_row(&self, owner: UserId, id: MediaId) -> Result<Option<Media>, StoreError> {
        Ok(self.open("read a medium").await?.owned(owner, id).cloned())
    }

    async fn describe(
        &self,
        owner: UserId,
        id: MediaId,
        description: Option<&str>,
        now: OffsetDateTime,
    ) -> Result<Option<Media>, StoreError> {
        let mut tables = self.open("describe a medium").await?;
        let own = |media: &&mut Media| media.id == id && media.user_id == owner;
        let Some(media) = tables.media.iter_mut().find(own) else { return Ok(None) };
        media.description = description.map(ToOwned::to_owned);
        media.updated_at = now;
        Ok(Some(media.clone()))
    }

    async fn remove(
        &self,
        owner: UserId,
        id: MediaId,
        _: OffsetDateTime,
    ) -> Result<Option<RemovedMedia>, StoreError> {
        let mut tables = self.open("remove a medium").await?;
        let Some(media) = tables.owned(owner, id).cloned() else { return Ok(None) };
        tables.media.retain(|row| row.id != id);
        tables.runs.retain(|run| run.media_id != id);
        Ok(Some(RemovedMedia { key: media.key, runs: Vec::new() }))
    }

    async fn run(&self, owner: UserId, id: RunId) -> Result<Option<RunDetail>, StoreError> {
        Ok(self.open("read a run").await?.detail(owner, id))
    }

    async fn analysis(
        &self,
        owner: UserId,
        id: AnalysisId,
    ) -> Result<Option<(Run, Analysis, Option<String>)>, StoreError> {
        let tables = self.open("read an analysis").await?;
        let found = tables.analyses.iter().find(|(row, _)| row.id == id).cloned();
        Ok(found.and_then(|(row, payload)| Some((tables.detail(owner, row.run_id)?.run, row, payload))))
    }

    async fn payloads(&self, owner: UserId, run: RunId) -> Result<Vec<String>, StoreError> {
        let tables = self.open("read payloads").await?;
        let own = tables.detail(owner, run).is_some();
        let of_run = tables.analyses.iter().filter(|(row, _)| own && row.run_id == run);
        Ok(of_run.filter_map(|(_, payload)| payload.clone()).collect())
    }

    async fn events_after(&self, owner: UserId, number: u64, limit: u16) -> Result<Vec<Event>, StoreError> {
        let tables = self.open("read events").await?;
        let later = |event: &&Event| event.user_id == owner && event.number > Some(number);
        Ok(tables.events.iter().filter(later).take(usize::from(limit)).cloned().collect())
    }

    async fn last_event(&self, owner: UserId) -> Result<u64, StoreError> {
        Ok(self.open("read events").await?.last_event(owner))
    }

    async fn existing(&self, ids: &[MediaId]) -> Result<Vec<MediaId>, StoreError> {
        let tables = self.open("look for media").await?;
        Ok(tables.media.iter().map(|media| media.id).filter(|id| ids.contains(id)).collect())
    }
}
