//! Rows, migrations, outbox and the SQL job queue of Drishtiksha: the store ports and the queue port on PostgreSQL
//! (15 or newer) and on SQLite. Decides nothing about media; the verdict rule is the domain's.

mod connection;
mod database;
mod entity;
mod fault;
mod migration;
mod queue;
mod rows;
mod store;

pub use database::{Database, PoolOptions, SchemaState};
pub use queue::{QueueOptions, SqlQueue};
pub use store::Store;
