//! What people look at may be answered by a read replica; everything that decides or writes is the primary's.

use std::time::Duration;

use dk_app::ports::StoreError;
use futures_util::future::BoxFuture;
use sea_orm::{AccessMode, IsolationLevel, TransactionOptions, TransactionTrait};

use crate::connection::{Transaction, View};
use crate::database::Database;
use crate::fault::Fault;
use crate::replica::{Replica, ReplicaOptions, ReplicaState, Unfit};

/// A replica that has not answered by then is left alone, and the primary is asked.
const ANSWER: Duration = Duration::from_secs(5);

/// Whether the queries of a look must see the same moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sight {
    /// One query.
    Each,
    /// Several.
    Moment,
}

impl Database {
    /// Adds a read replica of this database, which need not be there now.
    pub async fn with_replica(mut self, url: &str, options: ReplicaOptions) -> Result<Self, StoreError> {
        let opened = Replica::open(url, options, &self.pool).await;
        self.replica = Some(opened.map_err(|fault| fault.in_store("open the read replica"))?);
        Ok(self)
    }

    /// How the replica is now; `None` without one.
    pub async fn replica_state(&self) -> Option<ReplicaState> {
        Some(self.replica.as_ref()?.look_at(&self.pool).await)
    }

    /// What people look through, at the primary.
    async fn view(&self, sight: Sight) -> Result<View<'_>, Fault> {
        if sight == Sight::Each {
            return Ok(View::Each(self.read()));
        }
        let (isolation_level, access_mode) = if self.is_postgres() {
            (Some(IsolationLevel::RepeatableRead), Some(AccessMode::ReadOnly))
        } else {
            (None, None)
        };
        let options = TransactionOptions { isolation_level, access_mode, sqlite_transaction_mode: None };
        Ok(View::Moment(Transaction::new(self.pool.begin_with_options(options).await?, None)))
    }

    /// Asks a question that decides nothing: the replica, where there is one that has all that was on the disk of the
    /// primary when the question came, else the primary. What is under way is written without waiting for the disk,
    /// so an answer that is not `settled`, and one that found nothing, is asked of the primary again.
    pub(crate) fn look<'a, T: Send + 'a>(
        &'a self,
        tried: &'static str,
        sight: Sight,
        settled: impl Fn(&T) -> bool + Send + Sync + 'a,
        ask: impl for<'v> Fn(&'v View<'a>) -> BoxFuture<'v, Result<T, Fault>> + Send + Sync + 'a,
    ) -> BoxFuture<'a, Result<T, StoreError>> {
        self.timed(tried, async move {
            if let Some(replica) = &self.replica {
                if let Some(answer) = self.of_replica(replica, sight, &ask).await.filter(settled) {
                    metrics::counter!("db_reads_total", "from" => "replica").increment(1);
                    return Ok(answer);
                }
                metrics::counter!("db_reads_total", "from" => "primary").increment(1);
            }
            let view = self.view(sight).await?;
            let answer = ask(&view).await?;
            view.close().await?;
            Ok(answer)
        })
    }

    async fn of_replica<'a, T>(
        &'a self,
        replica: &Replica,
        sight: Sight,
        ask: &(impl for<'v> Fn(&'v View<'a>) -> BoxFuture<'v, Result<T, Fault>> + Sync),
    ) -> Option<T> {
        if !replica.is_fit() {
            return None;
        }
        let asked = async {
            let view = replica.view(&self.pool, sight).await?;
            let answer = ask(&view).await?;
            view.close().await?;
            Ok::<T, Unfit>(answer)
        };
        match tokio::time::timeout(ANSWER, asked).await.unwrap_or(Err(Unfit::Silent)) {
            Ok(answer) => Some(answer),
            Err(unfit) => {
                replica.note(&Err(unfit));
                None
            }
        }
    }
}
