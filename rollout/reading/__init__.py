"""SQL read by PostgreSQL's own parser: what a revision makes, takes away, requires."""
