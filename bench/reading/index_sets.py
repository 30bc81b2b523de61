"""Sets of indexes: what each costs to write to, and how fast it is to read.

``keys`` are primary keys and unique constraints alone, ``specification`` its SQL as
written, ``revisions`` ours, ``lean`` ours without those that another index begins with.
Each is a copy of the loaded database, so that rows are written to all of them by turns.
"""

import statistics
import time
from dataclasses import dataclass
from typing import Any

import psycopg2
import sqlalchemy as sa

from bench.reading import data, timing
from rollout.embedded import url_text

SPEC = data.ROOT / "tests" / "versions" / "spec"
SETS = ("keys", "specification", "revisions", "lean")
SPARE = (
    "idx_aggregated_holdings_user_id",
    "idx_investment_accounts_user_id",
    "idx_investment_transactions_user_id",
    "idx_portfolio_snapshots_user_date",
    "idx_user_feature_flags_user",
)
"""Another index of the same table begins with the same columns."""

BATCH = (data.SQL / "4_sync.sql").read_text()
SIZES = """
    SELECT (SELECT count(*) FROM public.{table}), pg_table_size('public.{table}'),
        pg_indexes_size('public.{table}')
"""
EACH_SIZE = """
    SELECT indexrelid::regclass::text, pg_relation_size(indexrelid)
    FROM pg_index WHERE indrelid = 'public.user_investment_transactions'::regclass
    ORDER BY 1
"""


def make(server: sa.URL, rows: int, name: str) -> sa.URL:
    """Return a copy of the loaded database with the indexes of a set."""
    source, target = f"reads_{rows}", f"reads_{rows}_{name}"
    if data.run(server, "SELECT 1 FROM pg_database WHERE datname = %s", target):
        return server.set(database=target)
    data.run(
        server,
        f"CREATE DATABASE {target} TEMPLATE {source} STRATEGY file_copy",
    )
    url = server.set(database=target)
    tables = [f"public.{table}" for table in data.TABLES]
    for index, _ in data.run(url, data.PLAIN_INDEXES, tables):
        spare = index.removeprefix("public.") in SPARE
        if name in ("keys", "specification") or (name == "lean" and spare):
            data.run(url, f"DROP INDEX {index}")
    if name == "specification":
        for statement in specified():
            data.run(url, f"SET maintenance_work_mem = '512MB'; {statement}")
    return url


def specified() -> list[str]:
    """The specification's CREATE INDEX statements on the tables that are measured."""
    lines = "\n".join(path.read_text() for path in sorted(SPEC.glob("00*.sql")))
    return [
        line
        for line in lines.splitlines()
        if line.startswith("CREATE INDEX")
        and any(f" ON public.{table}" in line for table in data.TABLES)
    ]


def drop(server: sa.URL, rows: int) -> None:
    """Drop the copies."""
    for name in SETS:
        data.run(server, f"DROP DATABASE IF EXISTS reads_{rows}_{name} WITH (FORCE)")


def sizes(url: sa.URL) -> dict[str, Any]:
    """Bytes a row of every table and of its indexes, and of each transaction index."""
    figures: dict[str, Any] = {"tables": {}, "indexes": {}}
    for table in data.TABLES:
        ((rows, heap, indexes),) = data.run(url, SIZES.format(table=table))
        figures["tables"][table] = {
            "rows": rows,
            "table_bytes": round(heap / rows, 1),
            "index_bytes": round(indexes / rows, 1),
        }
    rows = figures["tables"]["user_investment_transactions"]["rows"]
    for name, size in data.run(url, EACH_SIZE):
        figures["indexes"][name.removeprefix("public.")] = round(size / rows, 1)
    return figures


def removing(url: sa.URL, many: int = 5) -> float:
    """Milliseconds to remove a user in the middle: the foreign keys' own lookups."""
    took = []
    connection = psycopg2.connect(url_text(url))
    with connection.cursor() as cursor:
        for subject in timing.subjects(url, "median", many):
            start = time.perf_counter()
            cursor.execute("DELETE FROM auth.users WHERE id = %s", (subject.user_id,))
            took.append((time.perf_counter() - start) * 1000)
            connection.rollback()
            if took[-1] > 1000:
                break
    connection.close()
    return round(statistics.median(took), 3)


@dataclass
class Writer:
    """A connection to one copy."""

    url: sa.URL

    def __post_init__(self) -> None:
        self.connection = psycopg2.connect(url_text(self.url))
        self.connection.autocommit = True
        self.seconds: list[float] = []
        self.wal: list[float] = []

    def write(self, batch: int) -> int:
        """One sync of new transactions, one commit; returns the rows written."""
        with self.connection.cursor() as cursor:
            cursor.execute("SELECT pg_current_wal_insert_lsn()")
            before = cursor.fetchone()
            start = time.perf_counter()
            cursor.execute(BATCH, {"batch": batch})
            took, rows = time.perf_counter() - start, cursor.rowcount
            cursor.execute("SELECT pg_current_wal_insert_lsn() - %s", before)
            self.seconds.append(took / rows)
            self.wal.append(float((cursor.fetchone() or [0])[0]) / rows)
        return int(rows)

    def figures(self) -> dict[str, Any]:
        """Rows a second and WAL a row, medians of all batches."""
        return {
            "rows_a_second": round(1 / statistics.median(self.seconds)),
            "rows_a_second_overall": round(1 / statistics.fmean(self.seconds)),
            "wal_bytes_a_row": round(statistics.fmean(self.wal)),
            "batches": len(self.seconds),
        }


def write_by_turns(urls: dict[str, sa.URL], batches: int) -> dict[str, Any]:
    """Write the same batches to every copy in turn."""
    writers = {name: Writer(url) for name, url in urls.items()}
    names = list(writers)
    data.run(next(iter(urls.values())), "CHECKPOINT")
    for batch in range(batches):
        turn = batch % len(names)
        for name in names[turn:] + names[:turn]:
            writers[name].write(batch)
    for writer in writers.values():
        writer.connection.close()
    return {name: writer.figures() for name, writer in writers.items()}
