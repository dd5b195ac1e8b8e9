//! The schema's history. A migration that was ever released is frozen: a change is another migration.

mod m0001_first;
mod m0002_accounts;
mod m0003_uploads;
mod m0004_marks;

use sea_orm_migration::{MigrationTrait, MigratorTrait};

/// All migrations in order.
pub(crate) struct Migrator;

impl MigratorTrait for Migrator {
    fn migrations() -> Vec<Box<dyn MigrationTrait>> {
        vec![
            Box::new(m0001_first::First),
            Box::new(m0002_accounts::Accounts),
            Box::new(m0003_uploads::Uploads),
            Box::new(m0004_marks::Marks),
        ]
    }
}

/// Names of all migrations in order.
pub(crate) fn names() -> Vec<String> {
    Migrator::migrations().iter().map(|migration| migration.name().to_owned()).collect()
}
