//! The port [`Runs`]: which piece of work answers which call.

mod accept;
mod cancel;
mod end;
mod lock;
mod plan;
mod reopen;
mod stalled;
mod work;

use async_trait::async_trait;
use dk_app::ports::{
    Accepted, AddRun, Before, EndOfAnalysis, Ended, Errand, Event, IdempotencyKey, NewMedia, NewRun, Once,
    ProgressMark, Reopened, Run, RunDetail, Runs, StalledRun, Start, StoreError,
};
use dk_domain::{AnalysisId, ErrorCode, MediaId, MediaKind, ModelName, RunId, UserId, Waiting};
use time::OffsetDateTime;

use super::{Store, events};

/// Words of analyses that have not ended.
pub(super) const UNFINISHED: [&str; 2] = ["PENDING", "PROCESSING"];

#[async_trait]
impl Runs for Store {
    async fn accept(
        &self,
        media: &NewMedia,
        run: &NewRun,
        once: Option<&Once>,
        now: OffsetDateTime,
    ) -> Result<Accepted, StoreError> {
        let accept = accept::accept(&self.db, media, run, once, now);
        self.db.timed("accept a file", accept).await
    }

    async fn accepted_before(
        &self,
        owner: UserId,
        key: &IdempotencyKey,
    ) -> Result<Option<Before>, StoreError> {
        let look = accept::accepted_before(&self.db, owner, key, self.ambient.now());
        self.db.timed("look for an earlier upload", look).await
    }

    async fn add_run(
        &self,
        owner: UserId,
        media: MediaId,
        run: &NewRun,
        key: Option<&IdempotencyKey>,
        now: OffsetDateTime,
    ) -> Result<AddRun, StoreError> {
        let add = accept::add_run(&self.db, owner, media, run, key, now);
        self.db.timed("add a run", add).await
    }

    async fn to_plan(&self, id: RunId) -> Result<Option<(Run, MediaKind, UserId, u32)>, StoreError> {
        self.db.timed("read a run to plan", plan::to_plan(&self.db, id)).await
    }

    async fn plan(
        &self,
        id: RunId,
        analyses: &[(AnalysisId, ModelName)],
        place: u32,
        now: OffsetDateTime,
    ) -> Result<Option<Errand>, StoreError> {
        self.db.timed("plan a run", plan::plan(&self.db, id, analyses, place, now)).await
    }

    async fn wait(&self, id: RunId, reason: &Waiting, now: OffsetDateTime) -> Result<(), StoreError> {
        self.db.timed("note why a run waits", plan::wait(&self.db, id, reason, now)).await
    }

    async fn end_without_models(&self, id: RunId, now: OffsetDateTime) -> Result<Ended, StoreError> {
        self.db.timed("end a run without models", end::end_without_models(&self.db, id, now)).await
    }

    async fn start(&self, run: RunId, model: &ModelName, now: OffsetDateTime) -> Result<Start, StoreError> {
        self.db.timed("begin an analysis", work::start(&self.db, run, model, now)).await
    }

    async fn progress(
        &self,
        marks: &[(RunId, ModelName, Option<ProgressMark>)],
        now: OffsetDateTime,
    ) -> Result<(), StoreError> {
        self.db.timed("note progress", work::progress(&self.db, marks, now)).await
    }

    async fn will_retry(
        &self,
        run: RunId,
        model: &ModelName,
        code: ErrorCode,
        message: &str,
        now: OffsetDateTime,
    ) -> Result<Vec<Event>, StoreError> {
        let retry = work::will_retry(&self.db, run, model, (code, message), now);
        self.db.timed("put an analysis back", retry).await
    }

    async fn end(
        &self,
        run: RunId,
        model: &ModelName,
        how: &EndOfAnalysis,
        now: OffsetDateTime,
    ) -> Result<Ended, StoreError> {
        self.db.timed("end an analysis", end::end(&self.db, run, model, how, now)).await
    }

    async fn conclude(&self, run: RunId, now: OffsetDateTime) -> Result<Ended, StoreError> {
        self.db.timed("conclude a run", end::conclude(&self.db, run, now)).await
    }

    async fn cancel(
        &self,
        owner: UserId,
        run: RunId,
        now: OffsetDateTime,
    ) -> Result<Option<(RunDetail, Vec<ModelName>, Vec<Event>)>, StoreError> {
        self.db.timed("cancel a run", cancel::cancel(&self.db, owner, run, now)).await
    }

    async fn reopen(
        &self,
        run: RunId,
        model: &ModelName,
        now: OffsetDateTime,
    ) -> Result<Reopened, StoreError> {
        self.db.timed("reopen an analysis", reopen::reopen(&self.db, run, model, now)).await
    }

    async fn stalled(&self, before: OffsetDateTime, limit: u16) -> Result<Vec<StalledRun>, StoreError> {
        self.db.timed("look for runs that stand still", stalled::stalled(&self.db, before, limit)).await
    }

    async fn forget_events(&self, before: OffsetDateTime) -> Result<u64, StoreError> {
        self.db.timed("forget events", events::forget(&self.db, before)).await
    }
}
