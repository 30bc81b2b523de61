"""Data that ``rollout seed`` puts into a database, one module a schema."""
