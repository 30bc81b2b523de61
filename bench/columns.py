"""How long adding and dropping columns locks a large table: 009, up and down.

Writes docs/performance/columns.*.
"""

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg2
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench import report  # noqa: E402
from bench.backfill import prepare  # noqa: E402
from bench.lock_sampler import LockSampler  # noqa: E402
from rollout import embedded  # noqa: E402

SIZES = (100_000, 1_000_000)
EVERY_S = 0.001
LOCK = ("user_onboarding", "AccessExclusiveLock")
CHANGED = """
    UPDATE public.user_onboarding SET onboarding_version = 2
    WHERE id < '10000000-0000-0000-0000-000000000000'
"""
"""A sixteenth of the rows, so that there is something to park."""


def main() -> None:
    """Measure, write the section, print it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    sizes = ",".join(str(size) for size in SIZES)
    parser.add_argument("--rows", default=sizes, help=f"default: {sizes}")
    arguments = parser.parse_args()
    with TemporaryDirectory(prefix="columns.", dir="/tmp") as place:
        Path(place).chmod(0o755)
        server = embedded.start(Path(place) / "data")
        try:
            runs = [
                run
                for rows in map(int, arguments.rows.split(","))
                for run in measure(server, rows)
            ]
        finally:
            embedded.stop(Path(place) / "data")
    report.save("columns", {"runs": runs})
    render()
    print((report.PLACE / "columns.md").read_text())


def measure(server: sa.URL, rows: int) -> list[dict[str, Any]]:
    """Revision 009 up, down, up again on so many rows; the lock's time, sampled."""
    prepare(server, rows)
    url = server.set(database="prepared")
    config = Config(ROOT / "alembic.ini")
    config.attributes["database_url"] = url.render_as_string(hide_password=False)
    command.upgrade(config, "008")
    dsn, runs = embedded.url_text(url), []
    for direction in ("up", "down", "up again"):
        with LockSampler(dsn, EVERY_S) as sampler:
            if direction == "down":
                command.downgrade(config, "008")
            else:
                command.upgrade(config, "009")
        held_ms = sampler.held_ms.get(LOCK, 0.0)
        took_ms = _took_ms(dsn)
        runs.append(
            {"rows": rows, "what": direction, "held_ms": held_ms, "took_ms": took_ms}
        )
        if direction == "up":
            execute(dsn, CHANGED)
    return runs


def execute(dsn: str, statement: str) -> None:
    """One statement, committed."""
    with psycopg2.connect(dsn) as connection:
        connection.cursor().execute(statement)
    connection.close()


def _took_ms(dsn: str) -> int:
    with psycopg2.connect(dsn) as connection:
        cursor = connection.cursor()
        cursor.execute(
            "SELECT execution_time_ms FROM migrations.schema_versions"
            " WHERE version = '1.8.0'"
        )
        (took_ms,) = cursor.fetchone()
    connection.close()
    return int(took_ms)


def render() -> None:
    """The section, from the saved figures."""
    runs = report.load("columns")["runs"]
    rows = [
        (
            f"{run['rows']:,}", run["what"], f"{run['took_ms'] / 1000:.1f} s",
            f"{run['held_ms']:.0f} ms" if run["held_ms"] else "< 2 ms",
        )
        for run in runs
    ]  # fmt: skip
    headers = ("rows", "revision 009", "took", "ACCESS EXCLUSIVE held, longest")
    report.section("columns", TEXT.format(table=report.table(headers, rows)))


TEXT = """## Columns of a large table

Revision 009 adds five columns to `user_onboarding` and an index, and takes them back
with one row in sixteen changed. All that grows with the table, the index, the copy to
`parked` and the way back, happens beside the application; the lock that stops it does
not grow. Sampled every millisecond.

{table}
"""


if __name__ == "__main__":
    main()
