"""Reads under row level security, and what their indexes cost: ``make bench``.

The application's queries as ``authenticated`` in a tenant block, against the same with
a plain WHERE as the tables' owner, by turns, at several sizes; then four sets of
indexes, written to and read by turns. Exits 1 when a query goes by an index that is not
led by user_id.

    python bench/reads.py --rows 100000            # in a minute
    python bench/reads.py --data DIRECTORY         # keeps the loaded databases there

Needs about 3 GB of disk for each million rows of the largest size.
"""

import argparse
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import sqlalchemy as sa

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from bench import report  # noqa: E402
from bench.reading import data, index_sets, pages, timing  # noqa: E402
from bench.reading.queries import QUERIES  # noqa: E402
from rollout import embedded  # noqa: E402

SETTINGS = {
    "shared_buffers": "1GB",
    "maintenance_work_mem": "512MB",
    "max_wal_size": "8GB",
    "effective_cache_size": "4GB",
}
"""All else is PostgreSQL's default, random_page_cost too: as Supabase has it."""


def main(arguments: list[str] | None = None) -> int:
    """Load, measure, print, write docs/performance; return the exit status."""
    given = parse(arguments)
    started = time.monotonic()
    with ExitStack() as stack:
        directory = given.data
        if directory is None:
            directory = Path(
                stack.enter_context(TemporaryDirectory(prefix="reads.", dir="/tmp"))
            )
            directory.chmod(0o755)
        server = embedded.start(directory.resolve() / "data", settings=SETTINGS)
        stack.callback(embedded.stop, directory.resolve() / "data")
        for rows in given.rows:
            limit = started + given.load_s if given.load_s else None
            if data.load(server, rows, until=limit) is None:
                print("time is up; run it again to go on loading", file=sys.stderr)
                return 3
        if given.load_s:
            for name in index_sets.SETS:
                for rows in given.set_rows:
                    index_sets.make(server, rows, name)
            return 0
        figures = measure(server, given)
        for rows in given.set_rows:  # they have been written to
            index_sets.drop(server, rows)
    if given.save:
        report.save("reads", figures)
        render()
        report.compose()
    print(pages.reads(figures))
    print(pages.indexes(figures))
    return 1 if pages.astray(figures) else 0


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description="Reads under row level security.")

    def sizes(text: str) -> list[int]:
        return [int(size) for size in text.split(",")]

    parser.add_argument(
        "--rows", type=sizes, default=[100_000, 1_000_000, 10_000_000],
        help="transactions, one size or several: 100000,1000000",
    )  # fmt: skip
    parser.add_argument("--set-rows", type=sizes, help="sizes for the index sets")
    parser.add_argument("--data", type=Path, help="keep the databases in here")
    parser.add_argument("--load-s", type=float, help="only load, for so many seconds")
    parser.add_argument("--users", type=int, default=20, help="of the median kind")
    parser.add_argument("--rounds", type=int, default=15, help="by turns, a user")
    parser.add_argument("--batches", type=int, default=200, help="of 500 rows, a set")
    parser.add_argument(
        "--no-save", dest="save", action="store_false", help="leave docs/ alone"
    )
    given = parser.parse_args(arguments)
    given.set_rows = given.set_rows or given.rows[-1:]
    return given


def measure(server: sa.URL, given: argparse.Namespace) -> dict[str, Any]:
    """All figures."""
    version = data.run(server, "SHOW server_version")[0][0]
    figures: dict[str, Any] = {
        "server": f"PostgreSQL {version}",
        "settings": SETTINGS,
        "scales": [],
        "sets": {},
    }
    for rows in given.rows:
        figures["scales"].append(scale(server.set(database=f"reads_{rows}"), given))
    largest = server.set(database=f"reads_{given.rows[-1]}")
    figures["more"] = more(largest, given)
    for rows in given.set_rows:
        figures["sets"][str(rows)] = sets(server, rows, given)
    return figures


def scale(url: sa.URL, given: argparse.Namespace) -> dict[str, Any]:
    """Every query at one size, for users of both kinds."""
    ((transactions, users),) = data.run(
        url,
        "SELECT (SELECT count(*) FROM public.user_investment_transactions),"
        " (SELECT count(*) FROM auth.users)",
    )
    figures: dict[str, Any] = {
        "transactions": transactions,
        "users": users,
        "kinds": {},
    }
    bench = timing.Bench(url)
    for kind in timing.KINDS:
        subjects = timing.subjects(url, kind, given.users)
        figures["kinds"][kind] = {"rows": subjects[0].rows, "queries": {}}
        for query in QUERIES:
            found = bench.query(query, subjects, given.rounds).summary()
            figures["kinds"][kind]["queries"][query.__name__] = found
    figures["as_first_written"] = timing.as_first_written(
        url, timing.subjects(url, "heavy", 10), 5
    )
    return figures


def more(url: sa.URL, given: argparse.Namespace) -> dict[str, Any]:
    """What else there is to ask, at the largest size."""
    figures: dict[str, Any] = {"prepared": {}, "orm": {}}
    for kind in timing.KINDS:
        subjects = timing.subjects(url, kind, 10)
        for name, measured in (("prepared", timing.prepared), ("orm", timing.orm)):
            figures[name][kind] = {
                query.__name__: {
                    way: round(timing.median(samples), 4)
                    for way, samples in measured(
                        url, query, subjects, given.rounds
                    ).items()
                }
                for query in QUERIES
            }
    subjects = timing.subjects(url, "median", 10)
    figures["block_ms"] = {
        way: round(timing.median(samples), 4)
        for way, samples in timing.block(url, subjects, given.rounds).items()
    }
    return figures


def sets(server: sa.URL, rows: int, given: argparse.Namespace) -> dict[str, Any]:
    """Sizes, reads and writes with each set of indexes; reads before writes."""
    urls = {name: index_sets.make(server, rows, name) for name in index_sets.SETS}
    figures: dict[str, Any] = {name: {"read": {}} for name in urls}
    for name, url in urls.items():
        data.run(url, "ANALYZE")
        figures[name]["size"] = index_sets.sizes(url)
    for kind in timing.KINDS:
        subjects = timing.subjects(server.set(database=f"reads_{rows}"), kind, 3)
        for query in QUERIES:
            for name, url in urls.items():
                bench = timing.Bench(url)
                found = bench.query(query, subjects, 5, ("rls",)).summary()
                figures[name]["read"].setdefault(kind, {})[query.__name__] = {
                    "ms": found["ms"]["rls"],
                    "plan": found["plan"]["rls"],
                }
    for name, url in urls.items():
        figures[name]["remove_user_ms"] = index_sets.removing(url)
    for name, written in index_sets.write_by_turns(urls, given.batches).items():
        figures[name]["write"] = written
    return figures


def render() -> None:
    """Write the sections and plots from the saved figures."""
    figures = report.load("reads")
    report.section("reads", pages.reads(figures))
    report.section("indexes", pages.indexes(figures))
    report.plot("reads", lambda figure: pages.draw_reads(figure, figures), (8, 5))
    report.plot("indexes", lambda figure: pages.draw_indexes(figure, figures), (8, 3))


if __name__ == "__main__":
    sys.exit(main())
