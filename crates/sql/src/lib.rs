//! Rows, migrations, outbox and the SQL job queue of Drishtiksha.
