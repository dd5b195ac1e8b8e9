//! Rows, migrations, outbox and the SQL job queue of Drishtiksha: the store ports and the queue port on PostgreSQL
//! (15 or newer) and on SQLite. Decides nothing about media; the verdict rule is the domain's.

mod connection;
mod database;
mod entity;
mod fault;
mod look;
mod migration;
mod partitions;
mod queue;
mod replica;
mod rows;
mod store;

pub use database::{Database, PoolOptions, SchemaState};
pub use partitions::Layout;
pub use queue::{QueueOptions, SqlQueue};
pub use replica::{ReplicaOptions, ReplicaState};
pub use store::Store;
