"""What is in schema ``parked``: tables of downgrades, values of columns, functions."""

import datetime as dt
from dataclasses import dataclass

from sqlalchemy import Connection, text

FUNCTIONS = text("""
    SELECT p.oid::regprocedure::text AS name FROM pg_catalog.pg_proc AS p
    WHERE p.pronamespace = to_regnamespace('parked') ORDER BY 1
""")
TABLES = text("""
    SELECT c.relname AS name,
        pg_catalog.pg_total_relation_size(c.oid) AS bytes,
        CASE WHEN c.reltuples >= 0 THEN c.reltuples::bigint END AS estimated_rows
    FROM pg_catalog.pg_class AS c
    WHERE c.relnamespace = to_regnamespace('parked') AND c.relkind IN ('r', 'p')
    ORDER BY c.relname
""")


@dataclass(frozen=True)
class Parked:
    """One parked table; ``since`` is None where nothing says when it was parked."""

    name: str
    rows: int
    bytes: int
    since: dt.datetime | None
