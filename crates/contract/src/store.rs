//! The promises of the stores of rows: accounts, library, runs, outbox, health log.
