//! The port [`Library`].

use std::cmp::Ordering;

use async_trait::async_trait;
use dk_domain::{AnalysisId, Event, MediaId, RunId, UserId};
use time::OffsetDateTime;

use super::{MemoryStore, RunRow, holds};
use crate::ports::{
    Analysis, ErrandKind, Library, Mark, Media, MediaDetail, MediaFilter, MediaPage, MediaPart, MediaPlace,
    MediaSort, RemovedMedia, Run, RunDetail, StoreError,
};

fn passes(media: &Media, filter: &MediaFilter) -> bool {
    let description = media.description.as_deref().unwrap_or_default();
    filter.status.is_none_or(|status| media.status == status)
        && filter.kind.is_none_or(|kind| media.facts.kind == kind)
        && filter.verdict.is_none_or(|verdict| media.verdict == Some(verdict))
        && filter.text.as_ref().is_none_or(|text| holds(&[&media.filename, description], text))
}

fn in_order(sort: MediaSort, one: &MediaPlace, other: &MediaPlace) -> Ordering {
    match sort {
        MediaSort::Newest => other.id.cmp(&one.id),
        MediaSort::Oldest => one.id.cmp(&other.id),
        MediaSort::Name => (&one.text, one.id).cmp(&(&other.text, other.id)),
        MediaSort::Largest => (other.bytes, other.id).cmp(&(one.bytes, one.id)),
    }
}

#[async_trait]
impl Library for MemoryStore {
    async fn media(
        &self,
        owner: UserId,
        filter: &MediaFilter,
        page: &MediaPage,
    ) -> Result<MediaPart, StoreError> {
        let state = self.lock();
        let own = state.media.values().filter(|media| media.user_id == owner && passes(media, filter));
        let mut own: Vec<(MediaPlace, &Media)> = own.map(|media| (media.into(), media)).collect();
        own.sort_by(|(one, _), (other, _)| in_order(page.sort, one, other));
        let is_after = |place: &MediaPlace| {
            page.after.as_ref().is_none_or(|after| in_order(page.sort, after, place) == Ordering::Less)
        };
        own.retain(|(place, _)| is_after(place));
        let more = own.len() > usize::from(page.limit);
        own.truncate(usize::from(page.limit));
        let next = own.last().filter(|_| more).map(|(place, _)| place.clone());
        Ok(MediaPart { items: own.into_iter().map(|(_, media)| media.clone()).collect(), next })
    }

    async fn medium(&self, owner: UserId, id: MediaId) -> Result<Option<MediaDetail>, StoreError> {
        let state = self.lock();
        let Some(media) = state.owned(owner, id) else { return Ok(None) };
        let mut runs: Vec<RunDetail> =
            state.runs.values().filter(|row| row.run.media_id == id).map(RunRow::detail).collect();
        runs.sort_by_key(|detail| std::cmp::Reverse(detail.run.number));
        Ok(Some(MediaDetail { media: media.clone(), runs }))
    }

    async fn medium_row(&self, owner: UserId, id: MediaId) -> Result<Option<Media>, StoreError> {
        Ok(self.lock().owned(owner, id).cloned())
    }

    async fn describe(
        &self,
        owner: UserId,
        id: MediaId,
        description: Option<&str>,
        now: OffsetDateTime,
    ) -> Result<Option<Media>, StoreError> {
        let mut state = self.lock();
        let Some(media) = state.media.get_mut(&id).filter(|media| media.user_id == owner) else {
            return Ok(None);
        };
        media.description = description.map(ToOwned::to_owned);
        media.updated_at = now;
        Ok(Some(media.clone()))
    }

    async fn remove(
        &self,
        owner: UserId,
        id: MediaId,
        now: OffsetDateTime,
    ) -> Result<Option<RemovedMedia>, StoreError> {
        let mut state = self.lock();
        if state.owned(owner, id).is_none() {
            return Ok(None);
        }
        let Some(media) = state.media.remove(&id) else { return Ok(None) };
        let of_it = state.runs.values().filter(|row| row.run.media_id == id && row.is_under_way());
        let runs = of_it.map(|row| (row.run.id, row.unfinished())).collect();
        state.runs.retain(|_, row| row.run.media_id != id);
        state.events.retain(|event| event.media_id != id);
        state.requests.retain(|_, (_, (media, ..))| *media != id);
        state.write_errand(ErrandKind::RemoveFile(media.key.clone()), now);
        Ok(Some(RemovedMedia { key: media.key, runs }))
    }

    async fn run(&self, owner: UserId, id: RunId) -> Result<Option<RunDetail>, StoreError> {
        Ok(self.lock().owned_run(owner, id).map(RunRow::detail))
    }

    async fn analysis(
        &self,
        owner: UserId,
        id: AnalysisId,
    ) -> Result<Option<(Run, Analysis, Option<String>)>, StoreError> {
        let state = self.lock();
        let all = state.runs.values().flat_map(|row| row.parts.values().map(move |part| (row, part)));
        let found = all.into_iter().find(|(_, part)| part.analysis.id == id);
        let found = found.filter(|(row, _)| state.owned(owner, row.run.media_id).is_some());
        Ok(found.map(|(row, part)| (row.run.clone(), part.analysis.clone(), part.payload.clone())))
    }

    async fn payloads(&self, owner: UserId, run: RunId) -> Result<Vec<String>, StoreError> {
        let state = self.lock();
        let parts = state.owned_run(owner, run).into_iter().flat_map(|row| row.parts.values());
        Ok(parts.filter_map(|part| part.payload.clone()).collect())
    }

    async fn events_after(&self, owner: UserId, number: u64, limit: u16) -> Result<Vec<Event>, StoreError> {
        let state = self.lock();
        let later = |event: &&Event| event.user_id == owner && event.number > Some(number);
        Ok(state.events.iter().filter(later).take(usize::from(limit)).cloned().collect())
    }

    async fn last_event(&self, owner: UserId) -> Result<u64, StoreError> {
        Ok(self.lock().people.get(&owner).map_or(0, |person| person.last_event))
    }

    async fn existing(&self, ids: &[MediaId]) -> Result<Vec<MediaId>, StoreError> {
        let state = self.lock();
        Ok(ids.iter().copied().filter(|id| state.media.contains_key(id)).collect())
    }

    async fn mark(&self) -> Result<Mark, StoreError> {
        let mut state = self.lock();
        let installation = *state.installation.get_or_insert_with(|| self.ambient.id());
        Ok(Mark { installation, sweeps: state.sweeps })
    }

    async fn begin_sweep(&self) -> Result<Mark, StoreError> {
        self.lock().sweeps += 1;
        self.mark().await
    }
}
