//! What tells this database from every other one, and requests of one name from each other.

use sea_orm::{ConnectionTrait, DbBackend, DbErr};
use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

pub(super) struct Marks;

impl MigrationName for Marks {
    fn name(&self) -> &'static str {
        "m0004_marks"
    }
}

#[async_trait]
impl MigrationTrait for Marks {
    #[expect(elided_lifetimes_in_paths, reason = "named here it would differ from the trait's")]
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        let connection = manager.get_connection();
        let postgres = connection.get_database_backend() == DbBackend::Postgres;
        for statement in STATEMENTS {
            connection.execute_unprepared(&spelled(statement, postgres)).await?;
        }
        Ok(())
    }
}

fn spelled(statement: &str, postgres: bool) -> String {
    let words = [("{uuid}", "uuid", "blob"), ("{random uuid}", "gen_random_uuid()", "randomblob(16)")];
    words.iter().fold(statement.to_owned(), |text, (word, in_postgres, in_sqlite)| {
        text.replace(word, if postgres { in_postgres } else { in_sqlite })
    })
}

const STATEMENTS: &[&str] = &[
    "create table installation (
        id {uuid} primary key,
        sweeps bigint not null
    )",
    "insert into installation (id, sweeps) values ({random uuid}, 0)",
    // Of requests that came before, nobody knows what was in them.
    "alter table idempotency_keys add column digest text",
];
