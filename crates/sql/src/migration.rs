//! The schema's history. A migration that was ever released is frozen: a change is another migration.

mod m0001_first;
mod m0002_accounts;
mod m0003_uploads;
mod m0004_marks;

use sea_orm::{ConnectionTrait, DbBackend, DbErr};
use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::{MigrationName, MigrationTrait, MigratorTrait, SchemaManager};

/// All steps in order.
const STEPS: [Step; 4] =
    [m0001_first::FIRST, m0002_accounts::ACCOUNTS, m0003_uploads::UPLOADS, m0004_marks::MARKS];

/// What the two databases write differently: the word in braces, then PostgreSQL's and SQLite's. SQLite keeps ids as 16 bytes and
/// moments as text of one length, so that both sort as they should.
const WORDS: [(&str, &str, &str); 7] = [
    ("{uuid}", "uuid", "blob"),
    ("{random uuid}", "gen_random_uuid()", "randomblob(16)"),
    ("{moment}", "timestamptz", "text"),
    ("{json}", "jsonb", "text"),
    ("{bytes}", "bytea", "blob"),
    ("{number}", "bigint generated always as identity primary key", "integer primary key autoincrement"),
    // Here the other table exists only later.
    ("{latest_run}", "", "references analysis_runs (id) on delete set null"),
];

/// All migrations in order.
pub(crate) struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        STEPS.into_iter().map(|step| Box::new(step) as Box<dyn MigrationTrait>).collect()
    }
}

/// Names of all migrations in order.
pub(crate) fn names() -> Vec<String> {
    STEPS.iter().map(|step| step.name.to_owned()).collect()
}

/// One migration: statements in order, with [`WORDS`] in them.
#[derive(Clone, Copy)]
struct Step {
    name: &'static str,
    statements: &'static [&'static [&'static str]],
    /// Run after the others.
    postgres_only: &'static [&'static str],
}

impl Step {
    fn written_for(&self, postgres: bool) -> Vec<String> {
        let only_here = if postgres { self.postgres_only } else { &[] };
        self.statements
            .iter()
            .copied()
            .flatten()
            .chain(only_here)
            .map(|text| spelled(text, postgres))
            .collect()
    }
}

impl MigrationName for Step {
    fn name(&self) -> &str {
        self.name
    }
}

#[async_trait]
impl MigrationTrait for Step {
    #[expect(elided_lifetimes_in_paths, reason = "named here it would differ from the trait's")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let postgres = connection.get_database_backend() == DbBackend::Postgres;
        for statement in self.written_for(postgres) {
            connection.execute_unprepared(&statement).await?;
        }
        Ok(())
    }
}

fn spelled(statement: &str, postgres: bool) -> String {
    WORDS.iter().fold(statement.to_owned(), |text, (word, in_postgres, in_sqlite)| {
        text.replace(word, if postgres { in_postgres } else { in_sqlite })
    })
}
