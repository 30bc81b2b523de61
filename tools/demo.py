"""The main job on real-looking rows, from the old tables to the new ones.

Makes a database of its own, ``portfolio_demo``, fills the existing tables with a
thousand users of the old application, runs the upgrade, and shows what came of it.
"""

import os
import sys
from decimal import Decimal
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from rich.console import Console
from rich.table import Table
from sqlalchemy.orm import Session

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "tools")]

import legacy_data  # noqa: E402

from models import UserAggregatedHolding  # noqa: E402
from models.tenant import as_anon, as_service, as_user  # noqa: E402
from rollout import database  # noqa: E402
from rollout.errors import RolloutError  # noqa: E402

DATABASE = "portfolio_demo"
console = Console(width=None if sys.stdout.isatty() else 88)


def main() -> int:
    """Run the demo; 1 and a short message when it cannot."""
    try:
        run()
    except RolloutError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def run() -> None:
    """From an empty database to the tables shown at the end."""
    url = fresh_database()
    config = Config(ROOT / "alembic.ini")
    config.attributes["database_url"] = url.render_as_string(hide_password=False)
    engine = database.create_engine(url, application_name="demo")

    say("1. The old application's tables, with a thousand users in them")
    command.upgrade(config, "baseline")
    people = fill(engine)
    with engine.connect() as connection:
        before = counts(connection)

    say("2. The upgrade")
    command.upgrade(config, "head")

    say("3. What came of it")
    with engine.connect() as connection:
        show_counts(before, counts(connection))
        show(connection, "Accounts carried over, by Alpaca's status", ACCOUNTS)
        show(connection, "Rows not carried over, by reason", REJECTS)
        console.print(connection.scalar(sa.text(SUM)))
        show(connection, "Validation", VALIDATION)
    show_isolation(engine, people)
    look = f"make psql DB={DATABASE}"
    if "DATABASE_URL" in os.environ:
        look = f"psql '{database.shown(url.set(drivername='postgresql'))}'"
    console.print(f"\nLook into it yourself: {look}", markup=False, soft_wrap=True)


def fresh_database() -> sa.URL:
    """An empty database of the demo's own, beside the one that is configured."""
    url = database.resolve_url(root=ROOT)
    engine = database.create_engine(url, application_name="demo")
    try:
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as server:
            server.exec_driver_sql(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
            server.exec_driver_sql(f"CREATE DATABASE {DATABASE}")
    except sa.exc.OperationalError as error:
        raise database.connect_error(url, error) from None
    return url.set(database=DATABASE)


def fill(engine: sa.Engine) -> list[legacy_data.User]:
    """Write the legacy rows."""
    people = legacy_data.users()
    with engine.begin() as connection:
        insert(connection, "auth.users", people)
        rows = list(legacy_data.onboarding(people))
        insert(connection, "public.user_onboarding", rows)
    return people


def insert(
    connection: sa.Connection, table: str, rows: list[tuple[object, ...]]
) -> None:
    """Insert named tuples under their field names."""
    names = rows[0]._fields  # type: ignore[attr-defined]
    values = ", ".join(f":{name}" for name in names)
    statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({values})"
    connection.execute(sa.text(statement), [row._asdict() for row in rows])  # type: ignore[attr-defined]


TABLES = (
    "auth.users", "public.user_onboarding", "public.user_investment_accounts",
    "migrations.backfill_rejects",
)  # fmt: skip

ACCOUNTS = """
    SELECT coalesce(o.alpaca_account_status, '(none)') AS "old status",
        a.sync_status AS "sync status", a.is_active AS active, count(*) AS accounts,
        count(*) FILTER (WHERE a.is_primary) AS primary
    FROM public.user_investment_accounts AS a
    JOIN public.user_onboarding AS o ON o.id = a.id
    GROUP BY 1, 2, 3 ORDER BY 4 DESC
"""
REJECTS = """
    SELECT reason, count(*) AS rows, min(source_id) AS "for example user_onboarding.id"
    FROM migrations.backfill_rejects GROUP BY 1 ORDER BY 2 DESC
"""
SUM = """
    SELECT format(
        '%s rows = %s accounts + %s rejects + %s without an account yet%s',
        count(*), count(a.id), count(r.id),
        count(*) FILTER (WHERE NOT o.claims_account), E'\\n'
    )
    FROM migrations.onboarding_accounts AS o
    LEFT JOIN public.user_investment_accounts AS a ON a.id = o.id
    LEFT JOIN migrations.backfill_rejects AS r ON r.source_id = o.id::text
"""
VALIDATION = """
    SELECT check_name AS check, status, details
    FROM public.validate_migration_integrity()
"""


def counts(connection: sa.Connection) -> dict[str, int | None]:
    """Rows of each table, None where there is no such table."""
    found = {}
    for name in TABLES:
        there = connection.scalar(sa.text("SELECT to_regclass(:name)"), {"name": name})
        count = f"SELECT count(*) FROM {name}"
        found[name] = connection.scalar(sa.text(count)) if there else None
    connection.rollback()
    return found


def show_counts(before: dict[str, int | None], after: dict[str, int | None]) -> None:
    """Before and after, side by side."""
    table = Table("table", title="Rows before and after", title_justify="left")
    table.add_column("before", justify="right")
    table.add_column("after", justify="right")
    for name in TABLES:
        old = "–" if before[name] is None else f"{before[name]:,}"
        table.add_row(name, old, f"{after[name]:,}")
    console.print(table)


def show(connection: sa.Connection, title: str, query: str) -> None:
    """A query's rows as a table."""
    result = connection.execute(sa.text(query))
    table = Table(title=title, title_justify="left")
    for name in result.keys():  # noqa: SIM118 - a result is no dict
        number = name in {"accounts", "primary", "rows"}
        table.add_column(name, justify="right" if number else "left")
    for row in result:
        table.add_row(
            *(f"{value:,}" if type(value) is int else str(value) for value in row)
        )
    console.print(table)


def show_isolation(engine: sa.Engine, people: list[legacy_data.User]) -> None:
    """One user's holdings, read as that user, as another, and with the public key."""
    owner, other = people[1], people[2]
    with Session(engine) as session:
        with as_service(session):
            for row in legacy_data.holdings():
                amounts = {
                    k: Decimal(v) for k, v in row.items() if k.startswith("total")
                }
                session.add(UserAggregatedHolding(user_id=owner.id, **row | amounts))
        table = Table("read as", title="One user's holdings", title_justify="left")
        table.add_column("rows", justify="right")
        table.add_column("what")
        for name, reader in {
            f"{owner.email} (the owner)": as_user(session, owner.id),
            f"{other.email} (another user)": as_user(session, other.id),
            "anybody with the public key": as_anon(session),
        }.items():
            try:
                with reader:
                    found = session.scalars(sa.select(UserAggregatedHolding)).all()
                    what = ", ".join(
                        f"{h.symbol} ${h.total_market_value:,.2f}" for h in found
                    )
                    table.add_row(name, str(len(found)), what or "nothing")
            except sa.exc.ProgrammingError as error:
                table.add_row(name, "0", str(error.orig).splitlines()[0])
    console.print(table)


def say(title: str) -> None:
    """A heading."""
    console.print(f"\n[bold]{title}[/bold]")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
