//! Passwords that somebody else chose, and sessions that their owner can tell apart.

use super::Step;

pub(super) const ACCOUNTS: Step =
    Step { name: "m0002_accounts", statements: &[STATEMENTS], postgres_only: &[] };

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
