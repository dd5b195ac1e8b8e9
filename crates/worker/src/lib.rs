//! Claims jobs, runs them, retries and stops; relays the outbox and mends what was lost.
