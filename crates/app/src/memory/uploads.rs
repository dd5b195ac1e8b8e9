//! The port [`Uploads`].

use std::collections::BTreeMap;

use async_trait::async_trait;
use dk_domain::{MediaId, UploadId, UserId};
use time::OffsetDateTime;

use super::{MemoryStore, State};
use crate::ports::{
    AddPart, ErrandKind, NewUpload, PartPlace, PartialUpload, StoreError, UploadPart, UploadRefusal,
    UploadState, Uploads,
};

/// An upload with its parts by key; one without a place is about to be stored.
pub(super) struct UploadRow {
    upload: PartialUpload,
    parts: BTreeMap<String, Option<UploadPart>>,
    updated_at: OffsetDateTime,
}

impl UploadRow {
    fn is_open(&self, now: OffsetDateTime) -> bool {
        self.upload.state == UploadState::Open && self.upload.asked.expires_at > now
    }
}

impl State {
    fn open_upload(&mut self, id: UploadId, now: OffsetDateTime) -> Option<&mut UploadRow> {
        self.uploads.get_mut(&id).filter(|row| row.is_open(now))
    }

    /// What an upload has led to; `None` when it is no more.
    pub(super) fn upload_state(&self, id: UploadId) -> Option<&UploadState> {
        self.uploads.get(&id).map(|row| &row.upload.state)
    }

    pub(super) fn upload_taken(&mut self, id: UploadId, media: MediaId, now: OffsetDateTime) {
        self.end_upload(id, UploadState::Taken(media), now);
    }

    fn end_upload(&mut self, id: UploadId, state: UploadState, now: OffsetDateTime) {
        let Some(row) = self.uploads.get_mut(&id) else { return };
        row.upload.state = state;
        let parts = std::mem::take(&mut row.parts);
        for key in parts.into_keys() {
            self.write_errand(ErrandKind::RemoveFile(key), now);
        }
    }

    fn drop_upload(&mut self, id: UploadId, now: OffsetDateTime) {
        self.end_upload(id, UploadState::Open, now);
        self.uploads.remove(&id);
    }
}

#[async_trait]
impl Uploads for MemoryStore {
    async fn begin(&self, new: &NewUpload, most: u32, now: OffsetDateTime) -> Result<bool, StoreError> {
        let mut state = self.lock();
        let is_own_and_open = |row: &&UploadRow| row.upload.asked.user_id == new.user_id && row.is_open(now);
        if state.uploads.values().filter(is_own_and_open).count() >= most as usize {
            return Ok(false);
        }
        let upload = PartialUpload { asked: new.clone(), offset_bytes: 0, state: UploadState::Open };
        state.uploads.insert(new.id, UploadRow { upload, parts: BTreeMap::new(), updated_at: now });
        Ok(true)
    }

    async fn upload(
        &self,
        owner: UserId,
        id: UploadId,
        now: OffsetDateTime,
    ) -> Result<Option<PartialUpload>, StoreError> {
        let state = self.lock();
        let upload = state.uploads.get(&id).map(|row| &row.upload);
        let own = upload.filter(|upload| upload.asked.user_id == owner && upload.asked.expires_at > now);
        Ok(own.cloned())
    }

    async fn place_part(
        &self,
        id: UploadId,
        key: &str,
        most: u32,
        now: OffsetDateTime,
    ) -> Result<PartPlace, StoreError> {
        let mut state = self.lock();
        let Some(row) = state.open_upload(id, now) else { return Ok(PartPlace::Gone) };
        if row.parts.len() >= most as usize {
            return Ok(PartPlace::TooMany);
        }
        row.parts.insert(key.to_owned(), None);
        Ok(PartPlace::Kept)
    }

    async fn add_part(
        &self,
        id: UploadId,
        part: &UploadPart,
        now: OffsetDateTime,
        expires_at: OffsetDateTime,
    ) -> Result<AddPart, StoreError> {
        let mut state = self.lock();
        let Some(row) = state.open_upload(id, now) else { return Ok(AddPart::Gone) };
        if part.start_byte != row.upload.offset_bytes || part.bytes > row.upload.missing_bytes() {
            row.parts.remove(&part.key);
            let upload = Box::new(row.upload.clone());
            state.write_errand(ErrandKind::RemoveFile(part.key.clone()), now);
            return Ok(AddPart::Moved(upload));
        }
        row.parts.insert(part.key.clone(), Some(part.clone()));
        row.upload.offset_bytes += part.bytes;
        row.upload.asked.expires_at = expires_at;
        row.updated_at = now;
        Ok(AddPart::Added(Box::new(row.upload.clone())))
    }

    async fn parts(&self, id: UploadId) -> Result<Vec<UploadPart>, StoreError> {
        let state = self.lock();
        let parts = state.uploads.get(&id).into_iter().flat_map(|row| row.parts.values());
        let mut parts: Vec<UploadPart> = parts.flatten().cloned().collect();
        parts.sort_by_key(|part| part.start_byte);
        Ok(parts)
    }

    async fn refuse(
        &self,
        id: UploadId,
        refusal: &UploadRefusal,
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        let mut state = self.lock();
        if state.open_upload(id, now).is_some() {
            state.end_upload(id, UploadState::Refused(refusal.clone()), now);
        }
        Ok(())
    }

    async fn remove(&self, owner: UserId, id: UploadId, now: OffsetDateTime) -> Result<bool, StoreError> {
        let mut state = self.lock();
        let row = state.uploads.get(&id).map(|row| &row.upload.asked);
        if !row.is_some_and(|asked| asked.user_id == owner && asked.expires_at > now) {
            return Ok(false);
        }
        state.drop_upload(id, now);
        Ok(true)
    }

    async fn left_whole(
        &self,
        before: OffsetDateTime,
        now: OffsetDateTime,
        limit: u16,
    ) -> Result<Vec<PartialUpload>, StoreError> {
        let mut state = self.lock();
        let is_left = |row: &&mut UploadRow| {
            row.is_open(now) && row.upload.missing_bytes() == 0 && row.updated_at < before
        };
        let left = state.uploads.values_mut().filter(is_left).take(usize::from(limit));
        let claim = |row: &mut UploadRow| {
            row.updated_at = now;
            row.upload.clone()
        };
        Ok(left.map(claim).collect())
    }

    async fn forget_over(&self, now: OffsetDateTime, limit: u16) -> Result<u64, StoreError> {
        let mut state = self.lock();
        let is_over = |row: &&UploadRow| row.upload.asked.expires_at <= now;
        let over = state.uploads.values().filter(is_over).take(usize::from(limit));
        let over: Vec<UploadId> = over.map(|row| row.upload.asked.id).collect();
        for id in &over {
            state.drop_upload(*id, now);
        }
        Ok(over.len() as u64)
    }
}
