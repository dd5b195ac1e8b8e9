//! What tells this database from every other one, and requests of one name from each other.

use super::Step;

pub(super) const MARKS: Step = Step { name: "m0004_marks", statements: &[STATEMENTS], postgres_only: &[] };

const STATEMENTS: &[&str] = &[
    "create table installation (
        id {uuid} primary key,
        sweeps bigint not null
    )",
    "insert into installation (id, sweeps) values ({random uuid}, 0)",
    // Of requests that came before, nobody knows what was in them.
    "alter table idempotency_keys add column digest text",
];
