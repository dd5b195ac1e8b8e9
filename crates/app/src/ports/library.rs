//! Media as their owners see them. Every call names the owner: what belongs to somebody else is not there.

use async_trait::async_trait;
use dk_domain::{MediaFacts, MediaId, MediaKind, Prediction, RunId, RunStatus, UserId};
use time::OffsetDateTime;

use super::{Analysis, Event, Mark, Run, RunDetail, StoreError};

/// One uploaded file.
#[derive(Debug, Clone, PartialEq)]
pub struct Media {
    /// Id.
    pub id: MediaId,
    /// Owner.
    pub user_id: UserId,
    /// The client's name of the file, shortened; shown, never used as a path.
    pub filename: String,
    /// What the owner says of it.
    pub description: Option<String>,
    /// Key within the storage (`publicId` outside).
    pub key: String,
    /// Where the storage says it is (`url`), without a secret; not reachable without signing in.
    pub url: String,
    /// MIME type by content.
    pub mimetype: String,
    /// What the file is.
    pub facts: MediaFacts,
    /// Where its latest run stands.
    pub status: RunStatus,
    /// Verdict of its latest run, once there is one.
    pub verdict: Option<Prediction>,
    /// Its latest run.
    pub latest_run: Option<RunId>,
    /// When it was uploaded.
    pub created_at: OffsetDateTime,
    /// When it last changed.
    pub updated_at: OffsetDateTime,
}

/// A medium with all its runs, newest first; analyses without payloads.
#[derive(Debug, Clone, PartialEq)]
pub struct MediaDetail {
    /// The medium.
    pub media: Media,
    /// Its runs.
    pub runs: Vec<RunDetail>,
}

/// Which media to list; `None` means any.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MediaFilter {
    /// Status of the latest run.
    pub status: Option<RunStatus>,
    /// Kind.
    pub kind: Option<MediaKind>,
    /// Verdict of the latest run.
    pub verdict: Option<Prediction>,
    /// Text within name or description, upper and lower case alike, taken literally.
    pub text: Option<String>,
}

/// In which order media are listed. Media that are alike in it follow one another by id.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum MediaSort {
    /// Newest first.
    #[default]
    Newest,
    /// Oldest first.
    Oldest,
    /// By name, upper and lower case alike, then by description.
    Name,
    /// Largest file first.
    Largest,
}

/// What the orders look at: the place of a medium in each of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaPlace {
    /// Id.
    pub id: uuid::Uuid,
    /// Name and description as [`searched`] has them.
    pub text: String,
    /// Bytes.
    pub bytes: u64,
}

impl From<&Media> for MediaPlace {
    fn from(media: &Media) -> Self {
        let description = media.description.as_deref().unwrap_or_default();
        Self { id: media.id.get(), text: searched(&[&media.filename, description]), bytes: media.facts.bytes }
    }
}

/// Which part of a list of media: at most `limit` items after `after`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MediaPage {
    /// 1 to 100.
    pub limit: u16,
    /// In which order.
    pub sort: MediaSort,
    /// Place of the last item of the part before; what the order does not look at means nothing.
    pub after: Option<MediaPlace>,
}

/// Text in which a search looks and by which names are ordered: in lower case by one rule, because databases know
/// different ones.
pub fn searched(parts: &[&str]) -> String {
    parts.join("\n").to_lowercase()
}

/// A part of the list of media.
#[derive(Debug, Clone, PartialEq)]
pub struct MediaPart {
    /// The items in the order that was asked for.
    pub items: Vec<Media>,
    /// Place of the last item where more follow.
    pub next: Option<MediaPlace>,
}

/// Which part of a list: at most `limit` items, older than the id `before`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// 1 to 100.
    pub limit: u16,
    /// Id of the last item of the page before.
    pub before: Option<uuid::Uuid>,
}

/// A part of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paged<T> {
    /// The items, newest first.
    pub items: Vec<T>,
    /// Id of the last item where more follow.
    pub next: Option<uuid::Uuid>,
}

/// What was removed, so that files and jobs can follow.
#[derive(Debug, Clone, PartialEq)]
pub struct RemovedMedia {
    /// Key within the storage.
    pub key: String,
    /// Runs that were under way, with the models that may still have jobs.
    pub runs: Vec<(RunId, Vec<dk_domain::ModelName>)>,
}

/// Media of one owner.
#[async_trait]
pub trait Library: Send + Sync {
    /// Those that pass the filter, in the order of the page.
    async fn media(
        &self,
        owner: UserId,
        filter: &MediaFilter,
        page: &MediaPage,
    ) -> Result<MediaPart, StoreError>;
    /// One medium with its runs.
    async fn medium(&self, owner: UserId, id: MediaId) -> Result<Option<MediaDetail>, StoreError>;
    /// One medium without its runs.
    async fn medium_row(&self, owner: UserId, id: MediaId) -> Result<Option<Media>, StoreError>;
    /// Changes the description.
    async fn describe(
        &self,
        owner: UserId,
        id: MediaId,
        description: Option<&str>,
        now: OffsetDateTime,
    ) -> Result<Option<Media>, StoreError>;
    /// Removes a medium with runs, analyses and events; in the same transaction an errand is written that removes
    /// the file. `None` when the owner has no such medium.
    async fn remove(
        &self,
        owner: UserId,
        id: MediaId,
        now: OffsetDateTime,
    ) -> Result<Option<RemovedMedia>, StoreError>;
    /// One run with its analyses, without payloads.
    async fn run(&self, owner: UserId, id: RunId) -> Result<Option<RunDetail>, StoreError>;
    /// One analysis with its run and its payload (JSON text), where there is one.
    async fn analysis(
        &self,
        owner: UserId,
        id: dk_domain::AnalysisId,
    ) -> Result<Option<(Run, Analysis, Option<String>)>, StoreError>;
    /// Every payload of a run, by model, for reports.
    async fn payloads(&self, owner: UserId, run: RunId) -> Result<Vec<String>, StoreError>;
    /// Events of the owner after `number`, oldest first, at most `limit`.
    async fn events_after(&self, owner: UserId, number: u64, limit: u16) -> Result<Vec<Event>, StoreError>;
    /// Number of the newest event of the owner; 0 where there is none.
    async fn last_event(&self, owner: UserId) -> Result<u64, StoreError>;
    /// Which of these media exist, whoever owns them; for the sweep of orphaned files.
    async fn existing(&self, ids: &[MediaId]) -> Result<Vec<MediaId>, StoreError>;
    /// The mark of these rows; its installation never changes.
    async fn mark(&self) -> Result<Mark, StoreError>;
    /// Counts one more sweep of files; the mark from now on.
    async fn begin_sweep(&self) -> Result<Mark, StoreError>;
}
