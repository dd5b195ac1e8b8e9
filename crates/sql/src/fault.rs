//! What goes wrong between a query and its answer, and whether trying again may help.

use std::error::Error;

use dk_app::ports::{QueueError, StoreError};
use sea_orm::{ConnAcquireErr, DbErr, RuntimeErr, SqlxError};

/// A query that failed, or a row that cannot be. Takes any error, so that `?` reads rows.
#[derive(Debug)]
pub(crate) struct Fault(Box<dyn Error + Send + Sync>);

impl<E: Error + Send + Sync + 'static> From<E> for Fault {
    fn from(error: E) -> Self {
        Self(Box::new(error))
    }
}

impl Fault {
    /// What the port says of it. `tried` is what was tried, in words.
    pub(crate) fn in_store(self, tried: &'static str) -> StoreError {
        if self.may_pass() {
            StoreError::Unavailable { tried, source: self.0 }
        } else {
            StoreError::Refused { tried, source: self.0 }
        }
    }

    /// As [`Fault::in_store`], for the queue.
    pub(crate) fn in_queue(self, tried: &'static str) -> QueueError {
        QueueError { tried, source: self.0 }
    }

    /// The error and what caused it, in one line.
    pub(crate) fn told(&self) -> String {
        dk_app::in_one_line(&*self.0)
    }

    fn may_pass(&self) -> bool {
        self.0.downcast_ref::<DbErr>().is_some_and(|error| match error {
            DbErr::ConnectionAcquire(ConnAcquireErr::Timeout | ConnAcquireErr::ConnectionClosed) => true,
            DbErr::Conn(error) | DbErr::Exec(error) | DbErr::Query(error) => connection_broke(error),
            _ => false,
        })
    }
}

fn connection_broke(error: &RuntimeErr) -> bool {
    let RuntimeErr::SqlxError(error) = error else { return false };
    match &**error {
        SqlxError::Io(_)
        | SqlxError::Tls(_)
        | SqlxError::Protocol(_)
        | SqlxError::PoolTimedOut
        | SqlxError::PoolClosed
        | SqlxError::WorkerCrashed => true,
        SqlxError::Database(error) => error.code().is_some_and(|code| passes(&code)),
        _ => false,
    }
}

/// PostgreSQL: connection (08), rollback of a conflict (40), resources (53), stopping and starting (57P), system (58).
/// SQLite: busy, locked, input or output, full, cannot open.
fn passes(code: &str) -> bool {
    match code.len() {
        5 => ["08", "40", "53", "57P", "58"].iter().any(|class| code.starts_with(class)),
        // The lower byte of SQLite's extended codes is the kind of error.
        _ => code.parse::<u32>().is_ok_and(|code| matches!(code & 0xff, 5 | 6 | 10 | 13 | 14)),
    }
}
