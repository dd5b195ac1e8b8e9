//! Files that come in part by part: how much of each is there, and where its parts lie. Parts belong to rows that are
//! written before them, so that whatever is stored is known and is removed with its upload.

use async_trait::async_trait;
use dk_domain::{ErrorCode, MediaId, ModelName, UploadId, Urgency, UserId};
use time::OffsetDateTime;

use super::StoreError;

/// An upload that is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUpload {
    /// Id.
    pub id: UploadId,
    /// Owner.
    pub user_id: UserId,
    /// The client's name of the file, already made harmless.
    pub filename: String,
    /// What the owner says of it.
    pub description: Option<String>,
    /// Who waits.
    pub urgency: Urgency,
    /// Only these models; empty means every one that fits.
    pub models: Vec<ModelName>,
    /// Bytes of the whole file.
    pub length_bytes: u64,
    /// When it is given up, unless a part comes before.
    pub expires_at: OffsetDateTime,
}

/// A file that comes in part by part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartialUpload {
    /// What was asked for.
    pub asked: NewUpload,
    /// Bytes that are stored.
    pub offset_bytes: u64,
    /// What has become of it.
    pub state: UploadState,
}

/// What has become of an upload.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UploadState {
    /// Bytes are missing, or nobody has put the parts together yet.
    Open,
    /// It is this medium, which may have been removed since.
    Taken(MediaId),
    /// The file is not what we accept.
    Refused(UploadRefusal),
}

/// Why a whole file was not taken in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadRefusal {
    /// Kind of error.
    pub code: ErrorCode,
    /// One line for the owner.
    pub message: String,
    /// The way out, where there is one.
    pub hint: Option<String>,
}

impl PartialUpload {
    /// Bytes that are missing.
    pub fn missing_bytes(&self) -> u64 {
        self.asked.length_bytes.saturating_sub(self.offset_bytes)
    }
}

/// A part that is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadPart {
    /// Key within the storage.
    pub key: String,
    /// At which byte of the file it begins.
    pub start_byte: u64,
    /// Number of bytes.
    pub bytes: u64,
}

/// Whether a part may be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PartPlace {
    /// Its key is remembered.
    Kept,
    /// There are too many parts of this upload.
    TooMany,
    /// The upload is over or no more.
    Gone,
}

/// What came of adding a stored part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AddPart {
    /// It counts.
    Added(Box<PartialUpload>),
    /// Other bytes came to this place first; an errand removes the part.
    Moved(Box<PartialUpload>),
    /// The upload is over or no more, and nobody remembers the part.
    Gone,
}

/// Uploads under way. What belongs to somebody else, or was given up, is not there.
#[async_trait]
pub trait Uploads: Send + Sync {
    /// Writes an upload, unless its owner has `most` open ones already; says whether it did.
    async fn begin(&self, new: &NewUpload, most: u32, now: OffsetDateTime) -> Result<bool, StoreError>;
    /// One upload.
    async fn upload(
        &self,
        owner: UserId,
        id: UploadId,
        now: OffsetDateTime,
    ) -> Result<Option<PartialUpload>, StoreError>;
    /// Remembers the key of a part that is about to be stored, of at most `most` parts.
    async fn place_part(
        &self,
        id: UploadId,
        key: &str,
        most: u32,
        now: OffsetDateTime,
    ) -> Result<PartPlace, StoreError>;
    /// Counts a part that was stored, if it begins where the upload ends so far; the upload then lasts until
    /// `expires_at`.
    async fn add_part(
        &self,
        id: UploadId,
        part: &UploadPart,
        now: OffsetDateTime,
        expires_at: OffsetDateTime,
    ) -> Result<AddPart, StoreError>;
    /// The parts that count, in order.
    async fn parts(&self, id: UploadId) -> Result<Vec<UploadPart>, StoreError>;
    /// Notes that the whole file is not accepted, with an errand to remove each part.
    async fn refuse(
        &self,
        id: UploadId,
        refusal: &UploadRefusal,
        now: OffsetDateTime,
    ) -> Result<(), StoreError>;
    /// Takes an upload back, with an errand to remove each part; false when there is none. A medium stays.
    async fn remove(&self, owner: UserId, id: UploadId, now: OffsetDateTime) -> Result<bool, StoreError>;
    /// At most `limit` open uploads of which all bytes are there and in which nothing moved since `before`. Whoever
    /// gets one may put it together; nobody else gets it before another such while.
    async fn left_whole(
        &self,
        before: OffsetDateTime,
        now: OffsetDateTime,
        limit: u16,
    ) -> Result<Vec<PartialUpload>, StoreError>;
    /// Removes at most `limit` uploads whose time is over, with an errand to remove each part; says how many.
    async fn forget_over(&self, now: OffsetDateTime, limit: u16) -> Result<u64, StoreError>;
}
