//! Servers and files that tests start and stop themselves.
