"""Ways to bring a provider's rows in, side by side: ``python bench/ingest.py``.

ORM, Core, ``models.bulk.upsert`` and, as the floor, raw COPY into the same indexed
tables, in turns on one server, medians: the first time, again with nothing changed, and
again with every row changed. Core and ORM get a twentieth of the rows: their time is
linear, and long. Five minutes at 100,000 rows; ``--rows`` for fewer.
"""

import argparse
import statistics
import sys
import time
from collections import defaultdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench import ingest_page, report  # noqa: E402
from bench.ingest_phases import phases  # noqa: E402
from bench.ingest_rows import TABLES, Rows, changed, owners  # noqa: E402
from bench.ingest_ways import BULK, WAYS, prepared, raw_copy, raw_update  # noqa: E402
from rollout import embedded  # noqa: E402

ROWS = 100_000
ROUNDS = 3
CASES = ("first", "unchanged", "changed")
FLOOR = "raw"
# So that no checkpoint falls into one way and not into another.
SETTINGS = {
    "max_wal_size": "8GB",
    "checkpoint_timeout": "1h",
    "shared_buffers": "512MB",
}

Seconds = defaultdict[str, defaultdict[str, list[float]]]


def main() -> None:
    """Measure, save the figures, write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    given = parser.parse_args()
    with TemporaryDirectory(prefix="ingest.") as directory:
        Path(directory).chmod(0o755)
        data_dir = Path(directory) / "data"
        server = embedded.start(data_dir, settings=SETTINGS)
        try:
            figures = measure(server, given.rows, given.rounds)
        finally:
            embedded.stop(data_dir)
    report.save("ingest", figures)
    render()


def measure(server: sa.URL, rows: int, rounds: int) -> dict[str, Any]:
    """Return the figures: every way with few rows, the fast ones with all."""
    url = embedded.ensure_database(server, "ingest")
    config = Config(ROOT / "alembic.ini")
    config.attributes["database_url"] = url.render_as_string(hide_password=False)
    command.upgrade(config, "head")
    engine = sa.create_engine(
        url.set(drivername="postgresql+psycopg2"), poolclass=sa.NullPool
    )
    add_owners(engine, rows)
    few = rows // 20
    return {
        "rows": rows,
        "few": few,
        "rounds": rounds,
        "with_few": {
            name: measure_table(engine, name, few, rounds, list(WAYS))
            for name in TABLES
        },
        "with_all": {
            name: measure_table(engine, name, rows, rounds, [BULK]) for name in TABLES
        },
        "phases_ms": {name: measure_phases(engine, name, rows) for name in TABLES},
    }


def add_owners(engine: sa.Engine, rows: int) -> None:
    """Make the users and their accounts."""
    values = [{"user": user, "account": account} for user, account in owners(rows)]
    with engine.begin() as connection:
        connection.execute(
            sa.text("INSERT INTO auth.users (id) VALUES (:user)"), values
        )
        connection.execute(
            sa.text(
                "INSERT INTO user_investment_accounts (id, user_id, provider,"
                " provider_account_id, institution_name, account_type) VALUES"
                " (:account, :user, 'plaid', CAST(:account AS text), 'Broker', 'ira')"
            ),
            values,
        )


def measure_table(
    engine: sa.Engine, name: str, count: int, rounds: int, ways: list[str]
) -> dict[str, Any]:
    """Return rows a second by way and case, and how they compare with the floor's."""
    model, make, column = TABLES[name]
    rows: Rows = make(count)
    given = {"first": rows, "unchanged": rows, "changed": changed(rows, column)}
    floors = {
        "first": (raw_copy, prepared(rows, model)),
        "changed": (raw_update, prepared(given["changed"], model)),
    }
    seconds: Seconds = defaultdict(lambda: defaultdict(list))
    for round_ in range(rounds):
        order = [FLOOR, *ways]
        for way in order[round_ % len(order) :] + order[: round_ % len(order)]:
            empty(engine, model.__tablename__)
            for case in CASES if way != FLOOR else floors:
                settle(engine)
                start = time.perf_counter()
                if way == FLOOR:
                    work, text = floors[case]
                    work(engine, model, text)
                else:
                    WAYS[way](engine, model, given[case])
                seconds[way][case].append(time.perf_counter() - start)
                print(f"{name} {way} {case}: {seconds[way][case][-1]:.2f} s")
    floor = seconds[FLOOR]
    return {
        "rows_a_second": {
            way: {case: round(count / statistics.median(t)) for case, t in by.items()}
            for way, by in seconds.items()
        },
        "of_raw_copy": {
            way: {case: share(floor["first"], t) for case, t in by.items()}
            for way, by in seconds.items()
        },
        "of_raw_update": {
            way: share(floor["changed"], by["changed"]) for way, by in seconds.items()
        },
    }


def measure_phases(engine: sa.Engine, name: str, count: int) -> dict[str, Any]:
    """Return milliseconds by case and phase."""
    model, make, column = TABLES[name]
    rows: Rows = make(count)
    empty(engine, model.__tablename__)
    found = {}
    for case, given in zip(CASES, (rows, rows, changed(rows, column)), strict=True):
        settle(engine)
        taken = phases(engine, model, given)
        found[case] = {part: round(ms) for part, ms in taken.items()}
    return found


def share(floor: list[float], took: list[float]) -> float:
    """Return the median, over the rounds, of a way's rate as a part of raw COPY's."""
    return round(statistics.median(f / t for f, t in zip(floor, took, strict=True)), 2)


def empty(engine: sa.Engine, table: str) -> None:
    """Leave nothing of the way before."""
    with engine.begin() as connection:
        connection.execute(sa.text(f"TRUNCATE {table}"))


def settle(engine: sa.Engine) -> None:
    """Write out what the step before left dirty: not part of the next one's time."""
    with engine.connect() as connection:
        plain = connection.execution_options(isolation_level="AUTOCOMMIT")
        plain.execute(sa.text("CHECKPOINT"))


def render() -> None:
    """Write the section and the plot from the saved figures."""
    figures = report.load("ingest")
    report.section("ingest", ingest_page.text(figures))
    report.plot("ingest", lambda figure: ingest_page.draw(figure, figures))


if __name__ == "__main__":
    main()
