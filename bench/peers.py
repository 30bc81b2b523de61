"""A lock on a table in use, taken as other tools do, and as we do: ``make bench``.

Each way runs the same two steps of the specification under the same load, while one
transaction holds a row of each table for seconds. The others' tries are made here with
the timeouts that they set by default, as their sources give them; none of them is
installed. Writes docs/performance/peers.*.
"""

import argparse
import itertools
import math
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg2
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench import certify, report, spec_sql  # noqa: E402
from bench.blocker import Blocker  # noqa: E402
from bench.load import STATEMENTS_A_SECOND, Load  # noqa: E402
from rollout import embedded  # noqa: E402

HOLD_S = 6.0
TURNS = 2
NOTICED_MS = 100
"""A wait that somebody in front of a screen begins to notice."""
GIVE_UP_S = 60
AFTER_S = 1.0

SQL = spec_sql.UPGRADES
Try = tuple[int, float]
"""lock_timeout in ms (0: none), and seconds of sleep if it was not enough."""


@dataclass(frozen=True)
class Step:
    """The same change: the revision that makes it, and the specification's SQL."""

    name: str
    before: str
    revision: str
    statements: tuple[str, ...]


STEPS = (
    Step("a table that refers to `auth.users`", "000", "001", SQL["001"]),
    Step("five columns for `user_onboarding`", "008", "009", SQL["009"][:1]),
)


def waiting() -> Iterator[Try]:
    """Alembic: no limit of its own, and the server's default is none."""
    yield 0, 0


def strong_migrations() -> Iterator[Try]:
    """10 s, as its initializer sets it; no second try unless asked for."""
    yield 10_000, 0


def pgroll() -> Iterator[Try]:
    """500 ms, then sleeps of up to 1, 2, 4 … 60 s, drawn at random."""
    for number in itertools.count():
        yield 500, random.uniform(0, min(60, 2**number))


def gitlab() -> Iterator[Try]:
    """The first of its pairs; it has longer ones, and at last no timeout."""
    yield from ((100, 0.05), (100, 0.05), (200, 0.05), (300, 0.1), (400, 0.15))
    yield from itertools.repeat((500, 2.0), 4)
    yield from ((1000, 5.0), (1000, 60.0))


def online_migrations() -> Iterator[Try]:
    """50 ms thirty times, with sleeps of whole seconds up to 60, drawn at random."""
    for number in range(30):
        yield 50, math.ceil(random.uniform(0, min(60, 0.01 * 2**number)))


THEIRS: dict[str, Callable[[], Iterator[Try]]] = {
    "no limit (plain Alembic)": waiting,
    "strong_migrations": strong_migrations,
    "pgroll": pgroll,
    "GitLab's `with_lock_retries`": gitlab,
    "online_migrations": online_migrations,
}
OURS = "ours"


@dataclass
class Run:
    """One way on one step. ``tries`` is None where the tool counts them itself."""

    way: str
    step: str
    took_s: float
    tries: int | None
    done: bool
    statements: int
    failed: int
    noticed: int
    longest_ms: float
    idle_ms: float


def main() -> None:
    """Measure, write the section, print it."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    with TemporaryDirectory(prefix="peers.", dir="/tmp") as place:
        Path(place).chmod(0o755)
        server = embedded.start(Path(place) / "data")
        try:
            runs = measure(server)
        finally:
            embedded.stop(Path(place) / "data")
    report.save("peers", {"hold_s": HOLD_S, "runs": [asdict(run) for run in runs]})
    render()
    report.compose()
    print((report.PLACE / "peers.md").read_text())


def measure(server: sa.URL) -> list[Run]:
    """Every way, in turns, each on a copy of the same database."""
    for step in STEPS:
        certify.prepare(server, f"before_{step.revision}", step.before)
    return [
        one(server, step, way)
        for _ in range(TURNS)
        for step in STEPS
        for way in (*THEIRS, OURS)
    ]


def one(server: sa.URL, step: Step, way: str) -> Run:
    """One way on one step, while rows are held, and a while after."""
    url = fresh(server, f"before_{step.revision}")
    dsn = embedded.url_text(url)
    with ExitStack() as stack:
        load = stack.enter_context(Load(dsn))
        time.sleep(AFTER_S)
        stack.enter_context(Blocker(dsn, HOLD_S, gap_s=GIVE_UP_S))
        time.sleep(0.3)
        start = time.time()
        done, tries = take(url, step, way)
        end = time.time()
        time.sleep(AFTER_S)
        result = load.finish()
    during = result.between(start, end + AFTER_S)
    run = Run(
        way=way,
        step=step.name,
        took_s=end - start,
        tries=tries,
        done=done,
        statements=len(during),
        failed=sum(error is not None for _, _, error in during),
        noticed=sum(ms > NOTICED_MS for ms, _, _ in during),
        longest_ms=max(ms for ms, _, _ in during),
        idle_ms=max(ms for ms, _, _ in result.between(0, start - 0.3)),
    )
    print(run, file=sys.stderr)
    return run


def fresh(server: sa.URL, template: str) -> sa.URL:
    """A copy of a prepared database."""
    admin = psycopg2.connect(embedded.url_text(server.set(database="postgres")))
    admin.autocommit = True
    admin.cursor().execute("DROP DATABASE IF EXISTS run WITH (FORCE)")
    admin.cursor().execute(f"CREATE DATABASE run TEMPLATE {template}")
    admin.close()
    return server.set(database="run")


def take(url: sa.URL, step: Step, way: str) -> tuple[bool, int | None]:
    """Make the change; whether it was made, and by how many tries."""
    if way == OURS:
        config = Config(ROOT / "alembic.ini")
        config.attributes["database_url"] = url.render_as_string(hide_password=False)
        command.upgrade(config, step.revision)
        return True, None
    return tried(embedded.url_text(url), step.statements, THEIRS[way]())


def tried(
    dsn: str, statements: tuple[str, ...], tries: Iterator[Try]
) -> tuple[bool, int]:
    """Run a transaction as a tool would, until it commits or the tool gives up."""
    connection = psycopg2.connect(dsn, application_name="another tool")
    number, give_up_at = 0, time.monotonic() + GIVE_UP_S
    for number, (timeout_ms, sleep_s) in enumerate(tries, 1):
        try:
            with connection, connection.cursor() as cursor:
                cursor.execute(
                    "SELECT set_config('lock_timeout', %s, true)", (f"{timeout_ms}ms",)
                )
                for statement in statements:
                    cursor.execute(statement)
        except psycopg2.errors.LockNotAvailable:
            if time.monotonic() + sleep_s > give_up_at:
                break
            time.sleep(sleep_s)
        else:
            connection.close()
            return True, number
    connection.close()
    return False, number


def render() -> None:
    """The section and its plot, from the saved figures."""
    figures = report.load("peers")
    runs = [Run(**run) for run in figures["runs"]]
    headers = ("change", "way", "longest wait", f"waits over {NOTICED_MS} ms", "failed",
               "tries", "took")  # fmt: skip
    lines = [
        _line([r for r in runs if (r.step, r.way) == (step.name, way)])
        for step in STEPS
        for way in (*THEIRS, OURS)
    ]
    text = TEXT.format(
        table=report.table(headers, lines),
        hold_s=figures["hold_s"],
        rate=STATEMENTS_A_SECOND,
        rows=certify.ROWS,
        turns=len(runs) // len(lines),
        idle_ms=statistics.median(run.idle_ms for run in runs),
        noticed_ms=NOTICED_MS,
    )
    report.section("peers", report.wrapped(text))
    report.plot("peers", lambda figure: _draw(figure, runs))


def _line(runs: list[Run]) -> tuple[str, ...]:
    tries = [run.tries for run in runs if run.tries is not None]
    noticed, statements = sum(r.noticed for r in runs), sum(r.statements for r in runs)
    return (
        runs[0].step,
        runs[0].way,
        f"{max(run.longest_ms for run in runs):,.0f} ms",
        f"{noticed:,} of {statements:,}",
        f"{sum(run.failed for run in runs)}",
        f"{statistics.median(tries):.0f}" if tries else "–",
        f"{statistics.median(run.took_s for run in runs):.1f} s"
        + ("" if all(run.done for run in runs) else ", not done"),
    )


TEXT = """## Locks as other tools take them

The same two changes, each while one transaction holds a row of both tables for
{hold_s:.0f} s: {rows:,} users, {rate} statements a second of the old application as an
open loop, {turns} turns, the longest wait of all of them. A lock that is waited for
makes everybody behind it wait, readers too where it is ACCESS EXCLUSIVE; so what counts
is how long one try may wait, not how often it tries. Before the change the longest wait
was {idle_ms:.0f} ms (median of the runs).

![Longest wait by way](peers.svg)

{table}

None of these tools is installed: their tries are made with the timeouts and sleeps
that they have by default, around the specification's SQL. Alembic sets
none; [strong_migrations](https://github.com/ankane/strong_migrations) writes 10 s into
its initializer; [pgroll](https://github.com/xataio/pgroll) has `--lock-timeout` 500 ms
and doubles its sleeps; GitLab's helper begins at 100 ms and, after its last pair, goes
without a timeout;
[online_migrations](https://github.com/fatkodima/online_migrations) has 50 ms. Ours is
`alembic upgrade` as it is: locks by tries of at most 10 ms, and for 009 the index too,
which the others' step leaves out.
"""


def _draw(figure: Any, runs: list[Run]) -> None:
    ways = [*THEIRS, OURS][::-1]
    axes = figure.subplots()
    for number, step in enumerate(STEPS):
        longest = [
            max(r.longest_ms for r in runs if (r.step, r.way) == (step.name, way))
            for way in ways
        ]
        places = [place + 0.2 - 0.4 * number for place in range(len(ways))]
        axes.barh(places, longest, height=0.36, label=step.name.replace("`", ""))
    axes.set_yticks(range(len(ways)), [way.replace("`", "") for way in ways])
    axes.set(
        xscale="log", xlabel="longest wait of the old application, ms", xlim=(1, None)
    )
    axes.legend()


if __name__ == "__main__":
    main()
