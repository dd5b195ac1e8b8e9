//! The kinds of connection that queries get: one that reads, a transaction that writes, and what people look through.
//!
//! SQLite has no type for moments. Left alone they would be written without trailing zeros of the fraction, and
//! `…00Z` would sort after `…00.5Z`; here every moment becomes text of one length.

use async_trait::async_trait;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DatabaseTransaction, DbBackend, DbErr, ExecResult, QueryResult,
    Statement, Value,
};
use time::format_description::BorrowedFormatItem;
use time::macros::format_description;
use time::{OffsetDateTime, UtcOffset};
use tokio::sync::OwnedMutexGuard;

const MOMENT: &[BorrowedFormatItem<'_>] =
    format_description!("[year]-[month]-[day]T[hour]:[minute]:[second].[subsecond digits:6]Z");

/// Reads, each query by itself.
pub(crate) struct Reader<'a> {
    pool: &'a DatabaseConnection,
}

/// Writes, all or nothing: what is not committed is rolled back when this is dropped.
pub(crate) struct Transaction {
    // Dropped first: the next writer must find this one gone.
    inner: DatabaseTransaction,
    _turn: Option<OwnedMutexGuard<()>>,
}

/// What people look through: each query by itself, or all queries of one moment.
pub(crate) enum View<'a> {
    Each(Reader<'a>),
    Moment(Transaction),
}

impl View<'_> {
    /// Nothing was written, so that nothing is lost when this fails.
    pub(crate) async fn close(self) -> Result<(), DbErr> {
        match self {
            Self::Each(_) => Ok(()),
            Self::Moment(transaction) => transaction.commit().await,
        }
    }
}

impl<'a> Reader<'a> {
    pub(crate) fn new(pool: &'a DatabaseConnection) -> Self {
        Self { pool }
    }
}

impl Transaction {
    pub(crate) fn new(inner: DatabaseTransaction, turn: Option<OwnedMutexGuard<()>>) -> Self {
        Self { inner, _turn: turn }
    }

    /// From here on its commit need not wait for the disk; see [`crate::database::Database::begin_hasty`].
    pub(crate) async fn hasten(&self) -> Result<(), DbErr> {
        // SQLite, as it is opened here, never waits for the disk at a commit.
        if self.get_database_backend() == DbBackend::Postgres {
            self.execute_unprepared("set local synchronous_commit = off").await?;
        }
        Ok(())
    }

    pub(crate) async fn commit(self) -> Result<(), DbErr> {
        self.inner.commit().await
    }

    pub(crate) async fn rollback(self) -> Result<(), DbErr> {
        self.inner.rollback().await
    }

    /// For what understands only the library's own type.
    pub(crate) fn inner(&self) -> &DatabaseTransaction {
        &self.inner
    }
}

macro_rules! connection {
    ($kind:ty, $field:ident) => {
        #[async_trait]
        impl ConnectionTrait for $kind {
            fn get_database_backend(&self) -> DbBackend {
                self.$field.get_database_backend()
            }

            async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
                self.$field.execute_raw(spelled(statement)?).await
            }

            async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
                self.$field.execute_unprepared(sql).await
            }

            async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
                self.$field.query_one_raw(spelled(statement)?).await
            }

            async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
                self.$field.query_all_raw(spelled(statement)?).await
            }
        }
    };
}

connection!(Reader<'_>, pool);
connection!(Transaction, inner);

#[async_trait]
impl ConnectionTrait for View<'_> {
    fn get_database_backend(&self) -> DbBackend {
        match self {
            Self::Each(reader) => reader.get_database_backend(),
            Self::Moment(transaction) => transaction.get_database_backend(),
        }
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        match self {
            Self::Each(reader) => reader.execute_raw(statement).await,
            Self::Moment(transaction) => transaction.execute_raw(statement).await,
        }
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        match self {
            Self::Each(reader) => reader.execute_unprepared(sql).await,
            Self::Moment(transaction) => transaction.execute_unprepared(sql).await,
        }
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        match self {
            Self::Each(reader) => reader.query_one_raw(statement).await,
            Self::Moment(transaction) => transaction.query_one_raw(statement).await,
        }
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        match self {
            Self::Each(reader) => reader.query_all_raw(statement).await,
            Self::Moment(transaction) => transaction.query_all_raw(statement).await,
        }
    }
}

fn spelled(mut statement: Statement) -> Result<Statement, DbErr> {
    if statement.db_backend == DbBackend::Sqlite {
        for value in statement.values.iter_mut().flat_map(|values| &mut values.0) {
            if let Value::TimeDateTimeWithTimeZone(moment) = value {
                *value = Value::String(moment.map(text).transpose()?);
            }
        }
    }
    Ok(statement)
}

fn text(moment: OffsetDateTime) -> Result<String, DbErr> {
    moment.to_offset(UtcOffset::UTC).format(MOMENT).map_err(|error| DbErr::Type(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use time::macros::datetime;

    #[test]
    fn moments_as_text_sort_as_moments() {
        let moments = [
            datetime!(2026-01-02 03:04:05 UTC),
            datetime!(2026-01-02 03:04:05.000001 UTC),
            datetime!(2026-01-02 03:04:05.5 UTC),
            datetime!(2026-01-02 05:04:05.51 +1),
        ];
        let texts: Vec<String> = moments.iter().map(|moment| text(*moment).unwrap()).collect();
        assert_eq!(texts[2], "2026-01-02T03:04:05.500000Z");
        assert!(texts.is_sorted());
    }
}
