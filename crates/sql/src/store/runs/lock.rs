//! A run with its medium, held for the length of a transaction, and how both are changed together.

use dk_app::ports::Ended;
use dk_domain::{EventKind, MediaId, ModelName, Prediction, RunId, RunStatus, UserId};
use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, FromQueryResult, IdenStatic, JoinType,
    QueryFilter, QueryResult, QuerySelect, QueryTrait, RelationTrait,
};
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
#[derive(Debug, Clone, FromQueryResult)]
pub(super) struct Part {
    pub(super) id: Uuid,
    pub(super) status: String,
    pub(super) attempts: i32,
}

impl Part {
    pub(super) fn is_unfinished(&self) -> bool {
        UNFINISHED.contains(&self.status.as_str())
    }
}

/// What the library calls the columns of the first and the second table of a join.
const OF_MEDIA: &str = "A_";
const OF_RUN: &str = "B_";
const OF_PART: &str = "P_";

/// Locks a run with its medium and reads both. `None` when either is gone.
pub(super) async fn hold(tx: &Transaction, run: RunId) -> Result<Option<Held>, Fault> {
    let query = media::Entity::find().select_two_required(analysis_runs::Entity);
    let query = query.join_rev(JoinType::InnerJoin, analysis_runs::Relation::Media.def());
    let query = query.filter(analysis_runs::Column::Id.eq(run.get())).lock_exclusive();
    // Rows that are locked are read as they are once the lock was got: what happened before it is seen.
    let row = tx.query_one_raw(query.build(tx.get_database_backend())).await?;
    row.map(|row| held(&row)).transpose()
}

/// As [`hold`], with one model's part, which is locked too.
pub(super) async fn hold_part(
    tx: &Transaction,
    run: RunId,
    model: &ModelName,
) -> Result<Option<(Held, Part)>, Fault> {
    use deepfake_analyses::{Column, Relation};
    let query = media::Entity::find().select_two_required(analysis_runs::Entity);
    let mut query = query
        .join_rev(JoinType::InnerJoin, analysis_runs::Relation::Media.def())
        .join_rev(JoinType::InnerJoin, Relation::Run.def())
        .filter(Column::AnalysisRunId.eq(run.get()))
        .filter(Column::ModelName.eq(model.as_str()));
    for column in [Column::Id, Column::Status, Column::Attempts] {
        let name = format!("{OF_PART}{}", column.as_str());
        query = query.expr_as(Expr::col((deepfake_analyses::Entity, column)), name);
    }
    let statement = query.lock_exclusive().build(tx.get_database_backend());
    let Some(row) = tx.query_one_raw(statement).await? else { return Ok(None) };
    Ok(Some((held(&row)?, Part::from_query_result(&row, OF_PART)?)))
}

fn held(row: &QueryResult) -> Result<Held, Fault> {
    let media = media::Model::from_query_result(row, OF_MEDIA)?;
    let run = analysis_runs::Model::from_query_result(row, OF_RUN)?;
    Ok(Held { media, run })
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

/// Changes one analysis. Its run leads to the partition where it lies, if there are any.
pub(super) async fn change_part(
    tx: &Transaction,
    held: &Held,
    part: Uuid,
    changed: deepfake_analyses::ActiveModel,
) -> Result<(), Fault> {
    deepfake_analyses::Entity::update_many()
        .set(changed)
        .filter(deepfake_analyses::Column::Id.eq(part))
        .filter(deepfake_analyses::Column::AnalysisRunId.eq(held.run.id))
        .exec(tx)
        .await?;
    Ok(())
}

/// Nothing was left to do.
pub(super) fn nothing() -> Ended {
    Ended { events: Vec::new(), run: None }
}
