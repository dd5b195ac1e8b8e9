//! The store ports on rows: accounts, library, runs, uploads, outbox, health log. Each call of a port that writes is one
//! transaction.
//!
//! Locks are taken in one order by everybody: upload, medium, then what belongs to it, then its owner. The row of the medium
//! stands for all its runs, so ends, cancels and removals of one medium follow one another.

mod accounts;
mod events;
mod health;
mod idempotency;
mod keys;
mod library;
mod lists;
mod marks;
mod outbox;
mod people;
mod removal;
mod runs;
mod sessions;
mod uploads;

use std::sync::Arc;

use dk_app::ports::Ambient;

use crate::database::Database;

/// Everything that is kept in rows but jobs. Cheap to clone.
#[derive(Clone)]
pub struct Store {
    db: Database,
    ambient: Arc<dyn Ambient>,
}

impl Store {
    /// A store on a database that was migrated.
    pub fn new(db: Database, ambient: Arc<dyn Ambient>) -> Self {
        Self { db, ambient }
    }
}
