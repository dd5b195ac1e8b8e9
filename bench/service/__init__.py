"""The service beside a Node baseline: the same PostgreSQL, the same Redis, the same models that do nothing."""
