//! Passwords that somebody else chose, and sessions that their owner can tell apart.

use sea_orm::{ConnectionTrait, DbBackend, DbErr};
use sea_orm_migration::async_trait::async_trait;
use sea_orm_migration::{MigrationName, MigrationTrait, SchemaManager};

pub(super) struct Accounts;

impl MigrationName for Accounts {
    fn name(&self) -> &'static str {
        "m0002_accounts"
    }
}

#[async_trait]
impl MigrationTrait for Accounts {
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
    let words =
        [("{uuid}", "uuid", "blob"), ("{moment}", "timestamptz", "text"), ("{bytes}", "bytea", "blob")];
    words.iter().fold(statement.to_owned(), |text, (word, in_postgres, in_sqlite)| {
        text.replace(word, if postgres { in_postgres } else { in_sqlite })
    })
}

const STATEMENTS: &[&str] = &[
    "alter table users add column must_change_password boolean not null default false",
    // Refresh tokens have another form now, so no session could go on: people sign in once more.
    "drop table sessions",
    "create table sessions (
        id {uuid} primary key,
        user_id {uuid} not null references users (id) on delete cascade,
        family_hash {bytes} not null,
        token_hash {bytes} not null,
        previous_hash {bytes},
        rotated_at {moment},
        user_agent text not null,
        address text not null,
        created_at {moment} not null,
        expires_at {moment} not null,
        ended_at {moment}
    )",
    "create index sessions_of_user on sessions (user_id, id desc) where ended_at is null",
    "create index sessions_by_end on sessions (expires_at)",
];
