"""How a revision reaches production safely: lock, journal, operations, backfill."""
