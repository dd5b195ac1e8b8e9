//! A run with its medium, held for the length of a transaction, and how both are changed together.

use dk_app::ports::Ended;
use dk_domain::{EventKind, MediaId, ModelName, Prediction, RunId, RunStatus, UserId};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait};
use time::OffsetDateTime;
use uuid::Uuid;

use super::UNFINISHED;
use crate::connection::Transaction;
use crate::entity::{analysis_runs, deepfake_analyses, media};
use crate::fault::Fault;
use crate::store::events::{self, About};

/// A run whose medium is locked, so that nothing else happens to any run of that medium meanwhile.
pub(super) struct Held {
    pub(super) media: media::Model,
    pub(super) run: analysis_runs::Model,
}

/// Which analysis of a run is meant.
#[derive(Debug, Clone, sea_orm::FromQueryResult)]
pub(super) struct Part {
    pub(super) id: Uuid,
    pub(super) status: String,
    pub(super) attempts: i32,
}

/// Locks the medium of a run and reads both. `None` when either is gone.
pub(super) async fn hold(tx: &Transaction, run: RunId) -> Result<Option<Held>, Fault> {
    let its_medium = analysis_runs::Entity::find_by_id(run.get())
        .select_only()
        .column(analysis_runs::Column::MediaId)
        .into_query();
    let media = media::Entity::find()
        .filter(media::Column::Id.in_subquery(its_medium))
        .lock_exclusive()
        .one(tx)
        .await?;
    let Some(media) = media else { return Ok(None) };
    // Read after the lock was got: what happened before it is seen.
    let run = analysis_runs::Entity::find_by_id(run.get()).one(tx).await?;
    Ok(run.map(|run| Held { media, run }))
}

impl Held {
    pub(super) fn run_id(&self) -> RunId {
        RunId::from(self.run.id)
    }

    pub(super) fn is_ended(&self) -> bool {
        self.run.ended_at.is_some()
    }

    pub(super) fn about(&self) -> About {
        About {
            user: UserId::from(self.media.user_id),
            media: MediaId::from(self.media.id),
            run: self.run_id(),
        }
    }

    /// One model's part that has not ended.
    pub(super) async fn unfinished(
        &self,
        tx: &Transaction,
        model: &ModelName,
    ) -> Result<Option<Part>, Fault> {
        Ok(self.part(tx, model).await?.filter(|part| UNFINISHED.contains(&part.status.as_str())))
    }

    /// One model's part.
    pub(super) async fn part(&self, tx: &Transaction, model: &ModelName) -> Result<Option<Part>, Fault> {
        use deepfake_analyses::Column;
        let query = deepfake_analyses::Entity::find()
            .select_only()
            .columns([Column::Id, Column::Status, Column::Attempts])
            .filter(Column::AnalysisRunId.eq(self.run.id))
            .filter(Column::ModelName.eq(model.as_str()));
        Ok(query.into_model::<Part>().one(tx).await?)
    }

    /// Changes the run, and its medium with it where this is the latest one.
    pub(super) async fn change(
        &self,
        tx: &Transaction,
        status: RunStatus,
        verdict: Option<Prediction>,
        changed: analysis_runs::ActiveModel,
        now: OffsetDateTime,
    ) -> Result<(), Fault> {
        let changed =
            analysis_runs::ActiveModel { status: Set(status.to_string()), updated_at: Set(now), ..changed };
        analysis_runs::Entity::update_many()
            .set(changed)
            .filter(analysis_runs::Column::Id.eq(self.run.id))
            .exec(tx)
            .await?;
        let verdict = verdict.map(|verdict| verdict.to_string());
        let same = self.media.status == status.as_str() && self.media.verdict == verdict;
        if same || self.media.latest_analysis_run_id != Some(self.run.id) {
            return Ok(());
        }
        let changed = media::ActiveModel {
            status: Set(status.to_string()),
            verdict: Set(verdict),
            updated_at: Set(now),
            ..media::ActiveModel::default()
        };
        media::Entity::update_many()
            .set(changed)
            .filter(media::Column::Id.eq(self.media.id))
            .exec(tx)
            .await?;
        Ok(())
    }

    /// Writes the events and commits.
    pub(super) async fn finish(
        self,
        tx: Transaction,
        kinds: Vec<EventKind>,
        run: Option<RunStatus>,
        now: OffsetDateTime,
    ) -> Result<Ended, Fault> {
        let events = events::write(&tx, self.about(), kinds, now).await?;
        tx.commit().await?;
        Ok(Ended { events, run })
    }
}

/// Changes one analysis.
pub(super) async fn change_part(
    tx: &Transaction,
    part: Uuid,
    changed: deepfake_analyses::ActiveModel,
) -> Result<(), Fault> {
    deepfake_analyses::Entity::update_many()
        .set(changed)
        .filter(deepfake_analyses::Column::Id.eq(part))
        .exec(tx)
        .await?;
    Ok(())
}

/// Nothing was left to do.
pub(super) fn nothing() -> Ended {
    Ended { events: Vec::new(), run: None }
}
