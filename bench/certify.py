"""The live-traffic certificate: ``make certify``.

For every revision, up, down and up again, under the old application's load and with a
transaction that holds rows for seconds, and without one: statements, failures, the
longest wait, p99.9, and the locks on tables in use. After each step the same load goes
on for as long with no migration, so that the machine's own hiccups are in both columns.
Beside it the specification's SQL as written. Writes docs/certificate.md.
"""

import argparse
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
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
from bench.certificate import Certificate, Step  # noqa: E402
from bench.load import STATEMENTS_A_SECOND, Load  # noqa: E402
from bench.lock_sampler import LockSampler  # noqa: E402
from rollout import embedded  # noqa: E402

ROWS = 100_000
SHORTEST_IDLE_S = 1.0
AFTER_S = 0.3
"""Waits that a step has caused may show this long after it."""


def main() -> None:
    """Measure, print, and write the page."""
    argparse.ArgumentParser(description=__doc__.splitlines()[0]).parse_args()
    with TemporaryDirectory(prefix="certify.", dir="/tmp") as directory:
        Path(directory).chmod(0o755)
        server = embedded.start(Path(directory) / "data")
        try:
            page = measure(server).page()
        finally:
            embedded.stop(Path(directory) / "data")
    (ROOT / "docs" / "certificate.md").write_text(page)
    print(page)


def measure(server: "embedded.sa.URL") -> Certificate:
    """All runs, side by side on one server: with the blocker, without, and theirs."""
    ours = {
        blocked: run_ours(server, "blocked" if blocked else "free", blocked)
        for blocked in (True, False)
    }
    dsn = prepare(server, "specification")
    theirs = [
        one(f"{revision} {what}", dsn, lambda s=statements: run_sql(dsn, s))
        for what, scripts in (("up", spec_sql.UPGRADES), ("down", spec_sql.DOWNGRADES))
        for revision, statements in scripts.items()
    ]
    return Certificate(
        ROWS, STATEMENTS_A_SECOND, HOLD_S, ours[True], ours[False], theirs
    )


def run_ours(server: "embedded.sa.URL", name: str, blocked: bool) -> list[Step]:
    """Every revision up, down and up again on a database of its own."""
    dsn = prepare(server, name)
    config = Config(ROOT / "alembic.ini")
    config.attributes["database_url"] = embedded.ensure_database(
        server, name
    ).render_as_string(hide_password=False)
    script = ScriptDirectory.from_config(config)
    _, *order = [s.revision for s in script.walk_revisions()][::-1]
    steps = []
    for direction in ("up", "down", "up again"):
        for revision in order if direction != "down" else order[::-1]:
            action = step(config, revision, direction)
            steps.append(one(f"{revision} {direction}", dsn, action, blocked=blocked))
    return steps


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


def prepare(server: "embedded.sa.URL", name: str, revision: str = "baseline") -> str:
    """A database with the old tables, filled, at ``revision``; returns its DSN."""
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
        command.upgrade(config, revision)
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("CHECKPOINT")
    connection.close()
    return dsn


def one(
    what: str, dsn: str, action: Callable[[], None], *, blocked: bool = True
) -> Step:
    """Run ``action`` under load, then nothing for as long; keep the load's waits."""
    with ExitStack() as stack:
        load = stack.enter_context(Load(dsn))
        if blocked:
            stack.enter_context(Blocker(dsn))
        sampler = stack.enter_context(LockSampler(dsn))
        time.sleep(0.7)
        start = time.time()
        action()
        end = time.time()
        idle_s = max(SHORTEST_IDLE_S, end - start)
        time.sleep(AFTER_S + idle_s)
        result = load.finish()
    during = result.between(start - 0.05, end + AFTER_S)
    return Step(
        what=what,
        took_s=end - start,
        waits_ms=sorted(ms for ms, _, _ in during),
        failures=sum(error is not None for _, _, error in during),
        idle_ms=sorted(
            ms for ms, _, _ in result.between(end + AFTER_S, end + AFTER_S + idle_s)
        ),
        held_ms=dict(sampler.held_ms),
    )


if __name__ == "__main__":
    main()
