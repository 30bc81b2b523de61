"""The live-traffic certificate: ``make certify``.

For every revision, up, down and up again, under the old application's load and with a
transaction that holds rows for seconds: statements, failures, the longest wait, p99.9,
and the locks on tables in use. Beside it an idle run, and the specification's SQL as
written, in the same run. Writes docs/certificate.md.
"""

import statistics
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import psycopg2
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from bench import spec_sql  # noqa: E402
from bench.blocker import HOLD_S, Blocker  # noqa: E402
from bench.load import STATEMENTS_A_SECOND, Load, Result  # noqa: E402
from bench.lock_sampler import LockSampler  # noqa: E402
from rollout import embedded  # noqa: E402

ROWS = 100_000
IDLE_S = 12


@dataclass
class Row:
    """One line of the certificate."""

    what: str
    took_s: float
    statements: int
    failures: int
    longest_ms: float
    p999_ms: float
    locks: str


def main() -> None:
    """Measure, print, and write the page."""
    with TemporaryDirectory(prefix="certify.", dir="/tmp") as directory:
        Path(directory).chmod(0o755)
        server = embedded.start(Path(directory) / "data")
        try:
            rows = measure(server)
        finally:
            embedded.stop(Path(directory) / "data")
    page = render(rows)
    (ROOT / "docs" / "certificate.md").write_text(page)
    print(page)


def measure(server: "embedded.sa.URL") -> list[Row]:
    """All runs, side by side on one server."""
    dsn = prepare(server, "ours")
    config = Config(ROOT / "alembic.ini")
    config.attributes["database_url"] = embedded.ensure_database(
        server, "ours"
    ).render_as_string(hide_password=False)
    rows = [one("idle, with the blocker", dsn, lambda: time.sleep(IDLE_S))]
    order = [s.revision for s in ScriptDirectory.from_config(config).walk_revisions()][
        ::-1
    ]
    for direction in ("up", "down", "up again"):
        for revision in order[1:] if direction != "down" else order[:0:-1]:
            rows.append(
                one(f"{revision} {direction}", dsn, step(config, revision, direction))
            )
    dsn = prepare(server, "specification")
    for what, scripts in (("up", spec_sql.UPGRADES), ("down", spec_sql.DOWNGRADES)):
        for revision, statements in scripts.items():
            name = f"specification's {revision} {what}"
            rows.append(one(name, dsn, lambda s=statements: run_sql(dsn, s)))
    return rows


def step(config: Config, revision: str, direction: str) -> Callable[[], None]:
    """One revision in one direction."""
    if direction == "down":
        return lambda: command.downgrade(config, "-1")
    return lambda: command.upgrade(config, revision)


def run_sql(dsn: str, statements: tuple[str, ...]) -> None:
    """A script as psql -1 runs it: one transaction, waiting for its locks."""
    connection = psycopg2.connect(dsn, application_name="specification")
    with connection, connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
    connection.close()


def prepare(server: "embedded.sa.URL", name: str) -> str:
    """A database with the old tables, filled; returns its DSN."""
    url = embedded.ensure_database(server, name)
    config = Config(ROOT / "alembic.ini")
    config.attributes["database_url"] = url.render_as_string(hide_password=False)
    command.upgrade(config, "baseline")
    dsn = embedded.url_text(url)
    connection = psycopg2.connect(dsn)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO auth.users (id, email) SELECT gen_random_uuid(),"
            " 'user' || n || '@example.com' FROM generate_series(1, %s) AS n", (ROWS,)
        )  # fmt: skip
        cursor.execute(
            "INSERT INTO public.user_onboarding SELECT gen_random_uuid(), id,"
            " '{}', 'completed', id::text, NULL, 'ACTIVE', now(), now() FROM auth.users"
        )
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
    connection.close()
    return dsn


def one(what: str, dsn: str, action: Callable[[], None]) -> Row:
    """Run ``action`` under load and with a blocker; say what the load noticed."""
    with ExitStack() as stack:
        load = stack.enter_context(Load(dsn))
        stack.enter_context(Blocker(dsn))
        sampler = stack.enter_context(LockSampler(dsn))
        time.sleep(0.7)
        start = time.time()
        action()
        end = time.time()
        time.sleep(0.5)
        result = load.finish()
    return row(what, start, end, result, sampler)


def row(
    what: str, start: float, end: float, result: Result, sampler: LockSampler
) -> Row:
    """The figures of one run."""
    samples = result.between(start - 0.05, end + 0.3)
    waits = sorted(ms for ms, _, _ in samples)
    locks = "; ".join(
        f"{mode.removesuffix('Lock')} on {table} {ms:.0f} ms"
        for (table, mode), ms in sorted(sampler.held_ms.items())
    )
    return Row(
        what=what,
        took_s=end - start,
        statements=len(samples),
        failures=sum(error is not None for _, _, error in samples),
        longest_ms=waits[-1] if waits else 0.0,
        p999_ms=quantile(waits, 0.999),
        locks=locks or "none",
    )


def quantile(waits: list[float], q: float) -> float:
    """The q-quantile of sorted values; the largest where there are few."""
    return waits[min(len(waits) - 1, int(q * len(waits)))] if waits else 0.0


def render(rows: list[Row]) -> str:
    """The page."""
    ours = [r for r in rows[1:] if not r.what.startswith("spec")]
    theirs = [r for r in rows if r.what.startswith("spec")]
    median = statistics.median(r.longest_ms for r in ours)
    failures, total = sum(r.failures for r in ours), sum(r.statements for r in ours)
    lines = [
        "# Live-traffic certificate",
        "",
        f"`make certify`: {ROWS:,} users, {STATEMENTS_A_SECOND} statements a second of",
        "the old application as an open loop, and a transaction that holds rows for",
        f"{HOLD_S:.0f} s again and again. Waits count from when a statement was due.",
        "",
        "| longest wait | |",
        "| --- | ---: |",
        f"| no migration | {rows[0].longest_ms:.0f} ms |",
        f"| our revisions, the worst | {max(r.longest_ms for r in ours):.0f} ms |",
        f"| our revisions, the median | {median:.0f} ms |",
        f"| the specification's SQL | {max(r.longest_ms for r in theirs):.0f} ms |",
        "",
        f"Failed statements during our revisions: **{failures}** of {total:,}.",
        "",
        "| run | took | statements | failed | longest | p99.9 | held on tables in use|",
        "| --- | ---: | ---: | ---: | ---: | ---: | --- |",
    ]
    lines += [
        f"| {r.what} | {r.took_s:.2f} s | {r.statements:,} | {r.failures} | "
        f"{r.longest_ms:.0f} ms | {r.p999_ms:.0f} ms | {r.locks} |"
        for r in rows
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
